"""Who is told of whom in the editor."""

import re

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from tests.http.test_editor_page import edit, page_of, save, second, text_of
from walkthroughs.enums import Role
from walkthroughs.models import EditorPresence, Member
from walkthroughs.publishing import presence

__all__ = ["app", "owner", "second", "site"]


def tell(visitor, row, step="one", window="window-1", slug="acme", **more):
    page = visitor.client.get("/admin/", follow_redirects=True)
    token = re.search(r'csrf[-_]token"[^>]*(?:content|value)="([^"]+)"', said(page))[1]
    fields = {"csrf_token": token, "window": window, "step": step} | more
    return visitor.client.post(f"/o/{slug}/admin/walkthroughs/{row}/presence/", data=fields)


def rows(database):
    with database.transaction() as session:
        return session.query(EditorPresence.window, EditorPresence.step).all()


def test_each_is_told_of_the_others_until_they_leave(owner, second, site, database):
    row = site["acme"][2]
    assert tell(owner, row).json["people"] == []
    told = tell(second, row, step="two").json["people"]
    assert told == [{"name": "owner@acme.example", "step": "one"}]
    told = tell(owner, row, window="window-2", step="three").json["people"]
    assert told == [{"name": "owner@other.example", "step": "two"}]
    assert "owner@other.example is editing this step" in said(owner.get(page_of(row)))
    assert tell(second, row).json["people"] == [{"name": "owner@acme.example", "step": "three"}]
    assert tell(owner, row, window="window-2", leaves="1").status_code == 204
    assert tell(second, row).json["people"] == [{"name": "owner@acme.example", "step": "one"}]
    tell(owner, row, leaves="1")
    assert tell(second, row).json["people"] == []


def test_a_window_that_says_nothing_is_forgotten_and_its_row_removed(owner, second, site, database):
    row = site["acme"][2]
    tell(owner, row, window="window-1")
    with database.transaction() as session:
        session.query(EditorPresence).update(
            {"seen_at": EditorPresence.seen_at - presence.EXPIRES_MS}
        )
    assert tell(second, row).json["people"] == []
    assert [window for window, _ in rows(database)] == ["window-1"]  # of who was told


def test_the_answer_says_when_the_draft_or_what_is_live_has_changed(owner, second, site):
    row = site["acme"][2]
    before = tell(owner, row).json["as_of"]
    assert f'data-as-of="{before}"' in said(owner.get(page_of(row)))
    assert tell(owner, row).json["as_of"] == before
    edit(second, row, "one", **{"step-text": "Changed."})
    changed = tell(owner, row).json["as_of"]
    assert changed != before

    own = save(owner, row, text_of("Mine.", "Changed."), base=1).json["shown"]["as_of"]
    assert own == tell(owner, row).json["as_of"] != changed  # it needs not read the page again


@pytest.mark.parametrize("window", ["", "short", "x" * 41, "windows\n", "<script>x"])
def test_what_is_no_window_is_refused(owner, site, database, window):
    assert tell(owner, site["acme"][2], window=window).status_code == 400
    assert tell(owner, site["acme"][2], step="<b>").json["people"] == []
    assert rows(database) == [("window-1", None)]


def test_nobody_else_is_noted_or_told(app, owner, second, site, database):
    row, foreign = site["acme"][2], site["other"][2]
    tell(owner, row)
    assert tell(owner, foreign).status_code == 404
    stranger = Visitor(app)
    assert tell(stranger, row).status_code == 302
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update(
            {"role": Role.VIEWER}
        )
    assert tell(second, row).status_code == 404
    assert len(rows(database)) == 1
