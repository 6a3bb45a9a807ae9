"""What the assistant reads in a result. Pure: values in, words out.

A result is complete by itself, since several assistants hand their model nothing but the text. What
the assistant must not miss stands before the author's text, since they cut long results.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.views import CatalogEntry, CatalogPage, StatusView, StepBody, StepView

ANONYMOUS = (
    "This needs to know who the learner is, and the address used here is the one for everybody. "
    "Ask the people who offer this server for a personal link and add that address instead. "
    "list_walkthroughs works without."
)
LINK_ENDED = (
    "The personal link used here has ended, so this call changed nothing. The learner's progress "
    "is kept. Ask the people who offer this server for a new link and add that address instead."
)
UNAVAILABLE = (
    "The walkthroughs cannot be reached for a moment. Nothing was lost. "
    "Wait a few seconds, then make the same call again with the same arguments."
)
_BUSY = (
    "This call was not carried out, because there are too many calls at the moment. Nothing was "
    "lost and nothing moved. Wait {seconds} seconds, then make the same call again with the same "
    "arguments, once."
)
#: Characters that the descriptions of one list may take together.
_DESCRIPTIONS = 6000
_NO_MARKUP = str.maketrans("<>", "‹›")


def busy(seconds: int) -> str:
    """Return the sentence for a call that was not begun."""
    return _BUSY.format(seconds=seconds)


def one_line(words: str) -> str:
    """Return a title or a name as one line without markup, so that it cannot pass for a frame."""
    printable = "".join(each if each.isprintable() else " " for each in words)
    return " ".join(printable.split()).translate(_NO_MARKUP)


def step_text(view: StepView) -> str:
    """Return a step view: where, what changed, what to check and call, then the step itself."""
    if view.step is None:
        return _finished(view)
    step = view.step
    rule = (
        f'Show all of "{one_line(step.title)}" below, then stop and wait for the learner. '
        f"When {_until(step)}, call next_walkthrough_step with "
        f'current_step_id "{step.id}".'
    )
    lines = [_place(view, step), *([view.notice] if view.notice else [])]
    lines += [*_assistant_only(step), rule, "", *_enclosed(step.content)]
    return "\n".join(lines)


def hurried_text(view: StepView) -> str:
    """Return why a call that came too soon moved nothing. The assistant has the step already."""
    if view.step is None:  # nothing is left, so nothing was held back
        return _finished(view)
    return (
        f"{_place(view, view.step)}\n{view.notice} Stop and wait for the learner. When "
        f"{_until(view.step)}, call next_walkthrough_step with current_step_id "
        f'"{view.step.id}" again.'
    )


def list_text(page: CatalogPage, query: str | None) -> str:
    """Return a page of the catalogue, a line each, with how to start."""
    if not page.cards:
        return _nothing_listed(page, query)
    first = (page.page - 1) * page.page_size + 1
    last = first + len(page.cards) - 1
    found = "found, best first" if query else "on offer"
    head = f"{page.total} walkthrough(s) {found}"
    if len(page.cards) < page.total:
        head += f"; these are {first} to {last}"
    lines = [f"{head}:", "", *_cards(page.cards), ""]
    if last < page.total:
        lines.append(
            f"{page.total - last} more: call list_walkthroughs with page {page.page + 1}, "
            "or with query to search titles and descriptions."
        )
    lines.append(
        "Tell the learner about them and ask which one to take. "
        "Then call select_walkthrough with its walkthrough_id."
    )
    return "\n".join(lines)


def reset_text(title: str, walkthrough_id: str) -> str:
    """Return the confirmation that progress is gone."""
    return (
        f'All progress in "{one_line(title)}" is deleted, earlier attempts too. '
        f'Call select_walkthrough with walkthrough_id "{walkthrough_id}" to begin again.'
    )


def not_confirmed_text(view: StatusView) -> str:
    """Return how to confirm a reset, which did not happen."""
    return (
        "Nothing was reset. This would delete all of the learner's progress in "
        f'"{one_line(view.walkthrough.title)}" for good ({view.percent} % done, '
        f"{view.earlier_attempts} earlier attempt(s)). Ask the learner; if they say yes, "
        f"call reset_walkthrough_progress with walkthrough_id "
        f'"{view.walkthrough.id}" and confirm true. To begin again and keep what was done, '
        "call select_walkthrough with resume_if_exists false instead."
    )


def enclosed(content: str) -> str:
    """Return the author's text between marks that the text itself cannot imitate."""
    return "\n".join(_enclosed(content))


def _place(view: StepView, step: StepBody) -> str:
    section = f" · {one_line(step.section)}" if step.section else ""
    return (
        f"Step {step.position} of {view.progress.total_steps}{section} · "
        f"{one_line(view.walkthrough.title)} (version {view.walkthrough.version})"
    )


def _assistant_only(step: StepBody) -> list[str]:
    lines = []
    if step.agent_instructions:
        lines.append(f"For you only, not to be shown: {step.agent_instructions}")
    if step.verify:
        lines.append(f"Check before going on: {step.verify}")
    return lines


def _until(step: StepBody) -> str:
    return "they have done it and the check holds" if step.verify else "they have done it"


def _finished(view: StepView) -> str:
    lines = [
        f"{one_line(view.walkthrough.title)} (version {view.walkthrough.version}): finished, "
        f"{view.progress.completed_steps} of {view.progress.total_steps} steps done.",
        *([view.notice] if view.notice else []),
        "",
        "Nothing is left to do, and the learner's progress is kept. Congratulate them and say in a "
        "sentence what they can do now. list_walkthroughs shows what else there is.",
    ]
    return "\n".join(lines)


def _enclosed(content: str) -> list[str]:
    tag = "content"
    while re.search(rf"<\s*/?\s*{tag}", content, re.IGNORECASE):
        tag = f"content-{secrets.token_hex(4)}"
    return [f"<{tag}>", content, f"</{tag}>"]


def _nothing_listed(page: CatalogPage, query: str | None) -> str:
    if page.page > 1:
        return f"There is no page {page.page}. Call list_walkthroughs without page."
    if query:
        return (
            "No walkthrough has any of these words in its title or description. "
            "Try other words, or call list_walkthroughs without query."
        )
    return "Nothing is published on this server at the moment."


def _cards(cards: Sequence[CatalogEntry]) -> list[str]:
    room = max(60, _DESCRIPTIONS // len(cards))
    return [_card(card, room) for card in cards]


def _card(card: CatalogEntry, room: int) -> str:
    facts = [f"{card.total_steps} steps"]
    facts += [f"about {card.estimated_minutes} minutes"] if card.estimated_minutes else []
    if card.status and card.status is not ProgressStatus.NOT_STARTED:
        facts.append(f"{card.status.replace('_', ' ')}, {card.percent} %")
    about = one_line(card.description or "")
    if len(about) > room:
        about = f"{about[:room].rsplit(' ', 1)[0]} …"
    line = f'- {one_line(card.title)} ({", ".join(facts)}; walkthrough_id "{card.id}")'
    return f"{line}: {about}" if about else line
