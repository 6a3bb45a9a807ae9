"""What the assistant reads. Pure: values in, words out.

The words hold an assistant back from rushing: one step is shown, a check is
named, and the next call is spelled out to be made only after it holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from walkthroughs.models.progress import Status
from walkthroughs.step_view import Card, StatusView, StepBody, StepView, WalkthroughRef

ANONYMOUS = (
    "This needs to know who the learner is, and the address used here is the one for everybody. "
    "Ask the people who offer this server for a personal link and add that address instead. "
    "list_walkthroughs works without."
)
UNAVAILABLE = (
    "The walkthroughs cannot be reached for a moment. Nothing was lost. "
    "Wait a few seconds, then make the same call again with the same arguments."
)


def step_text(view: StepView) -> str:
    """Return the text of a step view: where, what to show, what to check, what to call next."""
    if view.step is None:
        return _finished(view)
    step = view.step
    place = [f"Step {step.position} of {view.progress.total_steps}"]
    place += [step.section] if step.section else []
    lines = [
        f"{' · '.join(place)} · {view.walkthrough.title} (version {view.walkthrough.version})",
        *([view.notice] if view.notice else []),
        "",
        f'Show the learner this step, "{step.title}", in your own formatting, nothing left out:',
        *_enclosed(step.content),
        *_for_the_assistant(step),
        "",
        f"{_pause(step)}call next_walkthrough_step with current_step_id "
        f'"{step.id}". One step at a time: never go on by yourself, and do not show later steps.',
    ]
    return "\n".join(lines)


def list_text(cards: Sequence[Card]) -> str:
    """Return the catalogue, a line each, with how to start."""
    if not cards:
        return "No walkthroughs are offered here at the moment."
    lines = [f"{len(cards)} walkthrough(s):", ""]
    lines += [_card(card) for card in cards]
    lines += [
        "",
        "Tell the learner about them and ask which one to take. "
        "Then call select_walkthrough with its walkthrough_id.",
    ]
    return "\n".join(lines)


def status_text(view: StatusView) -> str:
    """Return how far the learner is, a line for each step."""
    marks = [
        f"{'[x]' if line.completed else '[ ]'} {line.position}. {line.title}"
        f"{'  <- the learner is here' if line.current else ''}"
        for line in view.steps
    ]
    state = view.status.replace("_", " ")
    head = f"{view.walkthrough.title} (version {view.version}): {state}, {view.percent} %"
    return "\n".join([head, "", *marks])


def reset_text(walkthrough: WalkthroughRef) -> str:
    """Return the confirmation that progress is gone."""
    return (
        f'All progress in "{walkthrough.title}" is forgotten. '
        f'Call select_walkthrough with walkthrough_id "{walkthrough.id}" to begin again.'
    )


def not_confirmed_text(walkthrough_id: str) -> str:
    """Return how to confirm a reset, which did not happen."""
    return (
        "Nothing was reset. This would forget all of the learner's progress for good. "
        "Ask the learner; if they say yes, call reset_walkthrough_progress with walkthrough_id "
        f'"{walkthrough_id}" and confirm true.'
    )


def _finished(view: StepView) -> str:
    lines = [
        f"{view.walkthrough.title} (version {view.walkthrough.version}): finished, "
        f"{view.progress.completed_steps} of {view.progress.total_steps} steps done.",
        *([view.notice] if view.notice else []),
        "",
        "Congratulate the learner and say in a sentence what they can do now. "
        "list_walkthroughs shows what else there is.",
    ]
    return "\n".join(lines)


def _enclosed(content: str) -> list[str]:
    """Mark where the author's text begins and ends, in a way the text itself cannot end."""
    tag = "content"
    while f"</{tag}>" in content:
        tag = f"content-{secrets.token_hex(4)}"
    return [f"<{tag}>", content, f"</{tag}>"]


def _for_the_assistant(step: StepBody) -> list[str]:
    lines = []
    if step.agent_instructions:
        lines += ["", f"For you only, not to be shown: {step.agent_instructions}"]
    if step.verify:
        lines += ["", f"Before going on, check with the learner: {step.verify}"]
    return lines


def _pause(step: StepBody) -> str:
    until = "the check holds" if step.verify else "the learner says that it is done"
    return f"Then stop and wait for the learner. Only when {until}, "


def _card(card: Card) -> str:
    facts = [f"{card.total_steps} steps"]
    facts += [f"about {card.estimated_minutes} minutes"] if card.estimated_minutes else []
    if card.status and card.status is not Status.NOT_STARTED:
        facts.append(f"{card.status.replace('_', ' ')}, {card.percent} %")
    about = f": {card.description}" if card.description else ""
    return f'- {card.title} ({", ".join(facts)}; walkthrough_id "{card.id}"){about}'
