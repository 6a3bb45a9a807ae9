"""What a draft becomes for learners, and what keeps it from that. Pure.

The text of a field goes through the reader that a file of Git goes through. What is as it is live
stays exactly that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from walkthroughs.content.characters import hidden_characters
from walkthroughs.content.draft import (
    AGAIN,
    Details,
    Draft,
    DraftStep,
    join_tags,
    split_tags,
)
from walkthroughs.content.limits import (
    MAX_MINUTES,
    line_fault,
    number_fault,
    size_fault,
    whole_number,
)
from walkthroughs.content.look import NO_TEXT
from walkthroughs.content.problems import Severity
from walkthroughs.content.step_text import deliver, without_files
from walkthroughs.content.values import StepContent, WalkthroughContent


@dataclass(frozen=True, slots=True)
class DraftProblem:
    """Something in a draft that its writer should know.

    Attributes:
        step: the author id; none: the details.
        field: where it is.
        line: counts from 1.
        message: what is wrong and what to do, in one line.
        level: "error" stops publishing; "warning" and "note" do not.
    """

    step: str | None
    field: str
    line: int
    message: str
    level: Severity = Severity.ERROR

    def as_json(self) -> dict[str, Any]:
        """Return it for a page."""
        return asdict(self)


def draft_of(content: WalkthroughContent, base_version: int, revision: int = 0) -> Draft:
    """Return the draft in which nothing of *content* is changed yet."""
    return Draft(
        Details(
            content.title,
            content.description or "",
            str(content.estimated_minutes or ""),
            join_tags(content.tags),
        ),
        tuple(draft_step(step) for step in content.steps),
        base_version,
        revision,
    )


def draft_step(step: StepContent) -> DraftStep:
    """Return a step in which nothing is changed yet."""
    return DraftStep(
        step.id,
        step.title,
        step.section or "",
        step.content,
        step.agent_instructions or "",
        step.verify or "",
    )


def content_of(
    draft: Draft, live: WalkthroughContent, levels: Mapping[str, str] | None = None
) -> WalkthroughContent:
    """Return what learners would get of *draft*, with the mistakes that are in it.

    Args:
        draft: what is written.
        live: what they get now.
        levels: of steps by author id, `SAME` or `AGAIN`; the draft's own choice for the others.
    """
    known = {step.id: step for step in live.steps}
    details, before = draft.details, draft_of(live, 0).details
    if details == before:
        base = live
    else:
        base = replace(
            live,
            title=details.title.strip(),
            description=details.description.strip() or None,
            estimated_minutes=whole_number(details.minutes.strip(), 1, MAX_MINUTES),
            tags=live.tags if details.tags == before.tags else split_tags(details.tags),
        )
    choices = {step.id: step.revision for step in draft.steps} | dict(levels or {})
    steps = tuple(_step(step, known.get(step.id), choices[step.id]) for step in draft.steps)
    return replace(base, steps=steps, moved=())


def _step(step: DraftStep, live: StepContent | None, choice: str) -> StepContent:
    revision = 1 if live is None else live.revision + (choice == AGAIN)
    written = replace(step, revision=draft_step(live).revision) if live else step
    if live is not None and written == draft_step(live):
        return replace(live, revision=revision)
    return StepContent(
        id=step.id,
        title=step.title.strip(),
        content=_delivered(step.text),
        section=step.section.strip() or None,
        agent_instructions=_delivered(step.assistant) or None,
        verify=_delivered(step.check) or None,
        revision=revision,
    )


def _delivered(text: str) -> str:
    return deliver(text, without_files).parts.content


def problems(draft: Draft, only: Collection[str | None] | None = None) -> tuple[DraftProblem, ...]:
    """Return what is wrong in *draft*, in its order: the words are those that files get.

    Args:
        draft: what is written.
        only: look at these steps, and at the details for none among them; at all without it.
    """
    found: list[DraftProblem] = []
    if only is None or None in only:
        found += _in_details(draft.details)
    if not draft.steps:
        found.append(DraftProblem(None, "steps", 1, '"steps" is missing; add a step'))
    for step in draft.steps:
        if only is None or step.id in only:
            found += _in_step(step)
    return tuple(found)


def changed_steps(draft: Draft, live: WalkthroughContent) -> frozenset[str | None]:
    """Return the steps with a text that is not live, and none, which stands for the details.

    What is live already need not be looked at again, and must not stop the rest.
    """
    before = {step.id: step for step in draft_of(live, 0).steps}
    return frozenset([None, *(step.id for step in draft.steps if step != before.get(step.id))])


def is_blocked(found: Collection[DraftProblem]) -> bool:
    """Return whether one of the problems stops publishing."""
    return any(problem.level is Severity.ERROR for problem in found)


def _in_details(details: Details) -> Iterator[DraftProblem]:
    yield from _in_line(None, "title", details.title)
    yield from _hidden(None, "description", details.description)
    yield from _hidden(None, "tags", details.tags)
    minutes = details.minutes.strip()
    if minutes and whole_number(minutes, 1, MAX_MINUTES) is None:
        yield DraftProblem(None, "minutes", 1, number_fault("estimated_minutes", 1, MAX_MINUTES))


def _in_step(step: DraftStep) -> Iterator[DraftProblem]:
    yield from _in_line(step.id, "title", step.title)
    if step.section.strip():
        yield from _in_line(step.id, "section", step.section)
    if fault := size_fault(len(step.text) + len(step.assistant) + len(step.check)):
        yield DraftProblem(step.id, "text", 1, fault)
    if not step.text.strip():
        yield DraftProblem(step.id, "text", 1, "a step needs a text for the learner")
    for name in ("text", "assistant", "check"):
        yield from _in_text(step.id, name, getattr(step, name))


def _in_line(step: str | None, name: str, text: str) -> Iterator[DraftProblem]:
    yield from _hidden(step, name, text)
    if not text.strip():
        yield DraftProblem(step, name, 1, f'"{name}" is missing')
    elif fault := line_fault(name, text.strip()):
        yield DraftProblem(step, name, 1, fault)


def _hidden(step: str | None, name: str, text: str) -> Iterator[DraftProblem]:
    for each in hidden_characters(text):
        yield DraftProblem(step, name, each.line, each.message)


def _in_text(step: str, name: str, text: str) -> Iterator[DraftProblem]:
    delivered = deliver(text, without_files)
    for each in delivered.findings:
        # Whoever writes here sees it at once; a file may come from people who cannot mend it.
        level = Severity.ERROR if each.kind == NO_TEXT else each.severity
        yield DraftProblem(step, name, each.line, each.message, level)
    if delivered.parts.agent_instructions or delivered.parts.verify:
        message = "parts for the assistant have fields of their own; write them there"
        yield DraftProblem(step, name, 1, message)
