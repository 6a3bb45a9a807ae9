"""A link invites one address to one organization, once; it opens no account that has a password."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markupsafe import escape
from sqlalchemy import text

from admin.access import invitations
from app import add_pages, create_app
from tests.dashboard import Visitor, app, owner, said, site
from tests.http.test_members_page import MEMBERS, PASSWORD, add, send
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError
from walkthroughs.mcp_server.redaction import redact
from walkthroughs.models import AuditEvent, Invitation, Member, User

__all__ = ["app", "owner", "site"]
LEA = "lea@x.example"


def links(page):
    return re.findall(r"http://localhost:8000(/admin/invitations/[^\"]+)", said(page))


def invite(owner, *emails, role="editor"):
    answer = send(owner, "invite", emails="\n".join(emails), role=role)
    assert answer.status_code == 200, said(answer)
    return links(answer)


def roles(database, email):
    """Return the organization's slug and the role of each membership."""
    with database.transaction() as session:
        rows = session.query(Member).join(User).filter(User.email == email).all()
        return {(row.organization.slug, row.role.value) for row in rows}


def test_several_are_invited_at_once_and_each_link_is_shown_once(owner, database):
    answer = send(
        owner, "invite", emails="Lea@x.example, max@x.example; LEA@x.example", role="viewer"
    )
    shown = links(answer)
    assert len(shown) == 2
    page = owner.get(MEMBERS)
    assert links(page) == []
    assert said(page).count("invited by owner@acme.example") == 2
    with database.transaction() as session:
        stored = session.query(Invitation).all()
    assert not any(each.token_hash in shown[0] for each in stored)


MISTAKES = [
    ("", "Type the e-mail address"),
    ("lea@x.example, nobody", "&#34;nobody&#34; is not an e-mail address"),
    ("<script>@x.example alert(1)", "is not an e-mail address"),
    ("owner@acme.example lea@x.example", "owner@acme.example is a member already"),
    (" ".join(f"p{n}@x.example" for n in range(21)), "Invite 20 people at once"),
]


def test_a_list_with_a_mistake_invites_nobody_and_is_kept(owner, database, subtests):
    for emails, words in MISTAKES:
        with subtests.test(case=words):
            answer = send(owner, "invite", emails=emails, role="viewer")
            page = said(answer)

            assert words in page
            assert "<script>@" not in page
            assert escape(emails) in page
            with database.transaction() as session:
                assert session.query(Invitation).count() == 0


def test_who_has_no_account_chooses_a_password_and_lands_in_the_organization(
    app, owner, site, database
):
    (link,) = invite(owner, LEA)
    visitor = Visitor(app)
    page = said(visitor.get(link))
    for named in ("Acme", "editor", "owner@acme.example", LEA):
        assert named in page
    assert "Use 12 to 128" in said(visitor.post(link, password="short", again="short"))
    answer = visitor.post(link, password=PASSWORD, again=PASSWORD)

    assert answer.location == "/o/acme/admin/"
    assert visitor.get("/o/acme/admin/walkthroughs/").status_code == 200
    assert roles(database, LEA) == {("acme", "editor")}
    with database.transaction() as session:
        event = session.query(AuditEvent).filter_by(verb="invitation.accept").one()
        assert (event.actor, event.title) == (LEA, LEA)
        assert event.organization_id == site["acme"][0]
    other = Visitor(app)
    other.sign_in(LEA, PASSWORD)
    assert other.get("/o/acme/admin/walkthroughs/").status_code == 200


def test_a_link_alone_never_signs_into_an_account_with_a_password(app, owner, site, database):
    (link,) = invite(owner, "owner@other.example", role="viewer")
    visitor = Visitor(app)
    page = said(visitor.get(link))
    assert "You have an account already" in page
    assert 'name="again"' not in page
    wrong = visitor.post(link, password=PASSWORD, again=PASSWORD)
    assert "not the password of that account" in said(wrong)
    assert visitor.get("/admin/account/").status_code == 302
    answer = visitor.post(link, password=site["other"][3])

    assert answer.location == "/o/acme/admin/"
    assert roles(database, "owner@other.example") == {("acme", "viewer"), ("other", "owner")}


def test_guesses_on_an_invitation_count_as_failed_sign_ins(app, owner, site):
    (link,) = invite(owner, "owner@other.example")
    codes = [Visitor(app).post(link, password="x" * 14).status_code for _ in range(11)]

    assert codes == [200] * 10 + [429]
    assert Visitor(app).sign_in("owner@other.example", site["other"][3]).status_code == 429


def test_an_account_of_elsewhere_without_a_password_is_not_taken_over_by_a_link(
    app, owner, site, database
):
    add(app, database, site["other"][0], LEA, Role.OWNER, password=None)
    (link,) = invite(owner, LEA)
    visitor = Visitor(app)
    page = said(visitor.get(link))
    assert "has no password yet" in page
    assert 'name="password"' not in page
    visitor.post(link, page="/admin/login", password=PASSWORD, again=PASSWORD)

    assert roles(database, LEA) == {("other", "owner")}
    with database.transaction() as session:
        assert session.query(User).filter_by(email=LEA).one().password is None


def test_who_is_signed_in_joins_with_a_button_and_another_account_is_told(
    app, owner, site, database
):
    (link,) = invite(owner, "owner@other.example")
    assert "You are signed in as owner@acme.example" in said(owner.get(link))
    owner.post(link, page=MEMBERS, password=PASSWORD, again=PASSWORD)
    assert roles(database, "owner@other.example") == {("other", "owner")}

    right = Visitor(app)
    right.sign_in("owner@other.example", site["other"][3])
    assert "Join Acme" in said(right.get(link))
    assert roles(database, "owner@other.example") == {("other", "owner")}  # looking joins nothing
    assert right.post(link).location == "/o/acme/admin/"
    assert ("acme", "editor") in roles(database, "owner@other.example")


def test_a_link_that_was_used_replaced_revoked_or_is_old_says_so(app, owner, database):
    used, revoked, old, renewed = invite(owner, LEA, "b@x.example", "c@x.example", "d@x.example")
    Visitor(app).post(used, password=PASSWORD, again=PASSWORD)
    with database.transaction() as session:
        ids = {row.email[0]: row.id for row in session.query(Invitation)}
        session.execute(
            text("UPDATE invitations SET expires_at = 1 WHERE id = :id"), {"id": ids["c"]}
        )
    send(owner, "revoke", id=ids["b"])
    (new,) = links(send(owner, "resend", id=ids["d"]))

    for link, words in (
        (used, "has been used"), (revoked, "was taken back"), (old, "older than 7 days"),
        (renewed, "a newer link has replaced it"), ("/admin/invitations/x", "no invitation"),
    ):  # fmt: skip
        for method in ("GET", "POST"):
            visitor = Visitor(app)
            if method == "GET":
                answer = visitor.get(link)
            else:
                answer = visitor.post(link, page="/admin/login", password=PASSWORD, again=PASSWORD)
            assert answer.status_code == 404
            assert words in said(answer)
    assert Visitor(app).get(new).status_code == 200
    with database.transaction() as session:
        told = session.query(AuditEvent).filter_by(kind="invitation").all()
    assert {each.verb for each in told} == {
        "invitation.add", "invitation.accept", "invitation.revoke", "invitation.resend",
    }  # fmt: skip
    assert {str(each.after) for each in told} == {"{'role': 'editor'}", "None"}
    assert Visitor(app).get(links(send(owner, "resend", id=ids["c"]))[0]).status_code == 200
    assert roles(database, "b@x.example") == roles(database, "c@x.example") == set()


def test_one_address_has_one_open_invitation(owner, site, database):
    invite(owner, LEA)
    assert "is invited already" in said(send(owner, "invite", emails=LEA, role="owner"))
    many = [f"p{n}@x.example" for n in range(invitations.MAX_OPEN)]
    with database.transaction() as session, pytest.raises(HandrailError, match="are open"):
        invitations.invite(session, site["acme"][0], many, Role.VIEWER, None)


def test_the_link_is_kept_from_logs_and_other_pages(app, owner):
    (link,) = invite(owner, LEA)
    for path in (link, "/admin/password/x"):
        assert Visitor(app).get(path).headers["Referrer-Policy"] == "strict-origin"
    assert Visitor(app).get(link).headers["Cache-Control"] == "no-store"
    token = link.rsplit("/", 1)[1]
    assert token not in redact(f'GET http://localhost:8000{link} "{link}?x"')


def test_invitations_are_sent_where_there_is_a_mail_server_and_commands_print_links(
    settings, site, database, capfd
):
    app = add_pages(create_app(replace(settings, smtp_url="console:")))
    visitor = Visitor(app)
    visitor.sign_in("owner@acme.example", site["acme"][3])
    answer = send(visitor, "invite", emails=f"{LEA} max@x.example", role="editor")
    mail = capfd.readouterr().out
    assert all(link in mail for link in links(answer))
    assert "owner@acme.example invites you to Acme on Handrail, as editor." in mail
    assert "Sent by e-mail." in said(answer)
    done = app.test_cli_runner().invoke(
        args=[
            "members",
            "invite",
            "--organization",
            "acme",
            "--role",
            "viewer",
            "--email",
            "z@x.example",
        ]
    )
    app.extensions["handrail"].database.close()

    assert done.exit_code == 0, done.output
    assert "http://localhost:8000/admin/invitations/" in done.output
