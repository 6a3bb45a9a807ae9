"""What the pages of content sources show: their state in one sentence, problems, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.formats import ago
from sync.git.edit_link import line_address_of
from sync.layout import WALKTHROUGHS
from sync.queue import is_requested
from sync.status import Health, has_lost_webhook, sync_and_health
from walkthroughs.content.problems import Problem
from walkthroughs.content.wording import count_of
from walkthroughs.models import ContentSource, SyncRun, Walkthrough, db
from walkthroughs.runtime import runtime

RUNS = 30
TABS = {"plan": "Plan", "runs": "Runs", "problems": "Problems", "settings": "Settings"}


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A mistake of an author. `link` is to the line at the host, if its addresses are known."""

    place: str
    message: str
    link: str | None


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """The mistakes in one walkthrough's folder; `folder` is none for files beside them."""

    folder: str | None
    title: str
    walkthrough_id: str | None
    lines: tuple[ProblemLine, ...]

    @property
    def text(self) -> str:
        """Return them as text, to paste into a chat."""
        return "\n".join((f"{self.title}:", *(f"- {x.place} {x.message}" for x in self.lines)))


def find_source(source_id: str) -> ContentSource:
    """Return a source of the member's organization; answer 404 if it has no such source."""
    query = select(ContentSource).where(
        ContentSource.organization_id == g.organization_id, ContentSource.id == source_id
    )
    row: ContentSource | None = db.session.scalar(query)
    return row or abort(404)


def tab_values(source: ContentSource, tab: str) -> dict[str, Any]:
    """Return what the page of a source shows, whichever tab is open."""
    state, badge = state_of(source)
    return {
        "source": source, "tab": tab, "tabs": TABS, "state": state, "state_badge": badge,
        "has_lost_webhook": is_webhook_lost(source),
    }  # fmt: skip


def is_webhook_lost(source: ContentSource) -> bool:
    """Return whether notifications are refused, as no key of this process opens their secret."""
    return has_lost_webhook(source, runtime().settings.secret_keys)


def read_sources(session: Session, organization_id: str) -> list[tuple[ContentSource, int]]:
    """Return the organization's sources by name, and how many live walkthroughs each has."""
    rows = session.execute(
        select(ContentSource, func.count(Walkthrough.id))
        .outerjoin(
            Walkthrough,
            (Walkthrough.source_id == ContentSource.id)
            & (Walkthrough.organization_id == organization_id)
            & Walkthrough.archived_at.is_(None),
        )
        .where(ContentSource.organization_id == organization_id)
        .group_by(ContentSource.id)
        .order_by(func.lower(ContentSource.name), ContentSource.id)
    )
    return [(row[0], row[1]) for row in rows]


def state_of(source: ContentSource) -> tuple[str, str]:
    """Return the state of a source in one sentence, and the word of its badge."""
    newest = (source.newest_commit or "")[:7]
    checked = f", checked {ago(source.checked_at)}" if source.checked_at else ""
    match sync_and_health(source)[1]:
        case Health.UNREACHABLE:
            return f"Cannot be read: {source.error}", "unreachable"
        case Health.WAITING:
            return _waiting(source), "waiting"
        case Health.HELD:
            pending = len(source.pending_changes)
            missing = f"; {count_of(pending, 'change')} not applied" if pending else ""
            return f"Held since {ago(source.held_at or 0)}{missing}", "held"
        case Health.DEGRADED:
            return _mistakes(source), "degraded"
        case Health.HEALTHY:
            if source.newest_commit is None:
                return "Not read yet", "new"
            if source.newest_commit != source.synced_commit or is_requested(source):
                return f"{newest} is on its way", "pending"
            return f"In step with {newest}{checked}", "healthy"


def read_problems(session: Session, source: ContentSource) -> list[ProblemGroup]:
    """Return the mistakes of the newest commit by walkthrough, each line once."""
    groups: dict[str | None, dict[tuple[str, int, str], ProblemLine]] = {}
    for problem in source.problems:
        key = (problem.path, problem.line, problem.message)
        groups.setdefault(_folder(problem.path), {})[key] = problem_line(source, problem)
    known = _by_folder(session, source, [name for name in groups if name])
    found = []
    for folder, lines in groups.items():
        walkthrough_id, title = known.get(folder or "", (None, folder or "The repository"))
        found.append(ProblemGroup(folder, title, walkthrough_id, tuple(lines.values())))
    return found


def problem_line(source: ContentSource, problem: Problem) -> ProblemLine:
    """Return a problem as pages show it."""
    link = line_address_of(source, problem.path, problem.line)
    return ProblemLine(f"{problem.path}:{problem.line}", problem.message, link)


def read_runs(session: Session, source: ContentSource, page: int) -> tuple[Sequence[SyncRun], bool]:
    """Return a page of the source's runs, the newest first, and whether there are older ones."""
    rows = session.scalars(
        select(SyncRun)
        .where(SyncRun.organization_id == source.organization_id, SyncRun.source_id == source.id)
        .order_by(SyncRun.started_at.desc(), SyncRun.id)
        .limit(RUNS + 1)
        .offset((page - 1) * RUNS)
    ).all()
    return rows[:RUNS], len(rows) > RUNS


def _mistakes(source: ContentSource) -> str:
    lines = {(each.path, each.line, each.message) for each in source.problems}
    folders = {_folder(each.path) for each in source.problems} - {None}
    where = count_of(len(folders), "walkthrough") if folders else "the repository"
    return f"{count_of(len(lines), 'mistake')} in {where}; the others are live"


def _waiting(source: ContentSource) -> str:
    waiting = source.awaiting_approval
    assert waiting is not None  # noqa: S101  its health says so
    if source.approval is not None:
        return f"Approved by {source.approval.by}; a worker applies it"
    first, *others = waiting.reasons or ("somebody has to look at it",)
    more = f", and {count_of(len(others), 'more reason')}" if others else ""
    return f"Waits for you: {first}{more}"


def _folder(path: str) -> str | None:
    root, _, rest = path.partition("/")
    return rest.split("/")[0] if root == WALKTHROUGHS and "/" in rest else None


def _by_folder(
    session: Session, source: ContentSource, folders: list[str]
) -> Mapping[str, tuple[str, str]]:
    rows = session.execute(
        select(Walkthrough.folder, Walkthrough.id, Walkthrough.title).where(
            Walkthrough.organization_id == source.organization_id,
            Walkthrough.source_id == source.id,
            Walkthrough.folder.in_(folders),
        )
    )
    return {row.folder: (row.id, row.title) for row in rows}
