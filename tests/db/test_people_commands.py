"""Members, links and servers are made, listed, changed and ended with commands."""

import csv
import io
import json
import re

import pytest

from tests.builders import organization, server
from walkthroughs.models import ContentSource, McpServer, McpServerUser, PersonalLink, User


@pytest.fixture
def acme(database):
    with database.transaction() as session:
        org = organization(session, "acme")
        server(session, org.id, "acme")
        return org.id


def members(flask):
    return {row["email"]: row["role"] for row in json.loads(flask("members", "list", "--json"))}


def add(flask, email, role, **more):
    return flask(
        "members", "add", "--organization", "acme", "--email", email, "--role", role, **more
    )


def test_a_member_is_added_listed_changed_and_removed(flask, acme, database):
    added = add(flask, "Olga@x.example", "owner")
    assert "olga@x.example is owner of acme" in added
    assert re.search(r"http://localhost:8000/admin/password/\S+\n$", added)
    add(flask, "vera@x.example", "viewer")
    assert "is a member of acme already" in add(flask, "vera@x.example", "editor", code=1)
    flask(
        "members", "role", "--organization", "acme", "--email", "VERA@x.example", "--role", "editor"
    )
    assert members(flask) == {"olga@x.example": "owner", "vera@x.example": "editor"}
    assert "(has not chosen a password)" in flask("members", "list", "--organization", "acme")

    gone = flask("members", "remove", "--organization", "acme", "--email", "vera@x.example")
    assert "The account is deleted." in gone
    assert members(flask) == {"olga@x.example": "owner"}
    with database.transaction() as session:
        assert session.query(User).count() == 1


def test_an_organization_keeps_an_owner(flask, acme):
    add(flask, "olga@x.example", "owner")
    olga = ("--organization", "acme", "--email", "olga@x.example")
    assert "would have no owner" in flask("members", "remove", *olga, code=1)
    assert "would have no owner" in flask("members", "role", *olga, "--role", "viewer", code=1)
    add(flask, "otto@x.example", "owner")
    flask("members", "remove", *olga)
    assert members(flask) == {"otto@x.example": "owner"}


def test_a_member_of_two_organizations_keeps_the_account(flask, acme, database):
    with database.transaction() as session:
        organization(session, "beta")
    for slug in ("acme", "beta"):
        flask("members", "add", "--organization", slug, "--email", "o@x.example", "--role", "owner")
    add(flask, "p@x.example", "owner")
    gone = flask("members", "remove", "--organization", "acme", "--email", "o@x.example")
    assert "The account stays" in gone
    assert "o@x.example" in members(flask)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("add", "--organization", "x", "--email", "a@x.example", "--role", "owner"), "no organization"),
        (("add", "--organization", "acme", "--email", "a", "--role", "owner"), "not an e-mail address"),
        (("remove", "--organization", "acme", "--email", "a@x.example"), "is no member of acme"),
        (("reset-password", "--email", "a@x.example"), "Nobody signs in as"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_in_one_line(flask, acme, command, words):
    told = flask("members", *command, code=1)
    assert words in told
    assert len(told.strip().splitlines()) == 1


def test_the_first_owner_has_an_address_that_can_sign_in_and_is_named_once(flask, database):
    first = ("init-admin", "--organization", "acme", "--email")
    assert '"owner" is not an e-mail address' in flask(*first, "owner", code=1)
    flask(*first, "owner@x.example")
    assert "flask members reset-password" in flask(*first, "other@x.example", code=1)


def test_links_are_on_the_servers_own_domain_once_it_is_served(flask, acme, database):
    made = ("links", "create", "--server", "acme", "--email", "lea@x.example")
    flask("servers", "set", "acme", "--domain", "learn.acme.example")
    assert flask(*made).startswith("http://localhost:8000/s/acme/mcp/u/")
    with database.transaction() as session:
        session.query(McpServer).update({"domain_verified_at": 1})
    assert flask(*made).startswith("https://learn.acme.example/mcp/u/")


def test_access_is_ended_for_learners_who_are_known(flask, acme):
    flask("links", "create", "--server", "acme", "--email", "lea@x.example")
    for command in (("links", "revoke"), ("sign-ins", "end")):
        ending = (*command, "--server", "acme", "--email")
        assert 'no learner "lae@x.example"' in flask(*ending, "lae@x.example", code=1)
    assert "1 link(s) ended" in flask(
        "links", "revoke", "--server", "acme", "--email", "lea@x.example"
    )


def test_a_password_is_reset_with_a_link(flask, acme):
    add(flask, "olga@x.example", "owner")
    told = flask("members", "reset-password", "--email", " OLGA@x.example ")
    assert "works once, within a day" in told


def test_links_are_made_for_everybody_in_a_file_once_each(flask, acme, database, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text(
        "name,email\n" + "".join(f"N,p{number}@x.example\n" for number in range(500))
        + "\nAgain,P7@x.example\n", encoding="utf-8-sig"
    )  # fmt: skip
    told = flask("links", "create", "--server", "acme", "--csv", str(people))
    rows = list(csv.DictReader(io.StringIO(told)))

    assert [row["email"] for row in rows] == [f"p{number}@x.example" for number in range(500)]
    assert len({row["address"] for row in rows}) == 500
    assert all(row["address"].startswith("http://localhost:8000/s/acme/mcp/u/") for row in rows)
    with database.transaction() as session:
        assert session.query(PersonalLink).count() == session.query(McpServerUser).count() == 500
    listed = flask("links", "list", "--server", "acme")
    assert len(listed.splitlines()) == 500
    flask("links", "revoke", "--server", "acme", "--email", "p7@x.example")
    assert flask("links", "list", "--server", "acme").count("ended") == 1


def test_one_bad_line_makes_no_link_and_is_named(flask, acme, database, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("a@x.example\nnobody\n\nb@x.example\n")
    told = flask("links", "create", "--server", "acme", "--csv", str(people), code=1)
    assert "line 2: 'nobody'" in told
    people.write_bytes(b"\xff\xfe\x00\n")
    assert "line 1" in flask("links", "create", "--server", "acme", "--csv", str(people), code=1)
    people.write_text("")
    assert "Nobody is in it" in flask(
        "links", "create", "--server", "acme", "--csv", str(people), code=1
    )
    with database.transaction() as session:
        assert session.query(PersonalLink).count() == 0


def test_a_server_is_made_listed_and_changed(flask, acme, database):
    made = flask(
        "servers", "create", "learn", "--organization", "acme", "--name", "Learn",
        "--domain", "Learn.Acme.Example",
    )  # fmt: skip
    assert "http://localhost:8000/s/learn/mcp" in made
    assert "TXT record at _handrail.learn.acme.example with the text srv_" in made
    listed = {row["slug"]: row for row in json.loads(flask("servers", "list", "--json"))}
    assert listed["learn"]["unverified_domain"] == "learn.acme.example"
    assert listed["acme"]["organization"] == "acme"

    flask("servers", "set", "learn", "--off", "--pace", "0", "--no-domain", "--name", "L")
    assert flask("servers", "list").count("off") == 1
    with database.transaction() as session:
        row = session.query(McpServer).filter_by(slug="learn").one()
        facts = (row.name, row.pace_seconds, row.custom_domain, row.walkthrough_tools_enabled)
    assert facts == ("L", 0, None, False)


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("create", "www", "--organization", "acme"), 1, "reserved"),
        (("create", "acme", "--organization", "acme"), 1, "There is a server"),
        (("create", "x1", "--organization", "nobody"), 1, "no organization"),
        (("set", "acme", "--domain", "127.0.0.1"), 1, "Give a host name"),
        (("set", "acme", "--domain", "x.localhost"), 1, "Give a host name"),
        (("set", "acme"), 2, "Say what to change"),
        (("set", "nobody", "--on"), 1, "no MCP server"),
        (("verify-domain", "acme"), 1, "no domain of its own"),
    ],
)
def test_a_server_that_cannot_be_is_refused_and_nothing_changes(
    flask, acme, database, command, code, words
):
    assert words in flask("servers", *command, code=code)
    with database.transaction() as session:
        assert session.query(McpServer).filter(McpServer.custom_domain.is_(None)).count() == 1


def test_sources_of_one_name_are_told_apart_by_organization_or_id(flask, synced, database):
    with database.transaction() as session:
        organization(session, "beta")
    flask("sync", "source", "add", "--organization", "beta", "--url", str(synced.author.folder),
          "--name", "content")  # fmt: skip
    assert "Give acme/content or beta/content." in flask("sync", "hold", "content", code=1)
    shown = flask("sync", "status")
    assert shown.index("acme/content: synced") < shown.index("beta/content: unknown")
    assert {each["organization"] for each in json.loads(flask("sync", "status", "--json"))} == {
        "acme", "beta",
    }  # fmt: skip
    flask("sync", "hold", "beta/content")
    listed = flask("sync", "source", "list").splitlines()
    assert [line.split()[1:3] for line in listed] == [["acme", "content"], ["beta", "content"]]
    ids = [line.split()[0] for line in listed]
    for source_id in ids:
        flask("sync", "hold", source_id)
    with database.transaction() as session:
        assert all(row.held_at for row in session.query(ContentSource))
