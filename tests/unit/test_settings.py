import pytest

from walkthroughs.errors import SettingInvalid
from walkthroughs.settings import read_settings


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
        ("HANDRAIL_BASE_URL", "example.com"),
        ("HANDRAIL_BASE_URL", "https://example.com/path"),
        ("HANDRAIL_ALLOW_LOCAL_REPOSITORIES", "maybe"),
        ("HANDRAIL_ALLOW_PRIVATE_HOSTS", "maybe"),
        ("HANDRAIL_GIT_SECONDS", "long"),
        ("HANDRAIL_POLL_SECONDS", "soon"),
        ("HANDRAIL_POLL_SECONDS", "0"),
    ],
)
def test_a_bad_value_is_named(tmp_path, name, value):
    with pytest.raises(SettingInvalid, match=name):
        read_settings({"HANDRAIL_DATA_DIR": str(tmp_path), name: value})


def test_the_base_host_has_no_port(tmp_path):
    environ = {"HANDRAIL_DATA_DIR": str(tmp_path), "HANDRAIL_BASE_URL": "http://LOCALHOST:8001/"}

    assert read_settings(environ).base_host == "localhost"
