"""A new secret key: what is stored is encrypted again, and nothing is lost."""

from dataclasses import replace

import pytest

from sync.git.credentials import Token, decrypt_credential, encrypt_credential
from sync.rotate_key import encrypt_again
from tests.builders import organization
from walkthroughs.crypto import SecretUnreadable, decrypt, encrypt
from walkthroughs.models import ContentSource

OLD, NEW = "the old key of the server", "the new key of the server"


@pytest.fixture
def source_id(database):
    with database.transaction() as session:
        row = ContentSource(
            organization_id=organization(session, "acme").id,
            name="guides",
            url="https://git.example/guides.git",
            credential=encrypt_credential(OLD, Token("s3cret")),
            webhook_secret=encrypt(OLD, "hush"),
        )
        session.add(row)
        session.flush()
        return row.id


def stored(database, source_id):
    with database.transaction() as session:
        row = session.get_one(ContentSource, source_id)
        return row.credential, row.webhook_secret


def test_after_a_rotation_the_new_key_alone_opens_everything(database, settings, source_id):
    both = replace(settings, given_secret_key=NEW, previous_secret_key=OLD)
    assert encrypt_again(database, both) == (2, [])

    credential, secret = stored(database, source_id)
    assert decrypt_credential([NEW], credential) == Token("s3cret")
    assert decrypt([NEW], secret) == "hush"
    with pytest.raises(SecretUnreadable):
        decrypt([OLD], secret)
    assert encrypt_again(database, both) == (2, []), "twice is the same as once"


def test_a_secret_that_no_key_opens_is_named_and_stays(database, settings, source_id):
    before = stored(database, source_id)
    others = replace(settings, given_secret_key=NEW, previous_secret_key="a third key of nobody")

    assert encrypt_again(database, others) == (0, ["guides"])
    assert stored(database, source_id) == before
