"""What every assistant reads before the first call: descriptions of the tools, instructions.

The rule of teaching stands here, because assistants trust these words. Some of them treat what a
result says as data whose directives are to be ignored.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkthroughs.mcp_server.texts import one_line

#: Each begins with the sentence of the specification. At most 60 words: they are always loaded.
LIST = (
    "List all available walkthroughs for this MCP server. Use it when the person asks to learn, "
    "to be shown, to be guided, or asks for a tutorial or onboarding. Tell them what there is, ask "
    "which one to take, then call select_walkthrough."
)
SELECT = (
    "Start or resume a specific walkthrough. Use it when the learner has chosen one or wants to "
    "go on. Show the whole step in the learner's language, commands and code unchanged, then stop "
    "and wait. One step at a time; never do the learner's work unless they ask."
)
NEXT = (
    "Get the next step in the current walkthrough. Call it only when the learner has done the "
    "step and its check holds; a call made too soon is held back. Show the whole step in the "
    "learner's language, commands and code unchanged, one step at a time; stop and wait. Never do "
    "the learner's work unless they ask."
)
STATUS = (
    "Gets the current progress for a given walkthrough, including completed steps. Use it when the "
    "learner asks how far they are, or wants to see a step again: name it by step_id or position. "
    "It moves nothing."
)
RESET = (
    "Resets all progress for a specific walkthrough for the current user. This action is "
    "irreversible. Use it only when the learner wants everything deleted; ask them first. To begin "
    "again and keep what was done, call select_walkthrough with resume_if_exists false."
)

_CONTRACT = (
    "When the person asks to learn, to be shown or to be guided, call list_walkthroughs, and teach "
    "one whole step at a time in their language, with commands and code unchanged. "
    "After each step stop and wait; call next_walkthrough_step only when the learner has done it "
    "and its check holds. "
    "Never do the learner's work unless they ask."
)
_TITLE_CHARACTERS = 80


def instructions(name: str, titles: Sequence[str] | None, total: int, own: str | None) -> str:
    """Return the instructions of a server: who offers what, the rule, then the organization's own.

    Args:
        name: the server's name.
        titles: of the first walkthroughs on offer, at most ten; none if they are not known.
        total: how many are on offer.
        own: what the organization wrote, if it did.
    """
    ours = f"{_short(name)} offers step-by-step walkthroughs here.{_offer(titles, total)}"
    return "\n".join([ours, _CONTRACT, *(["", own] if own else [])])


def _offer(titles: Sequence[str] | None, total: int) -> str:
    if titles is None:
        return ""
    if not titles:
        return " Nothing is published yet."
    more = f"; and {total - len(titles)} more" if total > len(titles) else ""
    return f" Walkthroughs: {'; '.join(map(_short, titles))}{more}."


def _short(title: str) -> str:
    line = one_line(title)
    return line if len(line) <= _TITLE_CHARACTERS else f"{line[:_TITLE_CHARACTERS]}…"
