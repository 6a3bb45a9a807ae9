"""What the assistant reads of a learner's progress. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.views import StatusView, StepLine
from walkthroughs.mcp_server.texts import enclosed, one_line

#: Up to so many steps each has a line; beyond, sections are folded, and so many lines are shown
#: before and after the current step.
_LINES = 40
_AROUND = 15


def next_sentence(view: StatusView) -> str:
    """Return where the learner is and what to call to go on."""
    if view.status is ProgressStatus.NOT_STARTED:
        return (
            "The learner has not started. When they want to, call select_walkthrough with "
            f'walkthrough_id "{view.walkthrough.id}".'
        )
    current = next((line for line in view.steps if line.current), None)
    if current is None:
        return "The learner has finished; nothing is left to do."
    return (
        f'The learner is at step {current.position}, "{one_line(current.title)}". '
        "When they have done it, call next_walkthrough_step with "
        f'current_step_id "{current.id}".'
    )


def status_text(view: StatusView) -> str:
    """Return how far the learner is; the text of a step, if one was asked for; and the steps."""
    state = view.status.replace("_", " ")
    head = f"{one_line(view.walkthrough.title)} (version {view.version}): {state}, {view.percent} %"
    if view.earlier_attempts:
        head += f"; {view.earlier_attempts} earlier attempt(s) kept"
    lines = [head, next_sentence(view), *([view.notice] if view.notice else []), ""]
    if view.step is not None:
        lines += [
            f'Step {view.step.position}, "{one_line(view.step.title)}", to show again; '
            "nothing moved:",
            enclosed(view.step.content),
        ]
        return "\n".join(lines)
    return "\n".join([*lines, *_outline(view.steps)])


def _outline(steps: Sequence[StepLine]) -> list[str]:
    if len(steps) <= _LINES:
        return [_line(step) for step in steps]
    groups = [list(group) for _, group in groupby(steps, key=lambda step: step.section)]
    if len(groups) > _LINES:  # sections that fold nothing
        groups = [list(steps)]
    lines: list[str] = []
    for group in groups:
        lines += _window(group) if any(step.current for step in group) else [_folded(group)]
    return lines


def _window(group: Sequence[StepLine]) -> list[str]:
    """Return a line for each step around the current one, and fold what is before and after."""
    at = next(index for index, step in enumerate(group) if step.current)
    first, last = max(0, at - _AROUND), at + _AROUND + 1
    before, after = group[:first], group[last:]
    return [
        *([_folded(before)] if before else []),
        *(_line(step) for step in group[first:last]),
        *([_folded(after)] if after else []),
    ]


def _folded(group: Sequence[StepLine]) -> str:
    done = sum(step.completed for step in group)
    section = f", {one_line(group[0].section)}" if group[0].section else ""
    span = f"Steps {group[0].position} to {group[-1].position}{section}"
    return f"{span}: {done} of {len(group)} done"


def _line(step: StepLine) -> str:
    mark = "[x]" if step.completed else "[ ]"
    here = "  <- the learner is here" if step.current else ""
    return f'{mark} {step.position}. {one_line(step.title)} ("{step.id}"){here}'
