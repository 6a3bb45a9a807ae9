"""Tags that a step may not hold: their text stays, and what is lost is noted. Pure."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from sync.convert.body.tags import FORMS, FRAMES, KNOWN, REMOVED, Tag, attributes, find_tags
from sync.convert.code import blocks, mask_code
from sync.convert.lines import Edit, Line, apply, joined, line_finder
from sync.convert.values import Notes
from walkthroughs.content.html_rules import ATTRIBUTES, ELEMENTS, HIDING_ATTRIBUTES

_VOID = frozenset({"br", "hr", "img", "source", "wbr", "col"})
_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0\b", re.IGNORECASE)


def convert_html(lines: list[Line], notes: Notes) -> list[Line]:
    """Return the lines with only HTML that a step may hold."""
    text = joined(lines)
    if "<" not in text:
        return lines
    tags = list(find_tags(text, mask_code(text)))
    conversion = _Conversion(text, notes, _end_tags(tags))
    index, raw, past = line_finder(lines), _html_lines(text), 0
    edits, changed = [], set()
    for tag in tags:
        if tag.start < past:
            continue
        at = index(tag.start)
        new, past = conversion.replacement(tag, lines[at].number, is_raw=at in raw)
        if new is not None:
            edits.append(Edit(tag.start, past, new))
            if at in raw:
                changed.add(lines[at].number)
    return [
        # The indent of what stood in an element would make code of it.
        Line(line.text.lstrip(), line.number) if line.number in changed else line
        for line in apply(lines, edits)
    ]


@dataclass(frozen=True, slots=True)
class _Conversion:
    text: str
    notes: Notes
    ends: dict[str, list[Tag]]

    def replacement(self, tag: Tag, number: int, *, is_raw: bool) -> tuple[str | None, int]:
        """Return what stands for a tag (none: itself), and where that ends."""
        name, closing = tag.name.lower(), self._closing(tag)
        is_component = tag.name[0].isupper() and not tag.name.isupper()
        if name in ELEMENTS and not is_component:
            return self._allowed(tag, number), tag.end
        if name not in KNOWN or is_component:
            return self._unknown(tag, closing, number, is_raw=is_raw), tag.end
        if tag.is_end:
            return "", tag.end
        end = closing.end if closing else tag.end
        if name in FRAMES:
            return self._frame(tag, number, is_raw=is_raw), end
        if name in REMOVED:
            self.notes.add(number, f"<{name}> was left out with what is in it")
            return "", end
        kind = "is a control of a form" if name in FORMS else "was taken out"
        self.notes.add(number, f"<{name}> {kind}; its text stays")
        return "", tag.end

    def _closing(self, tag: Tag) -> Tag | None:
        if tag.is_end or tag.is_empty:
            return None
        later = self.ends.get(tag.name, [])
        at = bisect_right(later, tag.start, key=lambda each: each.start)
        return later[at] if at < len(later) else None

    def _allowed(self, tag: Tag, number: int) -> str | None:
        name = tag.name.lower()
        if not tag.attributes.strip():
            return "" if tag.is_empty and name not in _VOID else None
        given = attributes(tag)
        handlers = [each for each in given if each.startswith("on")]
        hiding = HIDING_ATTRIBUTES & given.keys()
        if not handlers and not hiding and "{" not in tag.attributes:
            return None
        if hiding - {"style", "color", "bgcolor"} or _HIDES.search(given.get("style") or ""):
            self.notes.add(number, f"<{name}> was hidden; a step shows all of its text")
        if handlers:
            self.notes.add(number, f"<{name}> ran a script when it was used; it does not any more")
        kept = (
            f' {each}="{html.escape(html.unescape(value))}"' if value is not None else f" {each}"
            for each, value in given.items()
            if each in ATTRIBUTES and not (value or "").startswith("{")
        )
        return f"<{tag.name}{''.join(kept)}>"

    def _frame(self, tag: Tag, number: int, *, is_raw: bool) -> str:
        given = attributes(tag)
        url = html.unescape(given.get("src") or "").strip()
        self.notes.add(number, f"<{tag.name.lower()}> became a link to what it shows")
        if not url.startswith(("https://", "http://")):
            return ""
        title = html.unescape(given.get("title") or url)
        if is_raw:
            return f'<a href="{html.escape(url)}">{html.escape(title)}</a>'
        return f"[{re.sub(r'[<>`]|[][]', ' ', title).strip()}](<{re.sub(r'[<> ]', '', url)}>)"

    def _unknown(self, tag: Tag, closing: Tag | None, number: int, *, is_raw: bool) -> str:
        is_bare = "=" not in tag.attributes and "{" not in tag.attributes
        if tag.is_end or closing or tag.is_empty or not is_bare:
            if not tag.is_end:
                what = "was taken out; its text stays" if closing else "was left out"
                self.notes.add(number, f"the component <{tag.name[:40]}> {what}")
            return ""
        return self._placeholder(tag, is_raw=is_raw)

    def _placeholder(self, tag: Tag, *, is_raw: bool) -> str:
        written = self.text[tag.start : tag.end]
        if is_raw:
            return f"&lt;{written[1:-1]}&gt;"
        around = self.text[max(0, tag.start - 1) : tag.start] + self.text[tag.end : tag.end + 1]
        is_within_word = any(each.isalnum() or each == "`" for each in around)
        return f"\\{written}" if is_within_word or "\n" in written else f"`{written}`"


def _end_tags(tags: list[Tag]) -> dict[str, list[Tag]]:
    ends: dict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        if tag.is_end:
            ends[tag.name].append(tag)
    return ends


def _html_lines(text: str) -> set[int]:
    """Return the numbers (from 0) of lines of HTML blocks, where Markdown means nothing."""
    maps = [token.map for token in blocks(text) if token.type == "html_block" and token.map]
    return {number for start, end in maps for number in range(start, end)}
