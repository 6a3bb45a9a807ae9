"""Says in words what became of the probe's marks on their way to a model."""

from __future__ import annotations

import json
import re

from tests.assistants import probe
from tests.assistants.stand_ins.base import Call, Received, StandIn

#: KiB of text in one result. A step has 64 at most.
SIZES = tuple(range(8, 65, 4))
CALLS = (
    Call("answer_text"),
    Call("answer_both"),
    Call("answer_error"),
    *(Call("answer_long", {"kib": kib}) for kib in SIZES),
    Call("answer_unmarked", {"kib": SIZES[-1]}),
)


def parts(stand_in: StandIn) -> str:
    """Which parts of a result with text, structured content and `_meta` the model gets."""
    (result,) = stand_in.results_of("answer_both")
    marks = {"text": probe.TEXT, "structured content": probe.STRUCTURED, "`_meta`": probe.META}
    arrived = [part for part, mark in marks.items() if mark in result]
    return " and ".join(arrived) if len(arrived) > 1 else f"{arrived[0]} only"


def frame(stand_in: StandIn) -> str:
    """What stands around a text."""
    return _around(probe.PLAIN_TEXT, stand_in.results_of("answer_text")[0])


def frame_of_error(stand_in: StandIn) -> str:
    """What stands around the text of an error, shortened."""
    return _around(probe.ERROR, stand_in.results_of("answer_error")[0])


def place_of_instructions(received: Received) -> str:
    """Where the server's instructions stand."""
    mark = probe.INSTRUCTIONS.splitlines()[0]
    groups = [tool.namespace_description for tool in received.tools]
    if mark in received.system:
        return "system prompt"
    if mark in received.said:
        return "first message, before the person's"
    is_there = any(mark in words for words in groups)
    return "description of the group of tools" if is_there else "nowhere"


def how_given(stand_in: StandIn, tool: str) -> str:
    """Whether the model has a tool from the start, or must search for it."""
    loaded = stand_in.turns[0].received.tool(tool)
    return "from the start" if loaded else "by name, until searched for"


def hints(received: Received) -> str:
    """Which of a tool's titles and hints the model gets."""
    sent = json.dumps(received.body)
    marks = {"title": probe.TITLE, "title in hints": probe.HINTS_TITLE, "hints": "eadOnlyHint"}
    return ", ".join(name for name, mark in marks.items() if mark in sent) or "none"


def lost_of_schemas(received: Received) -> str:
    """What is left out of the schema of arguments."""
    tool = received.tool("answer_long")
    assert tool, "The model was not given the tool."
    given = tool.schema["properties"]
    lost = [f"`{key}`" for key in probe.PROPERTY if key not in given["kib"]]
    lost += [f"`{key}`" for key in probe.WORD if key not in given["word"]]
    return ", ".join(lost) or "nothing"


def whole_up_to(stand_in: StandIn) -> int:
    """The most KiB that arrived whole, of the sizes tried."""
    results = zip(SIZES, stand_in.results_of("answer_long"), strict=True)
    return max((kib for kib, text in results if "\n".join(probe.numbered(kib)) in text), default=0)


def left_of_the_longest(stand_in: StandIn, tool: str) -> str:
    """What is left of the longest result of *tool*."""
    lines = len(probe.numbered(SIZES[-1]))
    text = stand_in.results_of(tool)[-1]
    arrived = sorted(set(map(int, re.findall(r"line (\d{5})", text))))
    if len(arrived) == lines:
        return "all"
    ends = {"beginning": 0 in arrived, "end": lines - 1 in arrived}
    which = " and ".join(end for end, is_there in ends.items() if is_there) or "the middle"
    size = len(arrived) * SIZES[-1] / lines
    saved = ", the rest in a file" if re.search("aved to|full output see", text) else ""
    return f"{which}, {size:.1f} KiB{saved}"


def changed_later(stand_in: StandIn) -> str:
    """Whether results are shortened once there are many."""
    pairs = zip(stand_in.results, stand_in.last.results, strict=True)
    return "yes" if any(first.text != last.text for first, last in pairs) else "no"


def _around(text: str, result: str) -> str:
    before, found, after = result.partition(text)
    if not found:
        return "the text is changed"
    around = [" ".join(re.sub(r"[\d.]+", "n", words).split()) for words in (before, after)]
    shortened = [words if len(words) <= 60 else f"{words[:40]} …" for words in around]
    return " … ".join(f"`{words}`" for words in shortened if words) or "nothing"
