"""What an assistant would be answered, for content that no learner has. Pure.

It is made by the functions that answer learners, so that a preview shows what they get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.answers import step_view
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.place_rules import Moved, Place, move
from walkthroughs.learning.position import StepRef, percent_of
from walkthroughs.learning.views import ProgressFacts, StepBody, StepView, WalkthroughRef

#: Letters of English text for one token, on average, with the tokenizers in use.
_LETTERS_A_TOKEN = 4


def step_bodies(steps: Sequence[StepContent]) -> tuple[StepBody, ...]:
    """Return the steps as they are taught; their author ids stand for those of rows."""
    return tuple(_body(step, position) for position, step in enumerate(steps, start=1))


def _body(step: StepContent, position: int) -> StepBody:
    return StepBody(
        id=step.id,
        title=step.title,
        section=step.section,
        position=position,
        content=step.content,
        agent_instructions=step.agent_instructions,
        verify=step.verify,
    )


def view_at(
    content: WalkthroughContent, walkthrough_id: str, version: int, position: int
) -> StepView:
    """Return the answer that shows a step to a learner who has done those before it.

    Args:
        content: what is taught.
        walkthrough_id: as the answer names it.
        version: as the answer names it.
        position: of the step, counted from 1; one more than there are: all are done.
    """
    done, total = position - 1, len(content.steps)
    is_over = position > total
    return StepView(
        walkthrough=WalkthroughRef(walkthrough_id, content.title, version),
        step=None if is_over else _body(content.steps[done], position),
        progress=ProgressFacts(
            status=ProgressStatus.COMPLETED if is_over else ProgressStatus.IN_PROGRESS,
            completed_steps=done,
            total_steps=total,
            percent=percent_of(done, total),
        ),
    )


def about_tokens(text: str) -> int:
    """Return about how many tokens a model reads in *text*."""
    return -(-len(text) // _LETTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the play-through, and where it led.

    Attributes:
        tool: the name of the tool.
        arguments: as an assistant sends them.
        step_id: the author id of the step that was answered; none: nothing is left.
    """

    tool: str
    arguments: Mapping[str, str]
    step_id: str | None
    completed: frozenset[str]
    is_finished: bool
    notices: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Returning:
    """Someone who comes back to a walkthrough that has changed meanwhile.

    Attributes:
        content: what they were taught.
        version: its number.
        step_id: the author id of the step that they were on, with all before it done; none: they
            had finished.
    """

    content: WalkthroughContent
    version: int
    step_id: str | None


def taught(content: WalkthroughContent, walkthrough_id: str, version: int) -> PublishedVersion:
    """Return *content* as it is taught; author ids stand for those of rows."""
    bodies = step_bodies(content.steps)
    refs = tuple(StepRef(step.id, step.id) for step in content.steps)
    ref = WalkthroughRef(walkthrough_id, content.title, version)
    return PublishedVersion(ref, content.digest(), bodies, refs)


def play(
    content: WalkthroughContent,
    walkthrough_id: str,
    version: int,
    *,
    returning: Returning | None = None,
) -> Iterator[Call]:
    """Yield the calls of a learner who starts or comes back, and completes step by step.

    Each answers a step that no call before it has answered; the last one answers none.

    Args:
        content: what is taught now; it has steps.
        walkthrough_id: as the answers name it.
        version: of *content*, as the answers name it.
        returning: what the learner has done before; none: they are new.
    """
    live = taught(content, walkthrough_id, version).step_refs
    place, last_seen = Place(live[0].id, frozenset(), version), live
    if returning is not None and returning.content.steps:
        last_seen = _refs_before(returning.content, content)
        place = _place_before(returning, last_seen)
    moved = move(place, version, last_seen=last_seen, live=live, completing=None, now=0)
    yield _call("select_walkthrough", {"walkthrough_id": walkthrough_id}, moved)
    while (step := moved.current) is not None:
        place = Place(step, moved.completed, version, moved.is_finished)
        moved = move(place, version, last_seen=live, live=live, completing=step, now=0)
        yield _call("next_walkthrough_step", {"current_step_id": step}, moved)


def answer_to(call: Call, published: PublishedVersion) -> StepView:
    """Return what the tool answers to a call of `play`."""
    return step_view(
        published,
        call.step_id,
        call.completed,
        finished=call.is_finished,
        notices=call.notices,
    )


def _call(tool: str, arguments: Mapping[str, str], moved: Moved) -> Call:
    return Call(tool, arguments, moved.current, moved.completed, moved.is_finished, moved.notices)


def _refs_before(earlier: WalkthroughContent, now: WalkthroughContent) -> tuple[StepRef, ...]:
    """Return the steps of *earlier*; one that is to be done again is another row than now."""
    revisions = {step.id: step.revision for step in now.steps}
    return tuple(
        StepRef(
            step.id if revisions.get(step.id) == step.revision else f"{step.id}@{step.revision}",
            step.id,
        )
        for step in earlier.steps
    )


def _place_before(returning: Returning, refs: Sequence[StepRef]) -> Place:
    order = [step.author_id for step in refs]
    if returning.step_id in order:
        at = order.index(returning.step_id)
        done = frozenset(step.id for step in refs[:at])
        return Place(refs[at].id, done, returning.version)
    done = frozenset(step.id for step in refs)
    return Place(refs[-1].id, done, returning.version, is_finished=True)
