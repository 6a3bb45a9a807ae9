"""Unite two learners who are one person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.events.owners import forget_last_day, give_events, hold_events
from walkthroughs.identity.learner_rows import LEARNER_COLUMN, lock_learners, tables_of_learners
from walkthroughs.identity.learners import find_learner
from walkthroughs.ids import now_ms
from walkthroughs.learning.merged_progress import merge_progress
from walkthroughs.models.progress import WalkthroughProgress
from walkthroughs.models.sign_in import SignInCode


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of two learners.

    Attributes:
        in_both: in how many walkthroughs both had a place.
        moved: how many other rows the one who stays has got, by table.
    """

    in_both: int
    moved: dict[str, int]


def merge_learners(session: Session, organization_id: str, gone: str, kept: str) -> Merged:
    """Give the learner *kept* all that *gone* has; *gone* is no more. Both are e-mail or id.

    Places are united by the rule of `learning.merge`. Links and sign-ins of both go on, as those of
    the one who stays. Steps that are on the way count for either, once. The caller repeats the
    transaction if PostgreSQL breaks a deadlock with it.

    Raises:
        NotFound: the organization has no such learner.
        HandrailError: both are one.
    """
    hold_events(session)
    leaving, staying = (find_learner(session, organization_id, each) for each in (gone, kept))
    if leaving.id == staying.id:
        raise HandrailError(f'"{gone}" and "{kept}" are one learner already. Name two.')
    if len(lock_learners(session, organization_id, [leaving.id, staying.id])) < 2:
        raise NotFound("One of the two learners has just been erased or merged. Nothing changed.")
    in_both = merge_progress(
        session.connection(), organization_id, leaving.id, staying.id, now_ms()
    )
    moved: dict[str, int] = {}
    for table in tables_of_learners():
        if table is not WalkthroughProgress.__table__:
            done = session.execute(
                update(table)
                .where(
                    table.c.organization_id == organization_id,
                    table.c[LEARNER_COLUMN] == leaving.id,
                )
                .values({LEARNER_COLUMN: staying.id})
            )
            assert isinstance(done, CursorResult)  # noqa: S101  narrows the type
            moved[table.name] = done.rowcount
    give_events(session, organization_id, leaving.id, staying.id)
    email = leaving.email
    what = {"merged": leaving.id}
    record(session, Event(organization_id, "learner.merge", staying.id, "a learner", None, what))
    session.delete(leaving)
    # Codes that are on the way to the address of who is gone would make that learner anew.
    session.execute(
        delete(SignInCode).where(
            SignInCode.organization_id == organization_id, SignInCode.email == email
        )
    )
    session.flush()
    staying.email = staying.email or email
    days = sorted(day for day in (staying.active_on, leaving.active_on) if day is not None)
    for earlier in days[:-1]:
        forget_last_day(session, organization_id, earlier)
    staying.active_on = max(days, default=None)
    return Merged(in_both, moved)
