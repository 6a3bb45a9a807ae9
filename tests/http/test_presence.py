"""Who is told of whom in the editor."""

import re

import pytest
from sqlalchemy import select, text

from tests.builders import content, walkthrough
from tests.dashboard import Visitor, app, owner, said, site
from tests.http.test_editor_page import edit, page_of, save, second, text_of
from walkthroughs.enums import Role
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models import EditorPresence, Member, User
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


def test_windows_are_of_one_walkthrough_and_one_organization(owner, site, database):
    acme, _, row, _ = site["acme"]
    foreign_org, _, foreign, _ = site["other"]
    with database.transaction() as session:
        beside = walkthrough(session, acme, content(id="tea"))
        ann, ben = session.scalars(select(User.id).order_by(User.email))
        windows = [presence.Window(ann, "ann-1"), presence.Window(ben, "ben-1")]
        for window in windows:
            presence.note(session, acme, row, window, "one", 100_000)
            presence.note(session, acme, beside, window, "tea", 100_000)
            presence.note(session, foreign_org, foreign, window, "far", 100_000)
        for asked, step in [((acme, row), "one"), ((acme, beside), "tea")]:
            (found,) = presence.others(session, *asked, ann, 165_000)
            assert (found.name, found.step) == ("owner@other.example", step)
            assert presence.others(session, *asked, ann, 165_001) == []
        assert presence.others(session, foreign_org, row, ann, 100_000) == []
        for asked in [(acme, foreign), (foreign_org, row), (acme, "wt_none")]:
            with pytest.raises(WalkthroughNotFound):
                presence.note(session, *asked, windows[0], "one", 1)
            with pytest.raises(WalkthroughNotFound):
                presence.as_of(session, *asked)

        presence.leave(session, foreign_org, row, windows[0])
        presence.leave(session, acme, row, presence.Window(ann, "ann-2"))
        presence.leave(session, acme, row, presence.Window(ann, "ben-1"))
        assert session.query(EditorPresence).count() == 6
        presence.leave(session, acme, row, windows[0])
        left = session.execute(select(EditorPresence.walkthrough_id, EditorPresence.window)).all()
        assert len(left) == 5
        assert (row, "ann-1") not in left
        # Whoever is heard of removes what has expired of their organization, and nothing else.
        presence.note(session, acme, row, windows[1], "one", 165_000)
        assert session.query(EditorPresence).count() == 5
        presence.note(session, acme, row, windows[1], "one", 165_001)
        left = session.scalars(select(EditorPresence.walkthrough_id).distinct())
        assert set(left) == {row, foreign}
    with database.transaction() as session:
        presence.note(session, acme, beside, windows[0], "tea", 100_000)
    with database.transaction() as one, database.transaction() as other:
        query = select(EditorPresence).where(EditorPresence.window == "ann-1")
        one.execute(query.where(EditorPresence.walkthrough_id == beside).with_for_update())
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        presence.note(other, acme, row, windows[1], "one", 500_000)  # waits for nobody
