"""Where code, HTML, links and pictures stand in a Markdown text, by CommonMark. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.token import Token

from walkthroughs.content.markdown_parser import MAX_NESTING, OPENS_COMMENT, parser
from walkthroughs.content.places import Lines, Origin, Segment, Span

#: A code fence that opens or closes.
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*\Z")
#: What HTML begins with, and what it ends with.
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<": ">"}
#: To read square brackets costs the square of their number in a block: some two seconds in all.
_MAX_COST = 2_000_000


@dataclass(frozen=True, slots=True)
class HtmlPiece:
    """A tag, a comment, a declaration, or a `<` that begins none of them though it looks so.

    Attributes:
        line: counts from 1.
        text: as written.
        is_whole: it is one by CommonMark's grammar.
        origin: where each part of it stands in the text; none if the reader cannot tell.
        is_inside: it stands within a block of HTML, where backticks are nothing but text.
    """

    line: int
    text: str
    is_whole: bool
    origin: Origin
    is_inside: bool = False

    def span(self, start: int = 0, end: int | None = None) -> Span | None:
        """Return where *start* to *end* of the piece stand in the whole text."""
        return self.origin.span(start, len(self.text) if end is None else end)


@dataclass(frozen=True, slots=True)
class Link:
    """A link or a picture.

    Attributes:
        line: counts from 1.
        is_picture: it is shown, not followed.
        target: the address, without escapes.
        text: what is between the square brackets.
        span: where all of it stands; none if the reader cannot tell.
        target_span: where its address stands; none if it is elsewhere, in a definition.
        label: of its definition; empty if it has its address itself.
    """

    line: int
    is_picture: bool
    target: str
    text: str
    span: Span | None
    target_span: Span | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """`[label]: target`.

    Attributes:
        line: counts from 1.
        span: where its lines stand, the end of the last one included.
        target_span: where its target stands; none if it is written with escapes.
    """

    line: int
    span: Span
    target_span: Span | None


@dataclass(slots=True)
class Reading:
    """What a text holds.

    Attributes:
        fenced: the lines of code fences, their first and last one included; lines count from 0.
        open_fences: the first lines of code fences that are never closed.
        in_html: the lines of blocks of HTML, which a page shows as HTML; lines count from 0.
        html: pieces of HTML outside code.
        links: links and pictures outside code.
        definitions: by their labels. Those of a label that has one already are `spare`.
        unread: the first lines of blocks that are nested too deep, or hold too many brackets.
        cost: what reading has cost so far, in the squares of brackets.
    """

    fenced: set[int] = field(default_factory=set)
    open_fences: list[int] = field(default_factory=list)
    in_html: set[int] = field(default_factory=set)
    html: list[HtmlPiece] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    spare: list[Definition] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    cost: int = 0


def read(text: str) -> Reading:
    """Say where what stands in *text*, whose lines end with newlines."""
    environment: dict[str, Any] = {}
    tokens = parser().parse(text, environment)
    lines = Lines(text)
    reading = Reading()
    for token in tokens:
        if token.type == "fence":
            _note_fence(token, lines, reading)
        elif token.type == "html_block":
            reading.in_html.update(range(*(token.map or (0, 0))))
            _note_html(Segment(token, lines), token.content, 0, reading)
        elif token.type == "inline" and ("<" in token.content or "[" in token.content):
            _read_inline(token, environment, lines, reading)
        if token.level >= MAX_NESTING - 1 and token.map:  # what ends a block has no place
            reading.unread.append(token.map[0])
    for label, found in environment.get("references", {}).items():
        reading.definitions[label] = _definition(found, lines)
    reading.spare += [_definition(each, lines) for each in environment.get("duplicate_refs", ())]
    return reading


def _read_inline(token: Token, environment: dict[str, Any], lines: Lines, reading: Reading) -> None:
    reading.cost += token.content.count("[") ** 2
    if reading.cost > _MAX_COST:
        reading.unread.append((token.map or (0, 0))[0])
        return
    found: list[Token] = []
    parser().inline.parse(token.content, parser(), environment, found)
    _note_inline(found, Segment(token, lines), 0, reading)


def _note_fence(token: Token, lines: Lines, reading: Reading) -> None:
    first, end = token.map or (0, 0)
    reading.fenced.update(range(first, end))
    closing = _FENCE.search(lines.lines[end - 1])
    is_closed = closing and closing[1].startswith(token.markup)
    # A last line without a newline is code, whatever it ends with.
    code = f"{token.content}\n" if token.content[-1:] not in {"", "\n"} else token.content
    if not is_closed or code.count("\n") != end - first - 2:
        reading.open_fences.append(first)


def _note_html(segment: Segment, content: str, at: int, reading: Reading) -> None:
    """Take a block of HTML apart into its tags and what is none."""
    # Where no end follows, a match would look through all the rest, for each beginning.
    last = {start: content.rfind(end) for start, end in _ENDS.items()}
    position = content.find("<")
    while position >= 0:
        kind = next(start for start in _ENDS if content.startswith(start, position))
        found = HTML_TAG_RE.match(content, position) if last[kind] > position else None
        after = content[position + 1 : position + 2]
        end = found.end() if found else position + 1
        if found or after.isalpha() or after in {"/", "!", "?"}:
            piece = content[position : end if found else position + 40]
            origin = Origin(segment, at + position)
            line = segment.line(at + position)
            is_inside = not content[:position].isspace() and position > 0
            reading.html.append(HtmlPiece(line, piece, found is not None, origin, is_inside))
        position = content.find("<", end)


def _note_inline(tokens: Sequence[Token], segment: Segment, at: int, reading: Reading) -> None:
    for token in tokens:
        start, end, *target = (at + place for place in token.meta.get("places", (0, 0)))
        if token.type == "html_inline":
            origin = Origin(segment, start)
            line = segment.line(start)
            is_whole = token.content != OPENS_COMMENT
            reading.html.append(HtmlPiece(line, token.content, is_whole, origin))
        elif token.type in {"image", "link_open"}:
            is_picture = token.type == "image"
            reading.links.append(
                Link(
                    segment.line(start),
                    is_picture,
                    str(token.attrs["src" if is_picture else "href"]),
                    token.content,
                    Origin(segment, start).span(0, end - start),
                    Origin(segment, target[0]).span(0, target[1] - target[0]) if target else None,
                    str(token.meta.get("label", "")),
                )
            )
        if token.type == "image":
            _note_inline(token.children or (), segment, start + 2, reading)


def _definition(found: dict[str, Any], lines: Lines) -> Definition:
    first, end = found["map"]
    start, stop = lines.starts[first], lines.starts[end] - 1
    target = found["href"]
    at = lines.text.find(target, lines.text.find("]:", start, stop), stop) if target else -1
    target_span = (at, at + len(target)) if at >= 0 else None
    return Definition(first + 1, (start, min(stop + 1, len(lines.text))), target_span)
