"""A session of the dashboard lasts twelve hours, and its use is noted once a minute."""

from flask import session as session_of_request
from sqlalchemy import select, text, update

from admin.access import sessions
from admin.access.members import add_member
from tests.dashboard import Visitor, app, site
from walkthroughs.enums import Role
from walkthroughs.ids import now_ms
from walkthroughs.models import Member, UserSession

__all__ = ["app", "site"]
HALF_DAY_MS = 12 * 3600 * 1000


def rows(database):
    with database.transaction() as session:
        return session.query(UserSession).order_by(UserSession.created_at, UserSession.id).all()


def test_a_session_lasts_twelve_hours_and_its_use_is_noted_once_a_minute(
    app, site, database, monkeypatch
):
    now = now_ms()
    monkeypatch.setattr(sessions, "now_ms", lambda: now)
    visitors = [Visitor(app), Visitor(app)]
    for each in visitors:
        each.client.environ_base["HTTP_USER_AGENT"] = "x" * 301
        each.sign_in("owner@acme.example", site["acme"][3])
    with visitors[0].client as client:
        client.get("/o/acme/admin/servers/")
        [first] = [row for row in rows(database) if sessions.is_this(row)]
        assert len(session_of_request["session_token"]) == 43
    assert (len(first.user_agent), first.last_used_at) == (300, now)

    def change(column, value):
        with database.begin() as connection:
            query = text(f"UPDATE user_session SET {column} = :value WHERE id = :id")
            connection.execute(query, {"value": value, "id": first.id})

    def enters():
        return visitors[0].get("/o/acme/admin/servers/").status_code == 200

    def listed():
        with app.test_request_context():
            return first.id in [row.id for row in sessions.list_sessions(first.user_id)]

    # That somebody was here is noted of the organization whose page it was.
    with database.transaction() as session:
        add_member(session, "other", "owner@acme.example", Role.VIEWER)
        session.execute(update(Member).values(last_seen_at=1))
    assert enters()
    with database.transaction() as session:
        seen = select(Member.organization_id).where(Member.last_seen_at > 1)
        assert session.scalars(seen).all() == [site["acme"][0]]
    for used, noted in ((now - 59_999, now - 59_999), (now - 60_000, now), (None, now)):
        change("last_used_at", used)
        assert enters()
        [stored] = [row for row in rows(database) if row.id == first.id]
        assert stored.last_used_at == noted

    change("created_at", now - HALF_DAY_MS + 1)
    assert (enters(), listed()) == (True, True)
    # Who signs in deletes those of theirs that are older.
    for created, left in ((now - HALF_DAY_MS, 3), (now - HALF_DAY_MS - 1, 3)):
        change("created_at", created)
        assert (enters(), listed()) == (False, False)
        Visitor(app).sign_in("owner@acme.example", site["acme"][3])
        assert len(rows(database)) == left
