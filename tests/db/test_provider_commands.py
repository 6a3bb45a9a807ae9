"""Operators add providers, look whether they can be used, and let a server's learners sign in there."""

import json
from dataclasses import replace

import pytest

from app import create_app
from sync.rotate_key import encrypt_again, unreadable_secrets
from tests.builders import new_course
from tests.openid import CLIENT_ID, provider_served
from walkthroughs.crypto import decrypt
from walkthroughs.enums import AuthType
from walkthroughs.models import McpServer, OidcProvider


@pytest.fixture
def acme(database):
    with database.transaction() as session:
        caller, _ = new_course(session)
    return caller


@pytest.fixture
def run(settings):
    """Run a command; return what it prints. `told` is standard input."""
    apps = []

    def command(*words, told="", code=0, **changed):
        app = create_app(replace(settings, **changed))
        apps.append(app)
        answer = app.test_cli_runner().invoke(args=list(words), input=told)
        assert answer.exit_code == code, answer.output
        return answer.output

    yield command
    for app in apps:
        app.extensions["handrail"].database.close()


def added(run, issuer, *more, organization="acme", told="s3cret\n", **expected):
    named = ("--organization", organization, "--issuer", issuer, "--client-id", CLIENT_ID)
    return run("providers", "add", "Acme Login", *named, *more, told=told, **expected)


def test_a_provider_is_added_looked_at_and_used_by_a_server(run, acme, database, settings):
    with provider_served() as provider:
        assert 'Added "Acme Login"' in added(run, provider.issuer)
        assert "No server uses it" in run(
            "providers", "check", "Acme Login", "--organization", "acme"
        )
        told = run("servers", "set", "acme", "--auth", "oidc", "--provider", "Acme Login")
        assert "Sign-in  oidc at Acme Login, at_connect" in told
        callback = "http://localhost:8000/s/acme/oauth/callback"
        assert f"Callback {callback}" in told
        told = run("providers", "check", "Acme Login", "--organization", "acme")
        assert callback in told
        assert f"{provider.issuer}/authorize" in told
    (facts,) = json.loads(run("servers", "list", "--json"))
    listed = run("providers", "list")

    assert (facts["auth"], facts["provider"]) == ("oidc", "Acme Login")
    assert listed.split() == ["acme", "Acme", "Login", provider.issuer, CLIENT_ID]
    with database.transaction() as session:
        stored = session.query(OidcProvider).one().client_secret
    assert "s3cret" not in stored + listed
    assert decrypt(settings.secret_keys, stored) == "s3cret"


def test_what_is_wrong_with_a_provider_is_said_in_a_sentence(run, acme):
    with provider_served() as provider:
        added(run, f"{provider.issuer}/")
        told = run("providers", "check", "Acme Login", "--organization", "acme", code=1)
        assert f'that of the issuer "{provider.issuer}", not of "{provider.issuer}/"' in told
        added(run, provider.issuer, "--replace")
        for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
            for value in (
                None,
                "http://evil.example/",
                "https://user@host/",
                "javascript:alert(1)",
            ):
                provider.metadata = {name: value}
                told = run("providers", "check", "Acme Login", "--organization", "acme", code=1)
                assert name in told
        provider.metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
        told = run("providers", "check", "Acme Login", "--organization", "acme", code=1)
        assert "accepts no client secret" in told
    told = run("providers", "check", "Acme Login", "--organization", "acme", code=1)

    assert "did not answer" in told


@pytest.mark.parametrize(("issuer", "words"), [
    ("http://login.example.com", "does not begin with https://"),
    ("http://10.0.0.5", "does not begin with https://"),
    ("https://login.example.com/#x", "without user and fragment"),
    ("https://lea@login.example.com", "without user and fragment"),
    ("https://login.example.com?x=y", "no query"),
    ("https://login.example.com:99999999", "is no address"),
    ("https://login.example.com/a b", "is no address"),
    ("ftp://login.example.com", "does not begin with https://"),
    ("https://", "is no address of a host"),
])  # fmt: skip
def test_an_issuer_that_cannot_be_one_is_refused(run, acme, issuer, words):
    assert words in added(run, issuer, code=1)


def test_a_provider_of_this_machine_is_refused_unless_private_hosts_are_allowed(run, acme):
    refused = added(run, "http://127.0.0.1:9", code=1, allow_private_hosts=False)

    assert "HANDRAIL_ALLOW_PRIVATE_HOSTS" in refused
    assert "Added" in added(run, "http://127.0.0.1:9")
    told = run(
        "providers", "check", "Acme Login", "--organization", "acme",
        code=1, allow_private_hosts=False,
    )  # fmt: skip
    assert "HANDRAIL_ALLOW_PRIVATE_HOSTS" in told


def test_a_secret_is_needed_and_a_name_counts_once(run, acme):
    assert "client secret" in added(run, "https://login.example.com", told="", code=1)
    assert "client secret" in added(run, "https://login.example.com", told="a\nb", code=1)
    added(run, "https://login.example.com")
    assert "--replace" in added(run, "https://login.example.com", code=1)
    assert "Changed" in added(run, "https://other.example.com", "--replace")
    assert "https://other.example.com" in run("providers", "list")


def test_a_server_has_a_provider_of_its_own_organization_or_none(run, acme, database):
    with database.transaction() as session:
        new_course(session, slug="other")
    added(run, "https://login.example.com", organization="other")
    set_acme = ("servers", "set", "acme")

    assert "no provider" in run(*set_acme, "--auth", "oidc", "--provider", "Acme Login", code=1)
    assert "flask providers add" in run(*set_acme, "--auth", "oidc", code=1)
    assert "Only a server with" in run(*set_acme, "--provider", "Acme Login", code=1)
    assert "no provider" in run(
        "providers", "check", "Acme Login", "--organization", "acme", code=1
    )
    run("servers", "set", "other", "--auth", "oidc")  # at the only one that there is
    named = ("--organization", "other", "--issuer", "https://x.example", "--client-id", "x")
    run("providers", "add", "Second", *named, told="s3cret")
    run("servers", "set", "other", "--auth", "oidc", "--sign-in", "when_needed")
    run("servers", "set", "other", "--auth", "personal_link")
    assert "--provider NAME" in run("servers", "set", "other", "--auth", "oidc", code=1)
    with database.transaction() as session:
        server = session.query(McpServer).filter_by(slug="other").one()
        assert (server.auth_type, server.oidc_provider_id) == (AuthType.PERSONAL_LINK, None)


def test_secrets_of_providers_are_encrypted_again_with_a_new_key(run, acme, database, settings):
    added(run, "https://login.example.com")
    changed = replace(
        settings, given_secret_key="a-new-secret-for-tests", previous_secret_key=settings.secret_key
    )
    alone = replace(changed, previous_secret_key=None)
    assert unreadable_secrets(database, alone) == ["Acme Login"]

    assert encrypt_again(database, changed) == (1, [])
    assert unreadable_secrets(database, alone) == []
