"""A look through a Markdown text: what is wrong with it, and what is not delivered. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from walkthroughs.content import html_rules
from walkthroughs.content.findings import Finding
from walkthroughs.content.html_rules import Tag, read_tag
from walkthroughs.content.places import Span
from walkthroughs.content.problems import Severity
from walkthroughs.content.reader import HtmlPiece, Link, Reading, read

#: The kind of finding of a picture that only those see who see.
NO_TEXT = "a picture without a text"
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
#: Browsers leave these out of an address.
_LEFT_OUT = re.compile(r"[\x00-\x20]")
_MDX_BEGINS = ("import ", "export ")
_MDX_LINE = re.compile(
    r"(?:import\s+(?:[\w{*].*\sfrom\s+)?[\"'][^\"']+[\"'];?"
    r"|export\s+(?:const|let|var|default|function)\b.*)\s*\Z"
)
_MDX = (
    "an import or export, which only a website's build can read; write Markdown, or convert the "
    "file: flask content convert"
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What becomes of a link or a picture.

    Attributes:
        target: its new address; none if it stays.
        text: what stands in place of all of it; none if it stays.
        finding: what its author should know.
    """

    target: str | None = None
    text: str | None = None
    finding: Finding | None = None


#: Says what becomes of a link or picture whose address has no scheme.
Resolve = Callable[[Link], Resolved]


def as_written(_: Link) -> Resolved:
    """Leave a link as it is."""
    return Resolved()


def needs_reading(text: str) -> bool:
    """Return whether a look can find anything in *text*: in most texts it cannot."""
    if "<" in text or "[" in text or text.startswith(_MDX_BEGINS):
        return True
    return ("`" in text and "```" in text) or ("~" in text and "~~~" in text)


class Look:
    """What one reading of a text finds.

    Attributes:
        findings: what its author should know, in no order.
        edits: what is put in place of which span before the text is delivered.
    """

    def __init__(self, text: str, resolve: Resolve) -> None:
        self.findings: list[Finding] = []
        self.edits: list[tuple[Span, str]] = []
        self._text, self._resolve = text, resolve
        #: Labels of definitions that links name, and of those whose links are delivered.
        self._named: set[str] = set()
        self._used: set[str] = set()
        reading = read(text)
        self._fences(reading)
        for piece in reading.html:
            self._html(piece)
        for link in reading.links:
            self._link(link, reading)
        self._definitions(reading)
        for number, line in enumerate(text.split("\n")):
            if line.startswith(_MDX_BEGINS) and number not in reading.fenced | reading.in_html:
                self._mdx(number, line)
        if "<video" in text.lower():
            self._videos(reading)

    def _note(
        self, line: int, message: str, severity: Severity = Severity.ERROR, kind: str = ""
    ) -> None:
        self.findings.append(Finding(line, message, severity, kind))

    def _mdx(self, number: int, line: str) -> None:
        if _MDX_LINE.match(line):
            self._note(number + 1, _MDX, kind="MDX")

    def _fences(self, reading: Reading) -> None:
        for number in reading.open_fences:
            self._note(number + 1, "this code is never closed; end it with a line of its marks")
        for number in reading.unread:
            message = "too many brackets, lists or quotes in one block; write several"
            self._note(number + 1, message)

    def _html(self, piece: HtmlPiece) -> None:
        tag = read_tag(piece.text)
        if piece.text.startswith("<!--"):
            self._comment(piece)
        elif not piece.is_whole:
            shown = piece.text.split("\n")[0]
            shown = shown[: shown.find(">") + 1] or shown
            message = f"{shown} is no complete tag; {html_rules.as_text(piece.is_inside)}"
            self._note(piece.line, message, kind="tag")
        elif tag is None:
            self._note(piece.line, "a declaration is not shown; put it in a code block")
        else:
            for kind, message in html_rules.faults(tag, piece.text, piece.is_inside):
                self._note(piece.line, message, kind=kind)
            self._attributes(tag, piece)

    def _comment(self, piece: HtmlPiece) -> None:
        inner = piece.text[4:-3]
        if not piece.is_whole:
            message = 'a comment that its block does not close; end it with "-->", or remove it'
            self._note(piece.line, message)
            return
        if len(piece.text) < len("<!---->") or inner.startswith((">", "->")) or "--!>" in inner:
            self._note(piece.line, "a comment that readers end at different places; remove it")
            return
        self._note(piece.line, "a comment, which nobody is shown: it is left out", Severity.NOTE)
        self._cut(piece.span(), piece.line, with_its_lines=True)

    def _attributes(self, tag: Tag, piece: HtmlPiece) -> None:
        for start, end in html_rules.dropped(tag):
            self._cut(piece.span(start, end), piece.line)
        for each in tag.attributes:
            if each.name in html_rules.ADDRESSES and each.value:
                is_picture = each.name != "href"
                text = next((a.value for a in tag.attributes if a.name == "alt"), "")
                link = Link(
                    piece.line, is_picture, each.value, text, None, piece.span(*each.target)
                )
                resolved = self._resolved(link)
                if resolved.text is not None:  # the text of the link is between the tags
                    self._cut(piece.span(each.start, each.end), piece.line)
                elif resolved.target is not None:
                    self._change(link.target_span, link.line, resolved.target)

    def _link(self, link: Link, reading: Reading) -> None:
        resolved = self._resolved(link)
        if link.is_picture and not link.text.strip():
            message = "a picture without a text for those who do not see it: ![what it shows](...)"
            self._note(link.line, message, Severity.WARNING, kind=NO_TEXT)
        self._named.add(link.label)
        if resolved.text is not None:
            self._change(link.span, link.line, resolved.text)
            return
        self._used.add(link.label)
        if resolved.target is not None:
            definition = reading.definitions.get(link.label)
            span = definition.target_span if definition else link.target_span
            self._change(span, link.line, resolved.target)

    def _resolved(self, link: Link) -> Resolved:
        fault = _address_fault(link)
        if fault is not None:
            message, severity = fault
            self._note(link.line, message, severity)
            return Resolved()
        if _scheme(link.target) or not link.target or link.target.startswith("#"):
            return Resolved()
        resolved = self._resolve(link)
        if resolved.finding is not None:
            self.findings.append(resolved.finding)
        return resolved

    def _definitions(self, reading: Reading) -> None:
        """Cut definitions of links that no link names: a page does not show them."""
        found = [*reading.definitions.items(), *(("", each) for each in reading.spare)]
        for label, each in found:
            if label in self._used:
                continue
            if label not in self._named:
                message = "a definition that no link names, which nobody is shown: it is left out"
                self._note(each.line, message, Severity.NOTE)
            self.edits.append((each.span, ""))

    def _videos(self, reading: Reading) -> None:
        for piece in reading.html:
            span = piece.span()
            if piece.text.lower().startswith("<video") and span:
                inner, closed, _ = self._text[span[1] :].partition("</video>")
                if not closed or re.sub(r"<[^>]*>", "", inner).strip():
                    self._note(piece.line, "what is in <video> besides <source> is not shown")

    def _cut(self, span: Span | None, line: int, *, with_its_lines: bool = False) -> None:
        if span is not None and with_its_lines:
            start = self._text.rfind("\n", 0, span[0]) + 1
            end = self._text.find("\n", span[1])
            end = len(self._text) if end < 0 else end + 1
            if not (self._text[start : span[0]] + self._text[span[1] : end]).strip():
                span = start, end
        self._change(span, line, "")

    def _change(self, span: Span | None, line: int, replacement: str) -> None:
        if span is None:
            self._note(line, "this cannot be taken apart here; write it in one line, by itself")
        else:
            self.edits.append((span, replacement))


def _address_fault(link: Link) -> tuple[str, Severity] | None:
    """Return what is wrong with an address, and how bad it is."""
    scheme = _scheme(link.target)
    if _LEFT_OUT.sub("", link.target).startswith("//"):
        return 'an address that begins with "//"; write https:// before it', Severity.ERROR
    if not link.is_picture:
        if scheme in _LINK_SCHEMES | {None}:
            return None
        return f'links of the kind "{scheme}:" are not allowed', Severity.ERROR
    if scheme == "https":
        message = (
            "a picture of another host, which may change or vanish; better put it beside the step"
        )
        return message, Severity.WARNING
    if scheme is not None:
        message = f'pictures of the kind "{scheme}:" are not shown; put the picture beside the step'
        return message, Severity.ERROR
    return None


def _scheme(target: str) -> str | None:
    match = _SCHEME.match(_LEFT_OUT.sub("", target))
    return match[1].lower() if match else None
