"""What an assistant would be answered, for content that no learner has. Pure.

It is made by the functions that answer learners, so that a preview shows what they get.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.position import percent_of
from walkthroughs.learning.views import ProgressFacts, StepBody, StepView, WalkthroughRef

#: Letters of English text for one token, on average, with the tokenizers in use.
_LETTERS_A_TOKEN = 4


def step_bodies(steps: Sequence[StepContent]) -> tuple[StepBody, ...]:
    """Return the steps as they are taught; their author ids stand for those of rows."""
    return tuple(
        StepBody(
            id=step.id,
            title=step.title,
            section=step.section,
            position=position,
            content=step.content,
            agent_instructions=step.agent_instructions,
            verify=step.verify,
        )
        for position, step in enumerate(steps, start=1)
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
    bodies, done = step_bodies(content.steps), position - 1
    is_over = position > len(bodies)
    return StepView(
        walkthrough=WalkthroughRef(walkthrough_id, content.title, version),
        step=None if is_over else bodies[done],
        progress=ProgressFacts(
            status=ProgressStatus.COMPLETED if is_over else ProgressStatus.IN_PROGRESS,
            completed_steps=done,
            total_steps=len(bodies),
            percent=percent_of(done, len(bodies)),
        ),
    )


def about_tokens(text: str) -> int:
    """Return about how many tokens a model reads in *text*."""
    return -(-len(text) // _LETTERS_A_TOKEN)
