"""What the editor shows of a draft: its steps, one of them, and how assistants get it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from walkthroughs.content.draft import Draft, DraftStep
from walkthroughs.content.draft_content import DraftProblem, changed_steps, content_of
from walkthroughs.content.markdown import to_html
from walkthroughs.learning.play_through import about_tokens, view_at
from walkthroughs.mcp_server.texts import step_text
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.presence import Present

#: The names of a step's texts on the page, and what each is for.
TEXTS = (
    ("text", "For the learner", "Markdown. What the learner sees."),
    (
        "assistant",
        "For the assistant",
        "Markdown. How to teach this step. The learner does not see it.",
    ),
    ("check", "Check", "Markdown. What must be true before going on."),
)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in the list.

    `marks` are words such as "changed"; `by` is who wrote in it last, `here` who else has it open.
    """

    id: str
    number: int
    title: str
    marks: tuple[str, ...]
    by: str | None = None
    here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A step as people and assistants get it. Tokens are estimates.

    Attributes:
        html: the text for the learner, safe to show.
        answer: what the assistant is answered, word for word.
        tokens: of that answer.
        tokens_in_all: of the answers for all steps.
    """

    html: str
    answer: str
    tokens: int
    tokens_in_all: int


def sections(
    row: DraftRow, found: Collection[DraftProblem], people: Collection[Present] = ()
) -> list[tuple[str, list[StepRow]]]:
    """Return the steps in order, grouped as they stand by the heading of their section."""
    live = {step.id for step in row.live.steps}
    changed = changed_steps(row.draft, row.live)
    wrong = {problem.step for problem in found if problem.level == "error"}
    authors = _authors(row.draft)
    here = {
        step: tuple(each.name for each in people if each.step == step)
        for step in {each.step for each in people}
    }
    numbered = enumerate(row.draft.steps, start=1)
    return [
        (
            name,
            [
                replace(
                    _row(number, step, live, changed, wrong),
                    by=authors.get(step.id),
                    here=here.get(step.id, ()),
                )
                for number, step in group
            ],
        )
        for name, group in groupby(numbered, key=lambda each: each[1].section.strip())
    ]


def _row(
    number: int,
    step: DraftStep,
    live: Collection[str],
    changed: Collection[str | None],
    wrong: Collection[str | None],
) -> StepRow:
    marks = ["new"] if step.id not in live else ["changed"] if step.id in changed else []
    if step.id in wrong:
        marks.append("problem")
    title = step.title.strip() or "Untitled"
    return StepRow(step.id, number, title, tuple(marks))


def marks_of(row: DraftRow, step: DraftStep, found: Collection[DraftProblem]) -> StepRow:
    """Return a step's row of the list, without its number: *found* is what is wrong in it."""
    wrong = {problem.step for problem in found if problem.level == "error"}
    live = {each.id for each in row.live.steps}
    shown = _row(0, step, live, changed_steps(row.draft, row.live), wrong)
    return replace(shown, by=_authors(row.draft).get(step.id))


def _authors(draft: Draft) -> dict[str, str]:
    """Return, for each step that was written in, who did so last."""
    newest = sorted((mark.revision, key, mark.by) for key, mark in draft.marks.items())
    return {key.partition(".")[0]: by for _, key, by in newest}


def chosen_step(steps: Sequence[DraftStep], name: str) -> DraftStep | None:
    """Return the step of that author id, else the first one; none if there are none."""
    return next((step for step in steps if step.id == name), steps[0] if steps else None)


def preview_of(row: DraftRow, step: DraftStep, pictures: str) -> Preview:
    """Return how a step of the draft would be taught.

    Args:
        row: the draft.
        step: one of its steps.
        pictures: what the addresses of the walkthrough's pictures begin with.
    """
    content = content_of(row.draft, row.live)
    version = row.live_version + 1
    answers = [
        step_text(view_at(content, row.walkthrough.id, version, position))
        for position in range(1, len(content.steps) + 1)
    ]
    place = [each.id for each in content.steps].index(step.id)
    return Preview(
        to_html(content.steps[place].content, pictures),
        answers[place],
        about_tokens(answers[place]),
        sum(about_tokens(answer) for answer in answers),
    )


def neighbours(draft: Draft) -> dict[str, tuple[str | None, str | None]]:
    """Return, for each step, what it stands behind one place further up, and one further down.

    None if it is the first or the last one; an empty text is the first place.
    """
    ids = ["", *(step.id for step in draft.steps)]
    last = len(ids) - 1
    return {
        name: (ids[place - 2] if place > 1 else None, ids[place + 1] if place < last else None)
        for place, name in enumerate(ids)
        if place
    }
