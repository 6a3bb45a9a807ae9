"""What prompts and resources say. Pure: values in, words out."""

from __future__ import annotations

from walkthroughs.learning.views import Offer, StatusView, StepBody
from walkthroughs.mcp_server.status_text import status_text
from walkthroughs.mcp_server.texts import one_line

CONTINUE_DESCRIPTION = "Go on with the walkthrough where you were."
#: The learner says this, so it asks the assistant to tell them.
ANONYMOUS_PROMPT = (
    "I want to take a walkthrough here, but this server does not know who I am, because the "
    "address used here is the one for everybody. Tell me to ask the people who offer this server "
    "for a personal link, and to add that address instead. Without it, list_walkthroughs is the "
    "only call that works."
)
NOTHING_OPEN = (
    "I want to go on with a walkthrough, and none is in progress here. Call list_walkthroughs, "
    "tell me what there is, and ask me which one to take."
)
#: One answer, so that it says nothing about what others have.
NO_RESOURCE = (
    'There is nothing to read at "{uri}" for this learner. It is mistyped or withdrawn, or a step '
    "that the learner has not reached yet. resources/list shows the walkthroughs, and the text of "
    "each names the steps that can be read."
)
_TITLE_CHARACTERS = 80


def short(words: str, most: int = _TITLE_CHARACTERS) -> str:
    """Return *words* as one line without markup that is not longer than a list bears."""
    line = one_line(words)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def offer_description(offer: Offer) -> str:
    """Return what a walkthrough is about: its title, and what its author says of it."""
    about = one_line(offer.description or "")
    return short(f"{short(offer.title)}: {about}" if about else offer.title, 2 * _TITLE_CHARACTERS)


def walkthrough_prompt(offer: Offer) -> str:
    """Return what a learner says who wants to take a walkthrough."""
    return f'Lead me through the walkthrough "{short(offer.title)}". {_call(offer)}'


def continue_prompt(offer: Offer | None) -> str:
    """Return what a learner says who wants to go on; none: nothing is in progress."""
    if offer is None:
        return NOTHING_OPEN
    return f'Go on with the walkthrough "{short(offer.title)}" where I was. {_call(offer)}'


def outline_text(view: StatusView, step_address: str) -> str:
    """Return the outline of a walkthrough with how far the learner is.

    *step_address* is what the address of a step begins with.
    """
    return (
        f"{status_text(view)}\n\nThe text of a step that is done or current can be read at "
        f"{step_address} followed by its id."
    )


def step_page(view: StatusView, step: StepBody) -> str:
    """Return a step as the learner reads it: where it is, then the author's text."""
    section = f" · {one_line(step.section)}" if step.section else ""
    place = f"Step {step.position} of {len(view.steps)}{section} · {short(view.walkthrough.title)}"
    return f"# {one_line(step.title)}\n\n{place}\n\n{step.content}"


def _call(offer: Offer) -> str:
    return (
        f'Call select_walkthrough with walkthrough_id "{offer.id}". Show me the whole step it '
        "returns, then stop and wait for me."
    )
