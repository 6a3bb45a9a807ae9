from concurrent.futures import ThreadPoolExecutor

import pytest

from walkthroughs.errors import SettingInvalid
from walkthroughs.settings import keep, read_settings


def test_with_nothing_set_a_kept_secret_is_made_for_the_owner_only(tmp_path):
    environ = {"HANDRAIL_DATA_DIR": str(tmp_path)}
    first, second = read_settings(environ), read_settings(environ)

    assert first == second
    assert len(first.secret_key) > 40
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert first.secret_key not in repr(first)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "postgresql://u:p@db.example:port/x"),
        ("HANDRAIL_DIRECT_DATABASE_URL", "postgresql://u:p@[::1/x"),
        ("HANDRAIL_SECRET_KEY", "changeme"),
        ("HANDRAIL_SECRET_KEY", " " * 40),
        ("HANDRAIL_BASE_URL", "https://[::1"),
        ("HANDRAIL_BASE_URL", "https://example.com:port"),
        ("HANDRAIL_SMTP_URL", "smtp://mail.example:port"),
        ("HANDRAIL_SMTP_URL", "smtp://[mail"),
        ("HANDRAIL_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("HANDRAIL_BASE_URL", "example.com"),
        ("HANDRAIL_BASE_URL", "https://example.com/path"),
        ("HANDRAIL_ALLOW_LOCAL_REPOSITORIES", "maybe"),
        ("HANDRAIL_ALLOW_PRIVATE_HOSTS", "maybe"),
        ("HANDRAIL_GIT_SECONDS", "long"),
        ("HANDRAIL_POLL_SECONDS", "soon"),
        ("HANDRAIL_POLL_SECONDS", "0"),
        ("HANDRAIL_ALLOWED_ORIGINS", "*"),
        ("HANDRAIL_ALLOWED_ORIGINS", "null"),
        ("HANDRAIL_ALLOWED_ORIGINS", "app.example.com"),
        ("HANDRAIL_ALLOWED_ORIGINS", "https://app.example.com/path"),
        ("HANDRAIL_ALLOWED_ORIGINS", "https://a.example https://b.example"),
        ("HANDRAIL_ALLOWED_ORIGINS", "https://a.example,https://*.b.example"),
        ("HANDRAIL_ALLOWED_ORIGINS", "https://me@app.example.com"),
        ("HANDRAIL_ALLOWED_ORIGINS", "https://bücher.example"),
        ("HANDRAIL_LOG_FORMAT", "xml"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("HANDRAIL_DATABASE_CONNECTIONS", "0"),
        ("HANDRAIL_DATABASE_CONNECTIONS", "many"),
        ("HANDRAIL_EVENT_MONTHS", "0"),
        ("HANDRAIL_EVENT_MONTHS", "1.5"),
        ("HANDRAIL_EVENT_MONTHS", "²"),
    ],
)
def test_a_bad_value_is_named(tmp_path, name, value):
    with pytest.raises(SettingInvalid, match=name):
        read_settings({"HANDRAIL_DATA_DIR": str(tmp_path), name: value})


def test_no_secret_of_a_bad_value_is_told(tmp_path):
    for name, value in (
        ("DATABASE_URL", "postgresql://u:hush@db.example:port/x"),
        ("HANDRAIL_SECRET_KEY", "hush"),
        ("HANDRAIL_SMTP_URL", "smtp://u:hush@[mail"),
    ):
        with pytest.raises(SettingInvalid) as refused:
            read_settings({"HANDRAIL_DATA_DIR": str(tmp_path), name: value})
        assert "hush" not in str(refused.value)


def test_the_base_host_has_no_port(tmp_path):
    environ = {"HANDRAIL_DATA_DIR": str(tmp_path), "HANDRAIL_BASE_URL": "http://LOCALHOST:8001/"}

    assert read_settings(environ).base_host == "localhost"


def test_origins_are_read_as_browsers_write_them(tmp_path):
    given = " https://App.Example.com/ , http://a.example:80,https://a.example:8443,app://b.md, "
    environ = {"HANDRAIL_DATA_DIR": str(tmp_path), "HANDRAIL_ALLOWED_ORIGINS": given}

    assert read_settings(environ).allowed_origins == {
        "https://app.example.com",
        "http://a.example",
        "https://a.example:8443",
        "app://b.md",
    }


@pytest.mark.parametrize("content", ["", "short", " \n"])
def test_an_empty_or_short_secret_key_is_refused_with_the_way_out(tmp_path, content):
    (tmp_path / "secret-key").write_text(content)
    with pytest.raises(SettingInvalid, match="empty or cut short"):
        _ = read_settings({"HANDRAIL_DATA_DIR": str(tmp_path)}).secret_key

    assert (tmp_path / "secret-key").read_text() == content


def test_many_starters_at_once_share_one_whole_secret_key_and_leave_nothing_else(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        starters = pool.map(read_settings, [{"HANDRAIL_DATA_DIR": str(tmp_path)}] * 32)
        made = list(pool.map(lambda settings: settings.secret_key, starters))

    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_no_key_is_made_for_what_needs_none(tmp_path):
    read_settings({"HANDRAIL_DATA_DIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_commands_do_what_the_demo_was_started_with_unless_they_are_told_otherwise(tmp_path):
    here = {"HANDRAIL_DATA_DIR": str(tmp_path)}
    started = {"HANDRAIL_BASE_URL": "http://localhost:9000",
               "HANDRAIL_ALLOW_LOCAL_REPOSITORIES": "1"}  # fmt: skip
    keep(read_settings(here | started))

    assert read_settings(here) == read_settings(here | started)
    told = read_settings(here | {"HANDRAIL_BASE_URL": "https://x.example"})
    assert (told.base_url, told.allow_local_repositories) == ("https://x.example", True)
