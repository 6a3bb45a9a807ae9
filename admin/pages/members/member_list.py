"""The page of members and invitations: who belongs to the organization, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import Row, func, select
from werkzeug import Response

from admin.access import invitations, member_mail, members, passwords
from admin.access.roles import OWNERS
from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.addresses import invitation_link, password_link
from walkthroughs.audit.record import Event, record
from walkthroughs.enums import Role
from walkthroughs.errors import HandrailError
from walkthroughs.identity.outside_waits import Kind, waiting
from walkthroughs.identity.request_limits import Limit, take
from walkthroughs.ids import now_ms, utc_text
from walkthroughs.models import Member, User, db
from walkthroughs.runtime import runtime

PAGE_SIZE = 50
#: What an organization can have sent to people whom it names.
_MAILS = Limit("member mail", 100, 3600)
_LAST_OWNER = "The last owner keeps this role: first make somebody else an owner."


class MemberListPage(Page):
    """People who sign in to the dashboard, their roles, and who is invited."""

    readers = OWNERS
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Members", "members", "members")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show members and open invitations."""
        return self._page()

    @expose("/invite/", methods=("POST",))
    def invite(self) -> ResponseReturnValue:
        """Invite the addresses of the form; show each link for the only time."""
        typed, role, inviter = request.form.get("emails", ""), _role(), current_user.id
        try:
            emails = invitations.read_addresses(typed)
            with write_transaction() as session:
                tokens = invitations.invite(session, g.organization_id, emails, role, inviter)
        except HandrailError as error:
            return self._page(typed=typed, chosen=role, problem=str(error))
        return self._links(tokens, role)

    @expose("/resend/", methods=("POST",))
    def resend(self) -> ResponseReturnValue:
        """Make a new link for an open invitation, and show it; the old one ends."""
        with _errors_shown() as failed, write_transaction() as session:
            row, token = invitations.resend(session, g.organization_id, _id())
        return _back() if failed else self._links({row.email: token}, row.role)

    @expose("/revoke/", methods=("POST",))
    def revoke(self) -> ResponseReturnValue:
        """Take an open invitation back."""
        with _errors_shown() as failed, write_transaction() as session:
            row = invitations.revoke(session, g.organization_id, _id())
        if not failed:
            flash(f"The invitation of {row.email} is taken back.", "success")
        return _back()

    @expose("/role/", methods=("POST",))
    def role(self) -> ResponseReturnValue:
        """Give a member another role, from their next page on."""
        email, role = _email_of(_id()), _role()
        with _errors_shown() as failed, write_transaction() as session:
            members.set_role(session, g.organization_slug, email, role)
        if not failed:
            flash(f"{email} is {role} now.", "success")
        return _back()

    @expose("/remove/", methods=("GET", "POST"))
    def remove(self) -> ResponseReturnValue:
        """Ask, then take a member out."""
        email = _email_of(_id())
        if request.method == "GET":
            return str(self.render("handrail/member_remove.html", email=email, id=_id()))
        is_own = email == current_user.email  # the account may be gone afterwards
        with _errors_shown() as failed, write_transaction() as session:
            members.remove_member(session, g.organization_slug, email)
        if not failed:
            flash(f"{email} is no member any more.", "success")
        return redirect(url_for("last_used")) if is_own else _back()

    @expose("/password-link/", methods=("POST",))
    def password_link(self) -> ResponseReturnValue:
        """Make a link with which a member of this organization alone chooses a password.

        An owner who holds such a link could sign in as the member; so it is not shown for a
        person whom other organizations know, and they get it by e-mail.
        """
        email = _email_of(_id())
        with write_transaction() as session:
            user = members.find_user(session, email)
            is_own = passwords.belongs_only_to(session, user.id, g.organization_id)
            if is_own or runtime().settings.smtp_url:
                verb, after = "member.password-link", {"shown": is_own}
                record(session, Event(g.organization_id, verb, _id(), email, None, after))
        if is_own:
            token = passwords.link_token(runtime().settings, user, g.organization_id)
            link = password_link(runtime().settings.base_url, token)
            return str(self.render("handrail/member_links.html", links={email: link}, sent=()))
        refusal = f"{email} belongs to another organization, too, which that link would open."
        if runtime().settings.smtp_url is None:
            flash(f"{refusal} Ask whoever runs this server: flask members reset-password.", "error")
        else:
            with _errors_shown() as failed, waiting(runtime().database, Kind.MAIL):
                take(runtime().database, g.organization_id, _MAILS, "members")
                member_mail.send_password_link(runtime().settings, user)
            if not failed:
                flash(f"{refusal} It was sent to them by e-mail instead.", "success")
        return _back()

    def _links(self, tokens: dict[str, str], role: Role) -> str:
        settings, sent = runtime().settings, []
        links = {email: invitation_link(settings.base_url, each) for email, each in tokens.items()}
        if settings.smtp_url is not None:
            with _errors_shown(), waiting(runtime().database, Kind.MAIL):
                for email, link in links.items():
                    take(runtime().database, g.organization_id, _MAILS, "members")
                    member_mail.send_invitation(
                        settings, email, link, _organization(), role, current_user.email
                    )
                    sent.append(email)
        return str(
            self.render("handrail/member_links.html", links=links, sent=sent, days=invitations.DAYS)
        )

    def _page(
        self, *, typed: str = "", chosen: Role = Role.EDITOR, problem: str | None = None
    ) -> str:
        number = max(request.args.get("page", 1, int), 1)
        rows, count, owners = _read_members(number)
        return str(
            self.render(
                "handrail/members.html",
                members=rows,
                count=count,
                page_number=number,
                page_count=-(-count // PAGE_SIZE),
                last_owner=_LAST_OWNER if owners == 1 else None,
                invited=invitations.list_open(db.session(), g.organization_id),
                roles=list(Role),
                typed=typed,
                chosen=chosen,
                problem=problem,
                now=now_ms(),
                utc=utc_text,
                most=invitations.MAX_AT_ONCE,
                days=invitations.DAYS,
                has_mail=runtime().settings.smtp_url is not None,
            )
        )


def _read_members(number: int) -> tuple[list[Row[Any]], int, int]:
    """Return a page of the members, how many there are, and how many of them own."""
    own = Member.organization_id == g.organization_id
    query = (
        select(
            Member.id,
            Member.role,
            Member.last_seen_at,
            User.email,
            User.password.is_not(None).label("has_password"),
        )
        .join(User, User.id == Member.user_id)
        .where(own)
        .order_by(User.email)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    count, owners = db.session.execute(
        select(func.count(), func.count().filter(Member.role == Role.OWNER)).where(own)
    ).one()
    return list(db.session.execute(query)), count, owners


def _id() -> str:
    return str(request.values.get("id", ""))


def _email_of(member_id: str) -> str:
    """Return whose membership of this organization it is; anything else is 404."""
    query = (
        select(User.email)
        .join(Member, Member.user_id == User.id)
        .where(Member.organization_id == g.organization_id, Member.id == member_id)
    )
    email: str | None = db.session.scalar(query)
    if email is None:
        abort(404)
    return email


def _role() -> Role:
    named = request.form.get("role", "")
    return Role(named) if named in set(Role) else abort(400)


def _organization() -> str:
    names = {each.organization_id: each.organization for each in g.memberships}
    return str(names[g.organization_id])


def _back() -> Response:
    return redirect(url_for("members.index"))


@contextmanager
def _errors_shown() -> Iterator[list[HandrailError]]:
    """Show the member why the block failed; the list then holds the error."""
    failed: list[HandrailError] = []
    try:
        yield failed
    except HandrailError as error:
        failed.append(error)
        flash(str(error), "error")
