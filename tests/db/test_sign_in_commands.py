"""Operators switch sign-in on, see who has signed in where, and end it."""

import json
from dataclasses import replace

import pytest

from app import create_app
from tests.builders import new_course
from walkthroughs.enums import AuthType
from walkthroughs.identity import grants
from walkthroughs.identity.servers import find_sign_in_server
from walkthroughs.models import McpServer


@pytest.fixture
def acme(database):
    with database.transaction() as session:
        caller, _ = new_course(session)
    return caller


@pytest.fixture
def settings(settings):
    return replace(settings, smtp_url="smtp://mail.example")


def sign_in(database, settings, caller):
    """Return the id of a new sign-in of the learner."""
    with database.transaction() as session:
        session.get_one(McpServer, caller.server_id).auth_type = AuthType.OAUTH
        session.flush()
        server = find_sign_in_server(session, settings, "localhost:8000", "acme")
        code = grants.new_code()
        grants.store_code(
            session, server, caller.learner_id, code, client_id="app", client_name="Tester",
            redirect_uri="http://127.0.0.1/", redirect_host="127.0.0.1", challenge="x" * 43,
            resource=server.addresses.resource,
        )  # fmt: skip
        session.flush()
        row = grants.find_code(session, server.id, "app", code)
        grants.redeem(session, row)
        return row.oauth_grant_id


def test_sign_in_is_switched_on_listed_and_switched_off_which_ends_it(
    flask, acme, database, settings
):
    told = flask("servers", "set", "acme", "--auth", "oauth", "--sign-in", "when_needed")
    assert "Sign-in  oauth, when_needed" in told
    (facts,) = json.loads(flask("servers", "list", "--json"))
    assert (facts["auth"], facts["sign_in"]) == ("oauth", "when_needed")
    grant = sign_in(database, settings, acme)
    flask("servers", "set", "acme", "--auth", "oauth")
    assert "ended" not in flask("sign-ins", "list", "--server", "acme")
    flask("servers", "set", "acme", "--auth", "personal_link")

    listed = flask("sign-ins", "list", "--server", "acme")
    assert grant in listed
    assert "lea@x.example  Tester (127.0.0.1)  begun" in listed
    assert "ended" in listed


def test_a_sign_in_is_ended_by_its_id_or_with_all_of_a_learner(flask, acme, database, settings):
    first = sign_in(database, settings, acme)
    assert "1 sign-in(s) ended" in flask("sign-ins", "end", first)
    assert "flask sign-ins list" in flask("sign-ins", "end", first, code=1)
    for _ in range(2):
        sign_in(database, settings, acme)
    of_lea = ("sign-ins", "end", "--server", "acme", "--email", "LEA@x.example")
    assert "2 sign-in(s) ended" in flask(*of_lea)
    assert "0 sign-in(s) ended" in flask(*of_lea)

    flask("sign-ins", "end", code=2)
    flask("sign-ins", "end", first, "--server", "acme", "--email", "lea@x.example", code=2)


def test_without_a_mail_server_sign_in_is_refused_with_the_reason(acme, database, settings):
    app = create_app(replace(settings, smtp_url=None))
    answer = app.test_cli_runner().invoke(args=["servers", "set", "acme", "--auth", "oauth"])
    app.extensions["handrail"].database.close()

    assert answer.exit_code == 1
    assert "HANDRAIL_SMTP_URL" in answer.output
    with database.transaction() as session:
        assert session.query(McpServer).one().auth_type is AuthType.PERSONAL_LINK
