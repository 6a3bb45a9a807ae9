"""Invitations, members, sessions and failures are of one organization and one person."""

import pytest
from sqlalchemy import text

from admin.access import invitations, members, sessions, sign_in_limit
from admin.access.accounts import create_owner
from admin.access.invitations import InvitationEnded
from tests.builders import organization
from tests.dashboard import Visitor, app, site
from tests.turns import take_turns
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.ids import now_ms
from walkthroughs.models import Member, User, UserSession, db

__all__ = ["app", "site"]
ANN, BEN, CID = "ann@x.example", "ben@x.example", "cid@x.example"
HOUR_MS = 3600 * 1000


class Room:
    """Two organizations with an invitation of Ben each."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.acme, self.other = (organization(session, slug).id for slug in ("acme", "other"))
            self.token, self.token_there = (
                invitations.invite(session, each, [BEN], Role.EDITOR, None)[BEN]
                for each in (self.acme, self.other)
            )

    def call(self, work, *arguments):
        with self.database.transaction() as session:
            found = work(session, *arguments)
            session.flush()
            session.expunge_all()
            return found

    def free(self, table):
        """Return the ids of rows that nobody has locked."""
        with self.database.transaction() as session:
            return set(session.scalars(text(f"SELECT id FROM {table} FOR UPDATE SKIP LOCKED")))

    def open(self, owner):
        return [(row.email, row.id) for row in self.call(invitations.list_open, owner)]


@pytest.fixture
def room(database):
    return Room(database)


def test_an_invitation_is_open_in_its_organization_until_it_is_used_or_taken_back(
    room, monkeypatch
):
    ((_, mine),), ((_, theirs),) = room.open(room.acme), room.open(room.other)
    for work in (invitations.resend, invitations.revoke):
        for owner, row in ((room.acme, theirs), (room.other, mine)):
            with pytest.raises(NotFound):
                room.call(work, owner, row)
    with pytest.raises(HandrailError, match="invited already"):
        room.call(invitations.invite, room.acme, [CID, BEN], Role.VIEWER, None)
    room.call(invitations.invite, room.other, [ANN, CID], Role.VIEWER, None)
    monkeypatch.setattr(invitations, "MAX_OPEN", 3)
    with pytest.raises(HandrailError, match="3 invitations are open"):
        room.call(invitations.invite, room.other, ["dan@x.example"], Role.VIEWER, None)
    user = room.call(members.add_member, "other", ANN, Role.OWNER)
    room.call(members.add_member, "acme", "eve@x.example", Role.OWNER)
    room.call(invitations.invite, room.acme, [ANN, CID], Role.VIEWER, None)
    assert [email for email, _ in room.open(room.acme)] == [ANN, BEN, CID]

    with room.database.transaction() as session:
        offer = invitations.find(session, room.token)
        invitations.accept(session, offer, user.id)
        assert mine not in room.free("invitations")
        assert theirs in room.free("invitations")
    with room.database.transaction() as session:
        found = session.query(Member.organization_id, Member.role).filter_by(user_id=user.id)
        assert set(found) == {(room.acme, Role.EDITOR), (room.other, Role.OWNER)}
    cid = dict(room.open(room.acme))[CID]
    with room.database.transaction() as session:
        invitations.revoke(session, room.acme, cid)
        assert cid not in room.free("invitations")
    assert [email for email, _ in room.open(room.acme)] == [ANN]
    for row in (mine, cid):
        for work in (invitations.resend, invitations.revoke):
            with pytest.raises(NotFound):
                room.call(work, room.acme, row)
    with pytest.raises(InvitationEnded):
        room.call(invitations.find, room.token)
    with pytest.raises(HandrailError, match=f"{ANN} is a member already"):
        room.call(invitations.invite, room.acme, [ANN], Role.VIEWER, None)
    # Those that have ended make room, and may be invited again.
    with room.database.transaction() as session:
        invitations.invite(session, room.acme, [CID, "dan@x.example"], Role.VIEWER, None)
        assert room.acme not in room.free("organization")
    assert [email for email, _ in room.open(room.other)] == [ANN, BEN, CID]


def test_of_two_who_use_an_invitation_at_once_the_second_waits_and_is_refused(room):
    users = [room.call(members.add_member, "other", each, Role.OWNER).id for each in (ANN, CID)]
    offer, ((_, mine),) = room.call(invitations.find, room.token), room.open(room.acme)

    def at_once(first, second):
        turns = take_turns(
            room.database, lambda: room.call(*first), lambda: room.call(*second)
        )  # fmt: skip
        turns.first.result()
        assert turns.waited
        return turns.second.exception()

    twice = (invitations.invite, room.acme, [CID], Role.VIEWER, None)
    assert "invited already" in str(at_once(twice, twice))
    accepts = [(invitations.accept, offer, user) for user in users]
    assert isinstance(at_once(*accepts), InvitationEnded)
    ((_, cid),) = room.open(room.acme)
    revokes = (invitations.revoke, room.acme, cid)
    assert isinstance(at_once(revokes, (invitations.resend, room.acme, cid)), NotFound)
    assert mine != cid


def test_members_are_found_listed_and_removed_in_one_organization(room):
    for slug, email, role in (
        ("acme", ANN, Role.OWNER), ("acme", BEN, Role.OWNER), ("other", BEN, Role.OWNER),
        ("other", CID, Role.EDITOR),
    ):  # fmt: skip
        room.call(members.add_member, slug, email, role)
    assert room.call(members.find_user, f" {CID.upper()} ").email == CID
    listed = {(row.organization, row.email) for row in room.call(members.list_members, "acme")}
    assert listed == {("acme", ANN), ("acme", BEN)}
    with pytest.raises(HandrailError, match="no owner"):
        room.call(members.set_role, "other", BEN, Role.EDITOR)
    assert room.call(members.remove_member, "acme", BEN) is False  # is still a member elsewhere
    with pytest.raises(NotFound):
        room.call(members.set_role, "acme", BEN, Role.EDITOR)
    room.call(members.set_role, "other", CID, Role.OWNER)
    assert room.call(members.remove_member, "other", BEN) is True
    with room.database.transaction() as session:
        assert {user.email for user in session.query(User)} == {ANN, CID}


def test_an_organization_gets_an_owner_once_and_others_do_not_count(app, room):
    with app.app_context():
        room.call(members.add_member, "acme", CID, Role.EDITOR)
        assert room.call(create_owner, room.acme, ANN)
        assert room.call(create_owner, room.acme, BEN) is None
        assert room.call(create_owner, room.other, ANN) == ""


def test_a_session_is_of_one_member_who_may_sign_in_and_ends_with_its_time(app, site, database):
    visitors, ids = [], []
    for slug in ("acme", "acme", "other"):
        visitors.append(Visitor(app))
        assert visitors[-1].sign_in(f"owner@{slug}.example", site[slug][3]).status_code == 302

    def rows():
        with database.transaction() as session:
            query = session.query(UserSession).order_by(UserSession.created_at, UserSession.id)
            return [(row.id, row.user_id, row.last_used_at) for row in query]

    def change(what, **values):
        with database.begin() as connection:
            connection.execute(text(f"UPDATE {what}"), values)

    def enters(visitor, slug="acme"):
        return visitor.get(f"/o/{slug}/admin/servers/").status_code == 200

    (first, own, _), (second, _, _), (_, foreign, _) = rows()
    ids = [first, second]
    with database.transaction() as session:
        members.add_member(session, "acme", BEN, Role.EDITOR)
    assert visitors[0].get("/o/other/admin/servers/").status_code == 404
    change("user_session SET last_used_at = 1")
    change("member SET last_seen_at = 1")
    assert enters(visitors[0])
    assert [id for id, _, used in rows() if used > 1] == [first]
    with database.transaction() as session:
        seen = session.query(Member.organization_id, Member.user_id).filter(Member.last_seen_at > 1)
        assert seen.all() == [(site["acme"][0], own)]
    with app.test_request_context():
        assert {row.id for row in sessions.list_sessions(own)} == set(ids)
        assert not sessions.end_session(foreign, first)
        sessions.end_other_sessions(foreign)
        db.session.commit()
    assert [enters(each) for each in visitors[:2]] == [True, True]
    assert len(rows()) == 2
    visitors[2] = Visitor(app)
    visitors[2].sign_in("owner@other.example", site["other"][3])
    visitors[2].post("/admin/logout", page="/o/other/admin/servers/")
    assert len(rows()) == 2
    visitors[2].sign_in("owner@other.example", site["other"][3])
    assert enters(visitors[2], "other")

    with visitors[0].client:
        visitors[0].get("/o/acme/admin/servers/")
        sessions.end_other_sessions(own)
        db.session.commit()
    assert [enters(each) for each in visitors[:2]] == [True, False]
    visitors[1].sign_in("owner@acme.example", site["acme"][3])

    change('"user" SET active = false WHERE id = :id', id=own)
    assert not enters(visitors[0])
    change("\"user\" SET active = true, fs_uniquifier = 'another' WHERE id = :id", id=own)
    assert not enters(visitors[1])
    change("user_session SET created_at = :then", then=now_ms() - 13 * HOUR_MS)
    assert not enters(visitors[2], "other")
    with app.test_request_context():
        assert sessions.list_sessions(own) == []
    # Who signs in deletes their own old sessions.
    assert Visitor(app).sign_in("owner@other.example", site["other"][3]).status_code == 302
    assert sorted(user for _, user, _ in rows()) == sorted([own, own, foreign])


def test_failures_are_forgotten_of_the_account_that_signed_in(app):
    with app.app_context():
        for email in (ANN, BEN):
            for number in range(sign_in_limit.SIGN_IN.per_account):
                sign_in_limit.count_failure(email, f"10.0.0.{number}")
        sign_in_limit.forget_failures(ANN)
        assert not sign_in_limit.is_refused(ANN, "10.1.1.1")
        assert sign_in_limit.is_refused(BEN, "10.1.1.1")
        db.session.execute(text("UPDATE sign_in_failure SET failed_at = 1"))
        assert not sign_in_limit.is_refused(BEN, "10.1.1.1")


def test_who_failed_too_often_may_try_again_when_the_first_of_the_last_tries_is_old_enough(
    app, monkeypatch
):
    now, window = 10**12, 15 * 60 * 1000
    monkeypatch.setattr(sign_in_limit, "now_ms", lambda: now)
    most = sign_in_limit.SIGN_IN.per_account

    def left(limit=sign_in_limit.SIGN_IN, **failed):
        for number, at in failed.items():
            change = "UPDATE sign_in_failure SET failed_at = :at WHERE (:all OR id = :id)"
            keys = {"at": at, "all": number == "each", "id": first}
            db.session.execute(text(change), keys)
        return sign_in_limit.seconds_left(ANN, "10.1.1.1", limit)

    with app.app_context():
        for number in range(most):
            assert left() is None
            sign_in_limit.count_failure(f" {ANN.upper()} ", f"10.0.0.{number}")
        mine = db.session.scalars(
            text("SELECT id FROM sign_in_failure WHERE counted_for LIKE 'account:%'")
        )
        first = mine.all()[0]
        assert left(each=now) == window // 1000
        assert left(first=now - 100_000) == (window - 100_000) // 1000
        assert left(first=now - window + 1) == 1
        assert left(first=now - window) is None
        # As many as tried at once are counted; the newest ones decide.
        sign_in_limit.count_failure(ANN, "10.0.0.99")
        assert left(each=now, first=now - 100_000) == window // 1000
        assert left(sign_in_limit.LOST_PASSWORD) is None
