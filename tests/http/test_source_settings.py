"""What an owner changes of a content source in the dashboard."""

import hashlib
import hmac
import re

import pytest

from sync import queue
from sync.git.credentials import Token, decrypt_credential, encrypt_credential
from sync.sync_source import sync_source
from tests.dashboard import app, owner, said, site
from tests.git_hosts import PASSWORD
from tests.new_source import host, hosted, settings
from walkthroughs.content.problems import Problem
from walkthroughs.crypto import encrypt
from walkthroughs.models import AuditEvent, ContentSource, PendingChange, Walkthrough

__all__ = ["app", "host", "hosted", "owner", "settings", "site"]


class Guides:
    """A source of acme that follows the hosted repository, and its page."""

    def __init__(self, database, settings, org, url):
        self.database, self.settings = database, settings
        credential = encrypt_credential(settings.secret_key, Token(PASSWORD))
        with database.transaction() as session:
            row = ContentSource(organization_id=org, name="guides", url=url, credential=credential)
            session.add(row)
            session.flush()
            self.id = row.id
        self.page = f"/o/acme/admin/git/{self.id}/"
        self.settings_tab = f"{self.page}?tab=settings"

    def read(self):
        with self.database.transaction() as session:
            return session.get(ContentSource, self.id)

    def set(self, **columns):
        with self.database.transaction() as session:
            for name, value in columns.items():
                setattr(session.get_one(ContentSource, self.id), name, value)

    def audit(self):
        with self.database.transaction() as session:
            query = session.query(AuditEvent).filter_by(kind="source").order_by(AuditEvent.id)
            return [(event.actor, event.verb, event.after) for event in query]


@pytest.fixture
def guides(database, settings, site, hosted):
    return Guides(database, settings, site["acme"][0], hosted.url)


def send(visitor, page, url, **fields):
    """Fill in the form of a page whose fields may have any name."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', said(visitor.get(page)))[1]
    return visitor.client.post(url, data=fields | {"csrf_token": token})


def test_a_hold_says_by_whom_and_why_until_it_is_resumed(owner, guides):
    owner.post(f"{guides.page}hold", page=guides.page, held="1", reason="  Exams,  until Friday ")
    shown = said(owner.get(guides.page))
    assert "by owner@acme.example" in shown
    assert "Exams, until Friday" in shown
    assert guides.audit()[-1] == (
        "owner@acme.example", "source.hold", {"held_reason": "Exams, until Friday"},
    )  # fmt: skip
    owner.post(f"{guides.page}hold", page=guides.page, held="")
    row = guides.read()
    assert (row.held_at, row.held_by, row.held_reason) == (None, None, None)
    assert guides.audit()[-1][:2] == ("owner@acme.example", "source.resume")
    owner.post(f"{guides.page}hold", page=guides.page, held="1", reason="x" * 5000)
    assert len(guides.read().held_reason) == 300


def test_another_branch_or_folder_is_looked_at_before_it_is_stored(owner, guides, hosted, site):
    where = f"{guides.page}settings/"
    for branch, path, why in (
        ("none-such", "", "There is no branch"),
        ("main", "nowhere", "There is no folder"),
        ("a b", "", "cannot be a branch name"),
    ):
        answer = send(owner, guides.settings_tab, where, name="Texts", branch=branch, path=path)
        assert answer.status_code == 422
        assert why in said(answer)
        assert 'value="Texts"' in said(answer)
    assert (guides.read().name, guides.read().branch) == ("guides", "main")
    hosted.push("next")
    answer = send(owner, guides.settings_tab, where, name="Texts", branch="next", path="")
    assert answer.status_code == 303
    row = guides.read()
    assert (row.name, row.branch, row.path) == ("Texts", "next", "")
    assert row.requested_at
    assert guides.audit()[-1] == (
        "owner@acme.example", "source.change", {"name": "Texts", "branch": "next"},
    )  # fmt: skip
    answer = send(owner, guides.settings_tab, where, name="\u202e", branch="next", path="")
    assert "a name of at most" in said(answer)


def test_a_new_token_is_used_once_the_host_takes_it(owner, guides, settings):
    where, before = f"{guides.page}settings/access", guides.read().credential
    sealed = re.search(r'name="sealed" value="([^"]+)"', said(owner.get(where)))[1]
    answer = send(owner, where, where, sealed=sealed, way="token", token="wrong")
    assert "does not take the token" in said(answer)
    assert guides.read().credential == before
    for forged in ("", "made up"):
        answer = send(owner, where, where, sealed=forged, way="token", token=PASSWORD)
        assert (answer.status_code, guides.read().credential) == (422, before)
    answer = send(owner, where, where, sealed=sealed, way="token", token=PASSWORD)
    assert answer.status_code == 303
    row = guides.read()
    assert row.credential != before
    assert decrypt_credential(settings.secret_keys, row.credential) == Token(PASSWORD)
    assert guides.audit()[-1] == (
        "owner@acme.example", "source.change", {"credential": "changed"},
    )  # fmt: skip


def test_a_webhooks_secret_is_shown_once_and_its_first_delivery_turns_the_page(app, owner, guides):
    where = f"{guides.page}settings/webhook"
    assert "Make a secret" in said(owner.get(f"{where}?new=1"))
    shown = said(send(owner, where, where))
    secret = re.search(r'<code id="secret">([^<]+)</code>', shown)[1]
    assert "Waiting for the first delivery" in shown
    assert secret not in said(owner.get(where))
    body = b'{"zen": "Keep it simple."}'
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    address = f"/webhooks/git/{guides.id}"
    for sent, awaited in (("sha256=0", True), (signature, False)):
        app.test_client().post(
            address, data=body, content_type="application/json",
            headers={"X-Hub-Signature-256": sent},
        )  # fmt: skip
        part = said(owner.get(f"{where.removesuffix('webhook')}delivery"))
        assert ("Waiting for the first delivery" in part) is awaited
        assert ("The first delivery has come" in part) is not awaited
    assert "called" in said(owner.get(guides.settings_tab))
    send(owner, where, where)  # another secret waits anew
    assert guides.read().webhook_called_at is None


def test_a_webhook_whose_secret_no_key_opens_is_told_until_there_is_another(owner, guides):
    tab, where = guides.settings_tab, f"{guides.page}settings/webhook"
    guides.set(webhook_secret=encrypt("a key that is lost", "hush"), webhook_called_at=1)
    assert "refuses notifications: its secret cannot be read" in said(owner.get(tab))
    for page in (where, f"{guides.page}settings/delivery"):
        shown = said(owner.get(page))
        assert "Notifications are refused: the secret cannot be read" in shown
        assert "the webhook works" not in shown
    shown = said(send(owner, where, where))
    assert "Waiting for the first delivery" in shown
    assert "cannot be read" not in shown + said(owner.get(tab))


def test_a_source_is_removed_by_typing_its_name_and_its_walkthroughs_stay(
    owner, guides, database, settings
):
    sync_source(database, settings, guides.id)
    where = f"{guides.page}settings/remove"
    assert "Its walkthrough stays as it is" in said(owner.get(where))
    answer = send(owner, where, where, name="Guides")
    assert (answer.status_code, guides.read() is None) == (422, False)
    with queue.claim(database, guides.id, wait=False):
        answer = send(owner, where, where, name="guides")
        assert (answer.status_code, guides.read() is None) == (422, False)
        assert "A run of this source is under way. Try again in a moment." in said(answer)
    answer = send(owner, where, where, name="guides")
    assert (answer.status_code, guides.read()) == (303, None)
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(external_id="guide").one()
        assert (row.source_id, row.is_published) == (None, True)
    assert guides.audit()[-1][:2] == ("owner@acme.example", "source.remove")


def test_each_walkthrough_says_whether_its_own_newest_commit_is_live(
    owner, guides, database, settings
):
    sync_source(database, settings, guides.id)
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(external_id="guide").one()
    editor, listed = f"/o/acme/admin/walkthroughs/{row.id}/", "/o/acme/admin/walkthroughs/"
    mistake = [Problem("walkthroughs/guide/steps/one.md", 3, "a mistake")]
    for columns, sentence, badge in (
        ({}, "Its newest commit is live.", "newest commit is live"),
        ({"problems": mistake}, "Its newest commit has 1 mistake", "newest commit has mistakes"),
        (
            {"pending_changes": [PendingChange("guide", "text")], "held_at": 1},
            "Its newest commit waits: the source is held.", "newest commit waits",
        ),
        ({"pending_changes": [PendingChange("other", "text")]}, "Its newest commit is live.", "live"),
        ({"problems": [Problem("walkthroughs/guide2/x.md", 1, "x")]}, "is live.", "is live"),
        ({"error": "away"}, "the repository cannot be read", "newest commit is not known"),
    ):  # fmt: skip
        clean = {"problems": [], "pending_changes": [], "held_at": None, "error": None}
        guides.set(**clean | columns)
        assert sentence in said(owner.get(editor)), columns
        assert badge in said(owner.get(listed)), columns
