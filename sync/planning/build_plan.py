"""Build the plan for parsed files: changes, problems, approval reasons, learner impact."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sync.format.parse_result import ParseResult
from sync.planning import learner_counts
from sync.planning.approval import Risk, approval_reasons
from sync.planning.conflicts import refuse_owned_by_others, refuse_unknown_servers
from sync.planning.current import count_live, read_ids_of_other_sources, read_live, read_servers
from sync.planning.impact import LearnerCounts, learner_impact
from sync.planning.plan import Archive, Change, Plan, diff, fingerprint, first_lines
from sync.planning.renames import probable_renames
from walkthroughs.models import ContentSource


def build_plan(
    session: Session,
    source: ContentSource,
    parsed: ParseResult,
    *,
    commit: str | None = None,
    is_rewritten: bool = False,
    wants_impact: bool = True,
    recompute_digests: bool = False,
) -> Plan:
    """Plan what *parsed* asks for. Writes nothing.

    Args:
        session: of a transaction; at REPEATABLE READ all questions are about one state.
        source: whose files they are.
        parsed: what they say.
        commit: what they are the files of; none if they are no commit yet.
        is_rewritten: the branch lost the live commit, and the source wants an approval for that.
        wants_impact: look at each learner of what changes.
        recompute_digests: compare with the texts in the database, not with their digests.
    """
    owner = source.organization_id
    owned_by_others = read_ids_of_other_sources(session, owner, source.id, parsed.folders)
    parsed = refuse_owned_by_others(parsed, owned_by_others)
    named = {slug for each in parsed.wanted for slug in each.servers}
    if named:
        parsed = refuse_unknown_servers(parsed, read_servers(session, owner, named))
    changes = diff(
        parsed,
        read_live(session, owner, source.id, parsed.unchanged, recompute_digests=recompute_digests),
    )
    archives = any(isinstance(change, Archive) for change in changes)
    risk = Risk(
        live=count_live(session, owner, source.id) if archives else 0,
        active=learner_counts.count_active(session, owner, changes) if archives else {},
        rewritten=is_rewritten,
    )
    counts = learner_counts.count_by_step(session, owner, changes) if wants_impact else None
    return Plan(
        changes,
        parsed.problems,
        approval_reasons(changes, risk),
        _for_learners(changes, counts) if counts is not None else (),
        commit,
        fingerprint(commit, changes) if commit is not None else None,
        parsed.read_again,
    )


def _for_learners(changes: tuple[Change, ...], counts: LearnerCounts) -> tuple[str, ...]:
    return (*first_lines(learner_impact(changes, counts)), *probable_renames(changes))
