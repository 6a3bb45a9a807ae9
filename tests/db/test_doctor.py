"""`flask doctor` names what is wrong, each in one line, and ends as monitors want it."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from app import create_app
from sync.doctor import State, examine
from tests.builders import organization
from tests.serving import served
from tests.signing_in import mail_server
from walkthroughs.crypto import encrypt
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect
from walkthroughs.models import ContentSource
from walkthroughs.serving.probes import Probes


@pytest.fixture
def reachable(database, settings):
    """Settings of an installation that answers at its base URL."""
    settings.data_dir.mkdir()
    with served(Starlette(routes=Probes(database).routes)) as address:
        yield replace(settings, base_url=address)


def states(database, settings):
    return {each.about: each.state for each in examine(database, settings)}


def said(database, settings, about):
    (found,) = (each for each in examine(database, settings) if each.about == about)
    assert found.state is not State.OK
    return found.said


def test_where_all_is_well_every_line_is_ok_and_so_is_the_end(database, reachable):
    found = states(database, reachable)
    assert set(found.values()) == {State.OK}
    assert found.keys() >= {"base URL", "data folder", "git", "database", "clock", "reachable"}
    done = create_app(reachable).test_cli_runner().invoke(args=["doctor", "--json"])
    assert done.exit_code == 0
    assert {each["state"] for each in json.loads(done.output)} == {"ok"}


def test_each_thing_that_is_wrong_is_one_line_with_what_to_do(database, reachable):
    with database.transaction() as session:
        session.add(
            ContentSource(
                organization_id=organization(session, "acme").id,
                name="guides",
                url="https://git.example/guides.git",
                webhook_secret=encrypt("another key", "hush"),
                error="the host is away",
            )
        )
    wrong = replace(reachable, base_url="http://nowhere.invalid", previous_secret_key="x" * 20)
    assert "is not encrypted" in said(database, wrong, "base URL")
    assert "does not answer" in said(database, wrong, "reachable")
    assert "what is stored for: guides" in said(database, wrong, "secret key")
    assert "acme/guides: unreachable. See: flask sync status acme/guides" in said(
        database, wrong, "source"
    )
    done = create_app(wrong).test_cli_runner().invoke(args=["doctor"])
    assert done.exit_code == 1
    assert [line[:4] for line in done.output.splitlines()].count("bad ") == 4


def test_https_without_a_trusted_proxy_is_a_hint(database, reachable):
    there = replace(reachable, base_url="https://learn.example")
    assert "HANDRAIL_TRUSTED_PROXIES" in said(database, there, "base URL")
    there = replace(there, trusted_proxies=("127.0.0.1",))
    assert states(database, there)["base URL"] is State.OK


def test_a_key_that_is_being_changed_is_a_hint(database, reachable):
    changing = replace(reachable, previous_secret_key="the key before this one")
    assert "flask rotate-key" in said(database, changing, "secret key")


def test_an_address_that_somebody_else_answers_is_told(database, reachable, course_origin):
    elsewhere = replace(reachable, base_url=course_origin)
    assert "something else" in said(database, elsewhere, "reachable")


@pytest.fixture
def course_origin():
    async def anything(scope, _receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})

    with served(anything) as address:
        yield address


def test_a_database_that_is_away_is_told_once(reachable):
    away = connect("postgresql://x@127.0.0.1:1/x")
    found = [each for each in examine(away, reachable) if each.state is State.BAD]
    assert [each.about for each in found] == ["database"]
    assert "port 1 failed: Connection refused" in found[0].said
    assert "Start it, or correct DATABASE_URL" in found[0].said


def test_a_schema_of_another_release_is_told_and_the_other_lines_follow(database, reachable):
    for revision, words in (
        ("9999", "a newer release has been here"),
        ("0046", "flask db upgrade"),
    ):
        with database.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        try:
            assert words in said(database, reachable, "database")
            assert "reachable" in states(database, reachable)
        finally:
            with database.begin() as connection:
                head = migrations.newest_revision()
                connection.execute(text(f"UPDATE alembic_version SET version_num = '{head}'"))


def test_a_secret_key_that_is_cut_short_is_told(database, reachable):
    (reachable.data_dir / "secret-key").write_text("short")
    found = states(database, replace(reachable, given_secret_key=None))
    assert found["secret key"] is State.BAD
    assert "reachable" in found


def test_the_mail_server_is_asked_whether_it_is_there(database, reachable):
    with mail_server() as (url, _):
        there = replace(reachable, smtp_url=url)
        assert states(database, there)["mail"] is State.OK
    assert "HANDRAIL_SMTP_URL cannot be used: ConnectionRefused" in said(database, there, "mail")


def test_a_data_folder_that_is_not_there_is_told(database, reachable, tmp_path):
    there = replace(reachable, data_dir=tmp_path / "nowhere")
    assert "does not exist" in said(database, there, "data folder")


def test_missing_tables_are_named(postgres, database, reachable):
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE walkthroughs RENAME COLUMN tags TO tags_gone"))
    try:
        assert "walkthroughs.tags. Run: flask db upgrade" in said(database, reachable, "database")
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE walkthroughs RENAME COLUMN tags_gone TO tags"))
