"""Record what a session writes through its classes, so that no page or command can forget it.

What a statement writes past the classes is recorded where the statement is: publishing,
assignments, links, sign-ins and learners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, inspect, select
from sqlalchemy.orm import Session

from walkthroughs import models
from walkthroughs.audit.record import Event, record

#: The verb when a column gets a value, and when it loses it; no verb, nothing to record.
_Verbs = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Audited:
    """How changes of a table are recorded.

    Attributes:
        kind: what people call a row.
        columns: those whose values are recorded.
        title: what people call this row.
        secrets: columns of which only the change is recorded.
        verbs: verbs of columns whose change has a name of its own. It alone is recorded, unless
            they are named above.
    """

    kind: str
    columns: tuple[str, ...]
    title: Callable[[Connection, Mapping[str, Any]], str]
    secrets: tuple[str, ...] = ()
    verbs: Mapping[str, _Verbs] = field(default_factory=dict)


def install(sessions: Any) -> None:  # noqa: ANN401  a factory of sessions, or a scoped one
    """Record the changes of all *sessions* that are made from now on."""
    event.listen(sessions, "before_flush", _load)
    event.listen(sessions, "after_flush", _record_flush)


def install_once(sessions: Any) -> None:  # noqa: ANN401  likewise
    """Do the same, unless it is done: for sessions that several applications share."""
    if not event.contains(sessions, "after_flush", _record_flush):
        install(sessions)


def _load(session: Session, *_: object) -> None:
    """Read what a commit has made the session forget: a deleted row cannot be read any more."""
    for row in (*session.dirty, *session.deleted):
        if type(row) in AUDITED:
            _ = row.organization_id


def _record_flush(session: Session, _context: object) -> None:
    connection = session.connection()
    found = [
        each
        for rows, describe in (
            (session.new, _added), (session.dirty, _changed), (session.deleted, _removed),
        )
        for row in rows
        if (audited := AUDITED.get(type(row))) is not None
        for each in describe(connection, row, audited)
    ]  # fmt: skip
    record(session, *found)


def _added(connection: Connection, row: object, audited: Audited) -> Iterator[Event]:
    values = inspect(row).dict
    after = {name: values[name] for name in audited.columns if values.get(name) is not None}
    yield _event(connection, values, audited, f"{audited.kind}.add", None, after)


def _removed(connection: Connection, row: object, audited: Audited) -> Iterator[Event]:
    values = inspect(row).dict
    before = {name: values[name] for name in audited.columns if values.get(name) is not None}
    yield _event(connection, values, audited, f"{audited.kind}.remove", before, None)


def _changed(connection: Connection, row: object, audited: Audited) -> Iterator[Event]:
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    verbs: list[str | None] = []
    state = inspect(row)
    for name in dict.fromkeys((*audited.columns, *audited.secrets, *audited.verbs)):
        history = state.attrs[name].history
        if not history.has_changes():
            continue
        value = history.added[0] if history.added else None
        if name in audited.columns:
            before[name] = history.deleted[0] if history.deleted else None
            after[name] = value
        elif name in audited.secrets:
            after[name] = "changed"
        named = audited.verbs.get(name, (f"{audited.kind}.change",) * 2)
        verbs.append(named[value is None])
    if spoken := [verb for verb in verbs if verb is not None]:
        yield _event(connection, state.dict, audited, spoken[-1], before or None, after or None)


def _event(
    connection: Connection,
    values: Mapping[str, Any],
    audited: Audited,
    verb: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> Event:
    title = audited.title(connection, values)
    return Event(values["organization_id"], verb, str(values["id"]), title, before, after)


def _name(_: Connection, values: Mapping[str, Any]) -> str:
    return str(values["name"])


def _email(_: Connection, values: Mapping[str, Any]) -> str:
    return str(values["email"])


def _person(connection: Connection, values: Mapping[str, Any]) -> str:
    query = select(models.User.email).where(models.User.id == values["user_id"])
    return str(connection.execute(query).scalar() or values["user_id"])


def _server(connection: Connection, values: Mapping[str, Any]) -> str:
    query = select(models.McpServer.name).where(
        models.McpServer.organization_id == values["organization_id"],
        models.McpServer.id == values["mcp_server_id"],
    )
    return str(connection.execute(query).scalar() or values["mcp_server_id"])


def _assignment(connection: Connection, values: Mapping[str, Any]) -> str:
    query = select(models.Walkthrough.title).where(
        models.Walkthrough.organization_id == values["organization_id"],
        models.Walkthrough.id == values["walkthrough_id"],
    )
    title = connection.execute(query).scalar() or values["walkthrough_id"]
    return f"{title} on {_server(connection, values)}"


AUDITED: Mapping[type, Audited] = {
    models.McpServer: Audited(
        "server",
        (
            "name", "slug", "custom_domain", "instructions", "auth_type", "sign_in",
            "walkthrough_tools_enabled", "pace_seconds", "oidc_provider_id",
        ),
        _name,
        verbs={"domain_verified_at": ("server.verify", None)},
    ),
    models.McpServerWalkthrough: Audited(
        "assignment",
        ("mcp_server_id", "walkthrough_id", "display_order", "is_enabled"),
        _assignment,
    ),
    models.PersonalLink: Audited(
        "link",
        ("mcp_server_user_id",),
        _server,
        ("token_hash",),
        {"revoked_at": ("link.end", None)},
    ),
    models.ContentSource: Audited(
        "source",
        (
            "name", "url", "branch", "path", "interval_seconds", "on_rewrite", "host_kind",
            "approval", "held_reason",
        ),
        _name,
        ("credential", "webhook_secret", "check_token_hash"),
        {
            "held_reason": (None, None),
            "held_at": ("source.hold", "source.resume"),
            "approval": ("source.approve", None),
        },
    ),
    models.OidcProvider: Audited(
        "provider", ("name", "issuer", "client_id"), _name, ("client_secret",)
    ),
    models.Member: Audited(
        "member", ("role",), _person, verbs={"role": ("member.role", "member.role")}
    ),
    models.Invitation: Audited(
        "invitation",
        ("role",),
        _email,
        verbs={
            "token_hash": ("invitation.resend", None),
            "accepted_at": ("invitation.accept", None),
            "revoked_at": ("invitation.revoke", None),
        },
    ),
}  # fmt: skip
#: Tables of an organization whose changes are not recorded from here, and why.
NOT_AUDITED: Mapping[type, str] = {
    models.AuditEvent: "the record itself",
    models.Walkthrough: "the publishing writer records them",
    models.WalkthroughStep: "likewise",
    models.WalkthroughVersion: "likewise",
    models.WalkthroughImage: "likewise",
    models.SearchWords: "they follow from the texts",
    models.WalkthroughDraft: "what is written is recorded when it is published",
    models.KeptCopy: "likewise",
    models.Proposal: "the push is recorded where it is made",
    models.EditorPresence: "who is where just now; gone a minute later",
    models.SyncRun: "a history of its own",
    models.McpServerUser: "learners come by themselves; links and erasing are recorded",
    models.ServerCall: "assistants write it",
    models.WalkthroughProgress: "learners write it",
    models.WalkthroughAttempt: "likewise",
    models.EventDay: "counts of what learners did",
    models.ActiveDay: "likewise",
    models.ServerDay: "likewise",
    models.WalkthroughLearners: "counts of where learners are",
    models.ServerLearners: "likewise",
    models.PeriodNumbers: "likewise",
    models.LearnerSession: "learners write it",
    models.SignInCode: "likewise",
    models.RequestCount: "likewise",
    models.ClientDocument: "what an app says of itself",
    models.LearnerIdentity: "learners make them by signing in",
    models.OidcSignIn: "a sign-in on its way",
    models.OAuthGrant: "learners make them; ending one is recorded",
    models.OAuthCode: "belongs to a sign-in",
    models.OAuthToken: "likewise",
}
