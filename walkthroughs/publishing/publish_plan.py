"""What publishing a draft would change, and for whom."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.comparison import ADDED, Comparison, compare_contents
from walkthroughs.content.draft_content import (
    DraftProblem,
    changed_steps,
    content_of,
    is_blocked,
    problems,
)
from walkthroughs.content.impact import RemovedStep, removed_steps
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.content.wording import count_of
from walkthroughs.models.servers import McpServer, McpServerWalkthrough
from walkthroughs.models.walkthroughs import WalkthroughStep
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.learner_counts import count_done, count_finished, learners_by_step
from walkthroughs.publishing.missing_pictures import missing_pictures


@dataclass(frozen=True, slots=True)
class Offer:
    """A server of the organization, and whether it offers the walkthrough.

    Attributes:
        place: of the walkthrough in its list, counted from 1; none if it is not assigned.
    """

    server_id: str
    name: str
    place: int | None
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class People:
    """What happens to learners.

    Attributes:
        midway: how many are in the middle of it.
        stay: of those, who keep their place.
        removed: steps that go away while learners are on them.
        finished: how many have finished it.
        done: who have done a step whose text changes, by author id: they do it again if the
            member says so.
    """

    midway: int
    stay: int
    removed: tuple[RemovedStep, ...]
    finished: int
    done: dict[str, int]

    def lines(self, comparison: Comparison) -> tuple[str, ...]:
        """Return it in sentences."""
        lines = []
        if self.midway:
            kept = f"{self.stay} keep their place"
            lines.append(f"{count_of(self.midway, 'person', 'is are')} mid-way: {kept}.")
        for each in self.removed:
            then = f"continue at “{each.then.title}”" if each.then else "have nothing left"
            people = count_of(each.learners, "learner", "is are")
            lines.append(f"{people} on “{each.step.title}”, which goes away; they {then}.")
        if self.finished:
            is_new = any(step.kind == ADDED or step.is_again for step in comparison.steps)
            fate = "are told what is new when they come back" if is_new else "stay finished"
            lines.append(f"{self.finished} who finished {fate}.")
        return tuple(line.replace("persons", "people") for line in lines)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member agrees to when they publish.

    Attributes:
        content: what learners would get.
        live_version: what they have now.
        is_first: no learner has seen it yet.
        is_stale: another version was published since the draft was begun; rebase first.
        has_changes: there is something to publish.
        fingerprint: names all of it but the numbers of learners, which change by themselves.
    """

    content: WalkthroughContent
    live_version: int
    is_first: bool
    is_stale: bool
    has_changes: bool
    problems: tuple[DraftProblem, ...]
    offers: tuple[Offer, ...]
    fingerprint: str

    @property
    def is_blocked(self) -> bool:
        """Return whether it cannot be published as it is."""
        return self.is_stale or not self.has_changes or is_blocked(self.problems)


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What publishing would do, what differs by words, and what that means for people."""

    shown: Shown
    comparison: Comparison
    people: People

    @property
    def fingerprint(self) -> str:
        """Return what to publish with."""
        return self.shown.fingerprint

    def as_json(self) -> dict[str, Any]:
        """Return it for a page."""
        shown = self.shown
        return {
            "live_version": shown.live_version,
            "next_version": shown.live_version + 1,
            "is_first": shown.is_first,
            "is_stale": shown.is_stale,
            "has_changes": shown.has_changes,
            "is_blocked": shown.is_blocked,
            "comparison": self.comparison.as_json(),
            "people": {**asdict(self.people), "lines": list(self.people.lines(self.comparison))},
            "problems": [problem.as_json() for problem in shown.problems],
            "offers": [asdict(offer) for offer in shown.offers],
            "fingerprint": shown.fingerprint,
        }


def make_plan(session: Session, row: DraftRow) -> PublishPlan:
    """Return what publishing the draft of *row* would change. Writes nothing."""
    shown = read_shown(session, row)
    comparison = compare_contents(row.live, shown.content)
    people = _people(session, row, shown.content, comparison)
    return PublishPlan(shown, comparison, people)


def read_shown(session: Session, row: DraftRow) -> Shown:
    """Return what `make_plan` shows, but what it takes long to say."""
    new = content_of(row.draft, row.live)
    changed = changed_steps(row.draft, row.live)
    found = (
        *problems(row.draft, changed),
        *missing_pictures(session, row.walkthrough, row.draft, changed),
    )
    offers, is_first = read_offers(session, row), not row.walkthrough.is_published
    digests = new.digest(), row.live.digest()
    facts = [
        digests,
        is_first,
        [problem.as_json() for problem in found],
        [asdict(offer) for offer in offers],
    ]
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()[:16]
    return Shown(
        new,
        row.live_version,
        is_first,
        row.is_stale,
        is_first or digests[0] != digests[1],
        found,
        offers,
        f"{row.live_version}.{row.draft.revision}.{digest}",
    )


def read_offers(session: Session, row: DraftRow) -> tuple[Offer, ...]:
    """Return all servers of the organization, by name, and where the walkthrough is on each."""
    owner, walkthrough_id = row.walkthrough.organization_id, row.walkthrough.id
    assigned = McpServerWalkthrough
    servers = session.execute(
        select(McpServer.id, McpServer.name)
        .where(McpServer.organization_id == owner)
        .order_by(McpServer.name, McpServer.id)
    )
    on_server = select(assigned.mcp_server_id).where(
        assigned.organization_id == owner, assigned.walkthrough_id == walkthrough_id
    )
    lists = session.execute(
        select(assigned.mcp_server_id, assigned.walkthrough_id, assigned.is_enabled)
        .where(assigned.organization_id == owner, assigned.mcp_server_id.in_(on_server))
        .order_by(assigned.display_order, assigned.id)
    )
    places: dict[str, list[tuple[str, bool]]] = {}
    for server_id, name, is_enabled in lists:
        places.setdefault(server_id, []).append((name, is_enabled))
    offers = []
    for server_id, name in servers:
        order = places.get(server_id, [])
        at = next((n for n, (each, _) in enumerate(order, 1) if each == walkthrough_id), None)
        offers.append(Offer(server_id, name, at, at is not None and order[at - 1][1]))
    return tuple(offers)


def _people(
    session: Session, row: DraftRow, new: WalkthroughContent, comparison: Comparison
) -> People:
    owner, walkthrough_id = row.walkthrough.organization_id, row.walkthrough.id
    standing = learners_by_step(session, owner, [walkthrough_id]).get(walkthrough_id, {})
    removed = tuple(removed_steps(row.live.outline(), new.outline(), standing))
    midway = sum(standing.values())
    return People(
        midway,
        midway - sum(each.learners for each in removed),
        removed,
        count_finished(session, owner, walkthrough_id),
        count_done_by(session, row, comparison),
    )


def count_done_by(session: Session, row: DraftRow, comparison: Comparison) -> dict[str, int]:
    """Return how many learners have done each step whose texts change, by author id."""
    owner, walkthrough_id = row.walkthrough.organization_id, row.walkthrough.id
    step = WalkthroughStep
    rows = session.execute(
        select(step.id, step.external_id).where(
            step.organization_id == owner,
            step.walkthrough_id == walkthrough_id,
            step.archived_at.is_(None),
            step.external_id.in_([each.step for each in comparison.reworded]),
        )
    )
    names = dict(row for row in rows)
    counts = count_done(session, owner, walkthrough_id, list(names))
    return {names[row_id]: count for row_id, count in counts.items()}
