"""What the two forms of a server share: the table's, and that of its own page."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_admin.form import BaseForm
from sqlalchemy import ColumnElement, func, select, union
from sqlalchemy.orm import Session
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from walkthroughs.content.wording import count_of
from walkthroughs.enums import AuthType
from walkthroughs.errors import HandrailError
from walkthroughs.identity.sign_ins import count_open, set_auth
from walkthroughs.models import McpServer, OAuthGrant, OidcProvider, PersonalLink
from walkthroughs.runtime import runtime

REFUSED = "Nothing is saved yet: something below needs a change."
DUPLICATE = "Another server has that slug or domain already; choose another."


def prepare(form: BaseForm, session: Session, server: McpServer | None) -> None:
    """Offer what the organization has, and say what a change means to those who are there.

    A slug that people's addresses have is changed only when that is confirmed in so many words.

    Args:
        form: a `ServerForm`, perhaps with what was typed.
        session: only reads.
        server: the row as it is stored; none if it is a new one.
    """
    _offer_providers(form, session, server)
    if server is not None and (count := count_open(session, server)):
        form.auth_type.description += (
            f"\nAnother choice ends {count_of(count, 'sign-in')} here as soon as it is saved; "
            "progress and personal links stay."
        )
    people = count_people(session, server) if server is not None else 0
    if server is None or not people or form.slug.data == server.slug:
        del form.confirm_slug
        if people:
            have = "1 person has" if people == 1 else f"{people} people have"
            form.slug.description += f" {have} an address with it."
        return
    words = "1 person's address stops" if people == 1 else f"{people} people's addresses stop"
    form.confirm_slug.label.text = f"Change the slug: {words}"
    form.confirm_slug.description = (
        "Each of them needs the new address. Tick it, or put the slug back to "
        f"“{server.slug}”. Progress stays."
    )
    form.confirm_slug.validators = [DataRequired(f"{words} at once.")]
    form.confirm_slug.flags.required = False  # unticked, it is the form that says so


def set_sign_in(form: BaseForm, session: Session, server: McpServer) -> None:
    """Change how learners are known, as the form says; show at the field why it cannot be.

    Raises:
        HandrailError: it cannot be.
    """
    wanted: AuthType = form.auth_type.data
    provider = (form.provider.data or None) if wanted is AuthType.OIDC else None
    if wanted is server.auth_type and provider in {None, str(server.oidc_provider or "")}:
        return
    try:
        set_auth(session, runtime().settings, server, wanted, provider)
    except HandrailError as error:
        form.auth_type.errors = [str(error)]
        raise HandrailError(REFUSED) from error


def count_people(session: Session, server: McpServer) -> int:
    """Return how many learners have an address or a sign-in of the server that works."""

    def of_server(table: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401  a class of rows
        return (
            table.organization_id == server.organization_id,
            table.mcp_server_id == server.id,
            table.revoked_at.is_(None),
        )

    people = union(
        *(
            select(table.mcp_server_user_id).where(*of_server(table))
            for table in (PersonalLink, OAuthGrant)
        )
    ).subquery()
    return session.scalar(select(func.count()).select_from(people)) or 0


def _offer_providers(form: BaseForm, session: Session, server: McpServer | None) -> None:
    organization_id = server.organization_id if server is not None else g.organization_id
    names = session.scalars(
        select(OidcProvider.name)
        .where(OidcProvider.organization_id == organization_id)
        .order_by(OidcProvider.name)
    ).all()
    form.provider.choices = [
        SelectChoice("", "–"), *(SelectChoice(name, name) for name in names),
    ]  # fmt: skip
    if not form.provider.data and server is not None:
        form.provider.data = str(server.oidc_provider or "")
    if not names:
        form.provider.description = "There is none yet: flask providers add adds one."
