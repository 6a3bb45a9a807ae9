"""What files would change in a source, and what that means for people: for a run, and for a check.

It asks the database and leaves the answers to the pure rules; it writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from sync import audience
from sync.effects import effects
from sync.gate import Stakes, reasons
from sync.parsed import Parsed, refuse_taken, refuse_unknown_servers
from sync.plan import Archive, Change, plan
from sync.published import count_live, read_live, read_servers, read_taken
from walkthroughs.errors import Problem
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


def judge(
    session: Session,
    source: ContentSource,
    parsed: Parsed,
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
    parsed = refuse_taken(parsed, read_taken(session, owner, source.id, parsed.folders))
    named = {slug for each in parsed.wanted for slug in each.servers}
    if named:
        parsed = refuse_unknown_servers(parsed, read_servers(session, owner, named))
    changes = plan(parsed, read_live(session, owner, source.id, parsed.unchanged, verify=verify))
    archives = any(isinstance(change, Archive) for change in changes)
    stakes = Stakes(
        live=count_live(session, owner, source.id) if archives else 0,
        active=audience.active(session, owner, changes) if archives else {},
        rewritten=is_rewritten,
    )
    told = effects(changes, audience.places(session, owner, changes)) if tells_effects else ()
    return Judgement(changes, parsed.problems, reasons(changes, stakes), told)
