"""A push is announced to the running application, and is live."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from app import build_app, create_app
from sync import queue
from sync.git.credentials import Token
from sync.webhook import MAX_BYTES
from tests.authors import PushedSource
from tests.git_hosts import PASSWORD, USER, https_host
from tests.serving import served
from tests.waiting import until
from walkthroughs.crypto import encrypt
from walkthroughs.models import ContentSource

SECRET = "a-secret-of-the-test"
PUSH = json.dumps({"ref": "refs/heads/main", "after": "0" * 40}).encode()


@pytest.fixture
def synced(database, settings, tmp_path):
    """A source whose repository is behind TLS and a token."""
    made = PushedSource(database, settings, tmp_path)
    with https_host(made.bare.parent, tmp_path) as host:
        made.host, made.settings = host, replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/guides.git", Token(PASSWORD, USER))
        made.sync()
        with database.transaction() as session:
            source = session.get_one(ContentSource, made.source_id)
            source.webhook_secret = encrypt(settings.secret_key, SECRET)
        yield made
    made.author.repository.close()


@pytest.fixture
def hook(synced):
    """The webhook's address in an application that would poll once an hour."""
    slow = replace(synced.settings, poll_seconds=3600)
    with served(build_app(slow, create_app(slow))) as origin:
        yield f"{origin}/webhooks/git/{synced.source_id}"


def post(hook, body=PUSH, secret=SECRET, **headers):
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    return httpx.post(
        hook, content=body, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_each_push_is_live_soon_though_the_next_poll_is_an_hour_away(synced, hook):
    for number in range(5):
        synced.author.write("one", ("two", "", f"Text {number}."))
        synced.push()
        assert post(hook).status_code == 202
        until(lambda wanted=number + 2: synced.row().version == wanted)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"secret": "another"}, 401),
        ({"X_Hub_Signature_256": ""}, 401),
        ({"X_Hub_Signature_256": "sha1=da39a3ee"}, 401),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"body": b'{"ref": "refs/heads/other"}'}, 200),
        ({"body": b'{"zen": "ping"}'}, 200),
        ({"body": b" " * (MAX_BYTES + 1)}, 413),
    ],
)
def test_what_is_not_a_signed_push_to_the_branch_asks_for_nothing(synced, hook, change, status):
    answer = post(hook, **change)

    assert answer.status_code == status
    with synced.database.transaction() as session:
        assert session.get_one(ContentSource, synced.source_id).requested_at is None


def test_an_unknown_source_and_a_wrong_signature_are_one_answer(synced, hook):
    unknown = post(hook.replace(synced.source_id, "src_nowhere"))
    wrong = post(hook, secret="x")

    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_fifty_pushes_during_a_run_make_one_more_run_and_an_old_one_afterwards_none(synced, hook):
    old = synced.author.repository.head.commit.hexsha
    synced.host.asked.clear()
    synced.author.write("one", "two", "three")
    synced.push()
    with closing(synced.database.open_connection()) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM walkthroughs FOR UPDATE")  # the run has to wait for this
        assert post(hook).status_code == 202
        until(lambda: _somebody_waits(synced))
        for number in range(50):
            if number % 10 == 0:
                synced.author.write("one", "two", "three", f"more{number}")
                synced.push()
            delivery = {"X_GitHub_Delivery": f"delivery-{number % 5}"}
            assert post(hook, **delivery).status_code == 202
        other.commit()
    until(lambda: _is_done(synced))

    assert [run.trigger for run in synced.runs()] == ["command", "webhook", "webhook"]
    assert (synced.row().version, synced.row().step_count) == (3, 4)
    assert _times_asked(synced) == 2 * ASKED_BY_A_RUN

    before = synced.row()
    late = json.dumps({"ref": "refs/heads/main", "before": "0" * 40, "after": old}).encode()
    assert post(hook, body=late).status_code == 202
    until(lambda: _is_done(synced))

    assert len(synced.runs()) == 3
    assert (synced.row().version, synced.row().updated_at) == (3, before.updated_at)
    assert synced.source().synced_commit == synced.author.repository.head.commit.hexsha
    assert _times_asked(synced) == 2 * ASKED_BY_A_RUN + 1, "where the branch is, and no more"


#: Where the branch is, and to fetch it.
ASKED_BY_A_RUN = 2


def _times_asked(synced):
    return sum("/info/refs?" in path for path in synced.host.asked)


def _is_done(synced):
    return not queue.is_requested(synced.source())


def _somebody_waits(synced):
    with closing(synced.database.open_connection()) as watcher, watcher.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None


@pytest.mark.parametrize("path", ["/webhooks/git/a%00b", "/check/a%00b"])
def test_an_address_that_no_row_can_have_is_refused_and_no_fault_of_ours(hook, path):
    origin = hook.split("/webhooks")[0]

    assert httpx.post(origin + path, json={}).status_code == 404


def test_a_notification_as_large_as_we_promise_is_read_and_a_larger_one_is_not(hook):
    def notification(size):
        head = '{"ref": "refs/heads/main", "text": "'
        return f'{head}{"x" * (size - len(head) - 2)}"}}'.encode()

    assert post(hook, notification(MAX_BYTES)).status_code == 202
    assert post(hook, notification(MAX_BYTES + 1)).status_code == 413
