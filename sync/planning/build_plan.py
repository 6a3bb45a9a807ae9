"""Build the plan for parsed files: changes, problems, approval reasons, learner impact."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from sync.format.parse_result import ParseResult
from sync.planning import learner_counts
from sync.planning.approval import Risk, approval_reasons
from sync.planning.conflicts import refuse_taken, refuse_unknown_servers
from sync.planning.current import count_live, read_ids_of_other_sources, read_live, read_servers
from sync.planning.impact import learner_impact
from sync.planning.plan import Archive, Change, diff
from walkthroughs.content.problems import Problem
from walkthroughs.models import ContentSource


@dataclass(frozen=True, slots=True)
class Judgement:
    """A plan, and what there is to say of it.

    Attributes:
        problems: mistakes of the authors, in file order.
        reasons: why it must be agreed to first; none if it need not.
        effects: what it means for learners on the way, if that was asked for.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    reasons: tuple[str, ...]
    effects: tuple[str, ...]


def build_plan(
    session: Session,
    source: ContentSource,
    parsed: ParseResult,
    *,
    is_rewritten: bool = False,
    tells_effects: bool = True,
    verify: bool = False,
) -> Judgement:
    """Plan what *parsed* asks for.

    Args:
        session: of a transaction; at REPEATABLE READ all questions are about one state.
        source: whose files they are.
        parsed: what they say.
        is_rewritten: the branch lost the live commit, and somebody must approve that.
        tells_effects: look at each learner of what changes.
        verify: compare with the texts in the database, not with their digests.
    """
    owner = source.organization_id
    parsed = refuse_taken(
        parsed, read_ids_of_other_sources(session, owner, source.id, parsed.folders)
    )
    named = {slug for each in parsed.wanted for slug in each.servers}
    if named:
        parsed = refuse_unknown_servers(parsed, read_servers(session, owner, named))
    changes = diff(parsed, read_live(session, owner, source.id, parsed.unchanged, verify=verify))
    archives = any(isinstance(change, Archive) for change in changes)
    stakes = Risk(
        live=count_live(session, owner, source.id) if archives else 0,
        active=learner_counts.count_active(session, owner, changes) if archives else {},
        rewritten=is_rewritten,
    )
    told = (
        learner_impact(changes, learner_counts.count_by_step(session, owner, changes))
        if tells_effects
        else ()
    )
    return Judgement(changes, parsed.problems, approval_reasons(changes, stakes), told)
