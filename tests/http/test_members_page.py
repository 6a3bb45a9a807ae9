"""Owners see who belongs to the organization, change roles, remove, and make password links."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask_security import hash_password

from app import add_pages, create_app
from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.audit.record import COMMAND_LINE
from walkthroughs.enums import Role
from walkthroughs.models import AuditEvent, Invitation, Member, User

__all__ = ["app", "owner", "site"]
MEMBERS = "/o/acme/admin/members/"
PASSWORD = "a long password"


def add(app, database, org, email, role, password=PASSWORD):
    """Make somebody a member; return the id of the membership."""
    with app.app_context(), database.transaction() as session:
        user = session.query(User).filter_by(email=email).one_or_none()
        if user is None:
            hashed = hash_password(password) if password else None
            user = User(email=email, password=hashed, fs_uniquifier=email)
            session.add(user)
            session.flush()
        row = Member(organization_id=org, user_id=user.id, role=role)
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def eddi(app, site, database):
    return add(app, database, site["acme"][0], "eddi@x.example", Role.EDITOR)


def role_of(database, member_id):
    with database.transaction() as session:
        row = session.get(Member, member_id)
        return row and row.role


def send(visitor, act, **fields):
    return visitor.post(f"{MEMBERS}{act}/", page=MEMBERS, **fields)


def test_the_page_names_each_member_and_when_they_were_seen(app, owner, site, eddi):
    page = said(owner.get(MEMBERS))
    assert "eddi@x.example" in page
    assert "Not seen yet" in page
    visitor = Visitor(app)
    visitor.sign_in("eddi@x.example", PASSWORD)
    visitor.get("/o/acme/admin/walkthroughs/")

    page = said(owner.get(MEMBERS))
    assert "Not seen yet" not in page
    assert "owner@other.example" not in page


def test_a_role_is_changed_from_the_next_page_on_and_recorded(app, owner, site, eddi, database):
    visitor = Visitor(app)
    visitor.sign_in("eddi@x.example", PASSWORD)
    assert visitor.get(MEMBERS).status_code == 404
    send(owner, "role", id=eddi, role="owner")

    assert visitor.get(MEMBERS).status_code == 200
    with database.transaction() as session:
        event = session.query(AuditEvent).filter_by(verb="member.role").one()
    assert (event.actor, event.place, event.title) == (
        "owner@acme.example", "dashboard", "eddi@x.example",
    )  # fmt: skip
    assert (event.before, event.after) == ({"role": "editor"}, {"role": "owner"})


def test_the_last_owner_stays_one_and_the_page_says_why(owner, site, database, eddi):
    page = said(owner.get(MEMBERS))
    assert "first make somebody else an owner" in page
    with database.transaction() as session:
        me = session.query(Member).filter_by(role=Role.OWNER, organization_id=site["acme"][0]).one()
    send(owner, "role", id=me.id, role="viewer")
    send(owner, "remove", id=me.id)

    assert role_of(database, me.id) is Role.OWNER


def test_a_member_is_removed_after_a_page_that_names_them(app, owner, eddi, database):
    assert "Remove eddi@x.example?" in said(owner.get(f"{MEMBERS}remove/?id={eddi}"))
    visitor = Visitor(app)
    visitor.sign_in("eddi@x.example", PASSWORD)
    send(owner, "remove", id=eddi)

    assert role_of(database, eddi) is None
    assert visitor.get("/o/acme/admin/walkthroughs/").status_code in {302, 404}


def test_an_owner_who_removes_themself_is_led_out(app, owner, site, database):
    other = add(app, database, site["acme"][0], "second@x.example", Role.OWNER)
    with database.transaction() as session:
        mine = session.query(Member).filter(
            Member.organization_id == site["acme"][0], Member.id != other
        ).one().id  # fmt: skip
    answer = send(owner, "remove", id=mine)

    assert answer.location == "/admin/"
    assert owner.get(MEMBERS).status_code in {302, 404}


def test_a_password_link_opens_the_account_of_a_member_of_this_organization_alone(
    app, owner, site, eddi, database
):
    page = said(send(owner, "password-link", id=eddi))
    address = re.search(r"http://localhost:8000(/admin/password/[^\"]+)", page)[1]
    assert "For eddi@x.example" in said(Visitor(app).get(address))

    # Once another organization has let them in, the owner's link would open that as well.
    add(app, database, site["other"][0], "eddi@x.example", Role.EDITOR)
    assert Visitor(app).get(address).status_code == 404
    refused = send(owner, "password-link", id=eddi)
    assert refused.status_code == 302
    assert "belongs to another organization" in said(owner.get(MEMBERS))


def test_a_person_of_two_organizations_gets_the_link_by_e_mail(settings, site, database, capfd):
    app = add_pages(create_app(replace(settings, smtp_url="console:")))
    member = add(app, database, site["acme"][0], "owner@other.example", Role.EDITOR)
    visitor = Visitor(app)
    visitor.sign_in("owner@acme.example", site["acme"][3])
    answer = send(visitor, "password-link", id=member)
    app.extensions["handrail"].database.close()

    assert answer.status_code == 302
    assert "/admin/password/" not in said(answer)
    mail = capfd.readouterr().out
    assert "E-mail to owner@other.example" in mail
    assert "/admin/password/" in mail


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_who_owns_nothing_finds_neither_members_nor_audit(app, site, database, role):
    add(app, database, site["acme"][0], "vera@x.example", Role(role))
    visitor = Visitor(app)
    visitor.sign_in("vera@x.example", PASSWORD)
    page = said(visitor.get("/o/acme/admin/walkthroughs/"))

    assert "/admin/members/" not in page
    for path in (
        MEMBERS,
        f"{MEMBERS}remove/",
        "/o/acme/admin/audit/",
        "/o/acme/admin/audit/export.csv",
    ):
        assert visitor.get(path).status_code == 404
    for act in ("invite", "resend", "revoke", "role", "remove", "password-link"):
        assert visitor.post(f"{MEMBERS}{act}/", page="/admin/account/").status_code == 404


def test_ids_of_another_organization_are_unknown_here(owner, site, database, subtests):
    with database.transaction() as session:
        org = site["other"][0]
        theirs = session.query(Member).filter_by(organization_id=org).one()
        invitation = Invitation(
            organization_id=org, email="x@x.example", role=Role.VIEWER, token_hash="h", expires_at=0
        )
        session.add(invitation)
        session.flush()
    for act in ("resend", "revoke", "role", "remove", "password-link"):
        with subtests.test(case=act):
            row_id = invitation.id if act in {"resend", "revoke"} else theirs.id
            answer = send(owner, act, id=row_id, role="viewer")

            assert answer.status_code in {302, 404}
            with database.transaction() as session:
                assert session.get(Member, theirs.id).role is Role.OWNER
                left = session.get(Invitation, invitation.id)
                assert (left.token_hash, left.revoked_at) == ("h", None)


def test_a_role_that_is_none_is_refused(owner, eddi, database):
    assert send(owner, "role", id=eddi, role="emperor").status_code == 400
    assert role_of(database, eddi) is Role.EDITOR


def test_nobody_signed_in_is_recorded_as_nobody_else(app):
    from admin.access.actors import current_actor

    assert current_actor() == COMMAND_LINE
    with app.test_request_context("/admin/"):
        assert current_actor().name == "visitor"
