"""The Markdown of a step: its parts by audience, what is refused, and safe HTML. Pure.

A walkthrough instructs an assistant, so what a reviewer sees must be what the
assistant gets: text that hides is refused, never cleaned up silently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import mistune
import nh3
from mistune.directives import FencedDirective

_AUDIENCES = ("agent", "verify")
_DIRECTIVE = re.compile(r"\{([a-zA-Z0-9_-]+)\}([^\n]*)\n(.*)\Z", re.DOTALL)
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
#: Join emoji into one, or ask for their coloured form.
_EMOJI_JOINERS = frozenset("\u200d\ufe0f")
#: Printable ASCII and newline. Most steps contain nothing else and skip the slow check.
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F)) + b"\n"
#: Refusals of one kind that are shown for a text.
_MAX_REFUSALS = 20
#: Look like nothing, though Unicode does not call them format characters.
_BLANK_LOOKING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


@dataclass(frozen=True, slots=True)
class Parts:
    """A step's Markdown by audience."""

    content: str
    agent_instructions: str | None = None
    verify: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in a text that is not accepted; the line counts from 1."""

    line: int
    message: str


class PartsInvalid(ValueError):
    """The directives of a step cannot be told apart."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def split(body: str) -> Parts:
    """Take the assistant's parts out of a step's Markdown.

    Several parts of one kind are joined with a blank line between them.

    Raises:
        PartsInvalid: a directive is unknown or never closed.
    """
    if ":::" not in body:
        return Parts(body.strip("\n") if body.strip() else "")
    finder = _DirectiveFinder()
    mistune.create_markdown(renderer=None, plugins=[finder])(body)
    texts: dict[str, list[str]] = {name: [] for name in _AUDIENCES}
    kept, at = [], 0
    for start, end, text in finder.found:
        line = body.count("\n", 0, start) + 1
        name, inner = _directive(text, line)
        texts[name].append(inner)
        kept.append(body[at:start])
        at = end
    kept.append(body[at:])
    content = "\n\n".join(piece for piece in (part.strip("\n") for part in kept) if piece.strip())
    return Parts(content, *("\n\n".join(texts[name]) or None for name in _AUDIENCES))


def join(parts: Parts) -> str:
    """Return one Markdown text that `split` takes apart into *parts* again."""
    pieces = [parts.content] if parts.content else []
    for name, text in zip(_AUDIENCES, (parts.agent_instructions, parts.verify), strict=True):
        if text:
            fence = ":" * max(3, 1 + max(map(len, re.findall(r":{3,}", text)), default=0))
            pieces.append(f"{fence}{{{name}}}\n{text}\n{fence}")
    return "\n\n".join(pieces) + "\n"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at a text found.

    Attributes:
        refusals: what is not accepted: all that hides, loads or runs something.
        targets: the relative links and images, which must exist beside the file.
    """

    refusals: tuple[Refusal, ...]
    relative_links: tuple[str, ...]


def check_text(text: str) -> Findings:
    """Look through a text once."""
    refused: list[Refusal] = []
    targets: list[str] = []
    # Without these there is no link, image or HTML: most texts need no parsing.
    for token in _tokens(text) if "<" in text or "[" in text else ():
        url = str(token.get("attrs", {}).get("url", ""))
        bad = _refused_token(token, url)
        if bad is not None:
            refused.append(_refused(bad, text))
        elif token["type"] in {"link", "image"} and url and not _scheme(url) and url[0] not in "#/":
            targets.append(url)
    return Findings((*hidden_characters(text), *_bounded(refused)), tuple(targets))


def refusals(text: str) -> tuple[Refusal, ...]:
    """Return what is not accepted in a text."""
    return check_text(text).refusals


def to_html(text: str) -> str:
    """Return HTML for people: raw HTML is shown as text, then all but an allow-list is removed."""
    markdown = mistune.create_markdown(escape=True, plugins=["strikethrough", "table"])
    return nh3.clean(str(markdown(text)), url_schemes=set(_LINK_SCHEMES), link_rel="noopener")


class _DirectiveFinder(FencedDirective):
    """Notes where directives stand at the top level; Mistune decides what is one."""

    def __init__(self) -> None:
        super().__init__([], ":")
        self.found: list[tuple[int, int, str]] = []

    def _process_directive(
        self, block: mistune.BlockParser, marker: str, start: int, state: mistune.BlockState
    ) -> int | None:
        end = re.compile(rf"^ {{0,3}}:{{{len(marker)},}}[ \t]*(?:\n|\Z)", re.MULTILINE)
        closed = end.search(state.src, start + len(marker))
        if state.depth():
            return None
        stop = closed.start() if closed else state.cursor_max
        text = state.src[start + len(marker) : stop] if closed else ""
        self.found.append((start, closed.end() if closed else state.cursor_max, text))
        return self.found[-1][1]


def _directive(text: str, line: int) -> tuple[str, str]:
    found = _DIRECTIVE.match(text)
    if found is None:
        raise PartsInvalid(Refusal(line, 'this part is never closed; end it with a line ":::"'))
    name, rest, inner = found.groups()
    if name not in _AUDIENCES or rest.strip():
        known = " or ".join(f":::{{{each}}}" for each in _AUDIENCES)
        raise PartsInvalid(
            Refusal(line, f'":::{{{name}}}{rest}" is no part of a step; use {known}')
        )
    return name, inner.strip("\n")


def _tokens(text: str) -> Iterator[dict[str, Any]]:
    parsed = mistune.create_markdown(renderer=None, plugins=["strikethrough", "table"])(text)
    pending: list[Any] = list(parsed) if isinstance(parsed, list) else []
    while pending:
        token = pending.pop()
        yield token
        pending.extend(token.get("children") or ())


def _refused_token(token: dict[str, Any], url: str) -> tuple[str, str] | None:
    """Return (what to look for in the text, message) if the token is refused."""
    if token["type"] in {"block_html", "inline_html"}:
        raw = str(token.get("raw", "")).strip()
        return raw[:40].split("\n")[0], "HTML can hide text; write Markdown"
    if token["type"] == "image" and (_scheme(url) or url.startswith("//")):
        return url, "remote images are not loaded; put the image beside the step"
    if token["type"] == "link" and _scheme(url) not in _LINK_SCHEMES | {None}:
        return url, f'links of the kind "{_scheme(url)}:" are not allowed'
    return None


def _refused(found: tuple[str, str], text: str) -> Refusal:
    needle, message = found
    return Refusal(text.count("\n", 0, max(0, text.find(needle))) + 1, message)


def _scheme(url: str) -> str | None:
    match = _SCHEME.match(url)
    return match[1].lower() if match else None


def hidden_characters(text: str) -> Iterable[Refusal]:
    """Return a refusal for each line with a character that a reviewer cannot see, bounded."""
    return _bounded(_hidden_characters(text))


def _bounded(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return the first refusals, and how many there are beyond: an author fixes these at once."""
    shown: list[Refusal] = []
    more, first_line = 0, 0
    for refusal in refusals:
        if len(shown) < _MAX_REFUSALS:
            shown.append(refusal)
        else:
            first_line = first_line or refusal.line
            more += 1
    if more:
        shown.append(Refusal(first_line, f"and {more:,} more like these in this file"))
    return shown


def _hidden_characters(text: str) -> Iterator[Refusal]:
    if text.isascii() and not text.encode().translate(None, _PRINTABLE_ASCII):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isascii() and line.isprintable():
            continue
        before = ""
        for character in line:
            if _is_hidden(character, before):
                name = f"U+{ord(character):04X}"
                yield Refusal(number, f"the character {name} cannot be seen; remove it")
                break
            before = character


def _is_hidden(character: str, before: str) -> bool:
    if character == "\t":
        return False
    if character in _EMOJI_JOINERS:
        return unicodedata.category(before or "a") not in {"So", "Sk", "Mn", "Me", "Po", "Nd", "Sm"}
    category = unicodedata.category(character)
    return category in {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"} or character in _BLANK_LOOKING
