"""Assistants sign in with nothing but the address, and keep their sign-in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.assistants import scripts
from tests.assistants.requests_seen import RequestsSeen
from tests.assistants.stand_ins.base import StandIn
from tests.assistants.terminal import sign_in
from tests.conftest import settings_for
from tests.outside.person import Person
from tests.signing_in import academy_served, sql
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.identity.document_reader import Document

#: What a model is given of a call that was answered with 401.
_LATE_CHARACTERS = 140


class Documents:
    """In place of the hosts on the Internet: each app's document, as far as it says how to answer."""

    def read(self, url):
        callbacks = [f"http://{host}/callback" for host in ("127.0.0.1", "localhost")]
        return Document(
            {"client_id": url, "client_name": "An app", "redirect_uris": callbacks}, 300
        )


@pytest.fixture(scope="session")
def seen():
    return RequestsSeen()


@pytest.fixture(scope="session")
def academy(acme, postgres, seen, tmp_path_factory):
    """A server with sign-in, beside the one of the other tests."""
    settings = settings_for(postgres, tmp_path_factory.mktemp("academy"))
    with academy_served(
        acme.database, settings, Documents(), slug="academy", around=seen.around
    ) as made:
        yield made


@pytest.fixture(scope="session")
def later(academy):
    """The same, for whoever asks for a step only."""
    return academy.beside("later", auth_type=AuthType.OAUTH, sign_in=SignIn.WHEN_NEEDED)


def test_it_signs_in_takes_a_step_renews_its_token_and_takes_another(
    signing_in, academy, seen, tmp_path, findings
):
    person = Person(academy, f"{signing_in.slug}@x.example")
    seen.clear()
    sign_in(signing_in, tmp_path, academy.resource, person)
    requests = seen.in_order()
    stand_in = StandIn(signing_in.api(), script(academy, seen))
    signing_in.run(tmp_path, academy.resource, stand_in)

    begun, second, third = stand_in.results_of(*scripts.STEP_TOOLS)
    assert [person.opened, "Do one." in begun, "Do two." in second, "Do three." in third] == [
        1, True, True, True,
    ]  # fmt: skip
    findings.note(
        signing_in,
        version=signing_in.version,
        registration=registration(academy),
        requests=requests,
        renewal=seen.in_order(),
    )


def script(academy, seen):
    """Begin, complete a step, and after the access token has ended the next one."""
    with academy.database.transaction() as session:
        query = "SELECT id FROM walkthrough_steps WHERE walkthrough_id = :id ORDER BY display_order"
        steps = session.scalars(text(query), {"id": academy.walkthrough_id}).all()

    def decide(received):
        done = len(received.results)
        if done == 0:
            return scripts.begin(academy.walkthrough_id)
        if done == 2:
            sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
            seen.clear()
        return scripts.complete(steps[done - 1]) if done < 3 else "That is all."

    return decide


def registration(academy):
    """Say how the newest sign-in's app is known."""
    with academy.database.transaction() as session:
        query = "SELECT client_id FROM oauth_grants ORDER BY created_at DESC LIMIT 1"
        client_id = session.scalars(text(query)).one()
    host = urlsplit(client_id).hostname
    return f"document at {host}" if host else "registers"


def test_a_late_401_is_told_to_the_model_and_opens_no_page(
    signing_in, later, seen, tmp_path, findings
):
    stand_in = StandIn(signing_in.api(), scripts.in_turn(scripts.begin(later.walkthrough_id)))
    seen.clear()
    signing_in.run(tmp_path, later.resource, stand_in)
    (told,) = stand_in.results_of("select_walkthrough")
    requests = seen.in_order()

    assert "Do one." not in told
    assert "authorize" not in requests
    findings.note(signing_in, late=f"{requests}; the model reads `{shortened(told)}`")


def shortened(told):
    plain = re.sub(r"[`|]", "'", re.sub(r"[\d.]+ seconds", "n seconds", told)).replace('\\"', '"')
    words = " ".join(plain.split())
    return words if len(words) <= _LATE_CHARACTERS else f"{words[:_LATE_CHARACTERS]} …"
