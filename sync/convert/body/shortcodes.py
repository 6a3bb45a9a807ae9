"""Tags of Liquid, Jinja, Hugo, GitBook and mdBook within lines. Pure."""

from __future__ import annotations

import re

from sync.convert.lines import Found, Line, joined, substitute
from sync.convert.values import Notes

_TAG = re.compile(
    r"\{%-?[ \t]*(?P<liquid>[^%{}\0]{0,300})%\}"
    r"|\{\{[<%][ \t]*(?P<hugo>[^{}\0]{0,500}?)[>%]\}\}"
    r"|\{\{[ \t]*(?P<book>#\w+[^{}\n\0]{0,300})\}\}"
    r"|(?<!=)\{\{-?[ \t]*(?P<value>[\w.][^{}\n\0]{0,200})\}\}"
)
_REF = re.compile(r"(?:rel)?ref[ \t]+\"?([^\"\s]+)|link[ \t]+([^\s]+)")
#: They only mark what stays: nothing is lost.
_SILENT = frozenset({"raw", "endraw", "comment", "endcomment", "tabs", "/tabs"})


def remove_shortcodes(lines: list[Line], notes: Notes) -> list[Line]:
    """Take tags of templates away, with a note for each that may have shown something."""
    if "{%" not in (text := joined(lines)) and "{{" not in text:
        return lines

    def replaced(found: Found) -> str | None:
        inside = (found["liquid"] or found["hugo"] or found["book"]).strip().strip("/").strip()
        if found["value"]:
            shown = found["value"].strip()
            if shown.startswith("site.") and "url" in shown:
                return ""
            notes.add(found.number, f'"{{{{{shown[:40]}}}}}" is a value of another site; write it')
            return None
        reference = _REF.match(inside)
        if reference:
            return reference[1] or reference[2]
        name = (inside.split() or [""])[0]
        if name and name.lower() not in _SILENT and not name.lower().startswith("end"):
            what = (
                "the file or text it includes is missing" if found["book"] else "it was taken out"
            )
            notes.add(found.number, f'the tag "{name[:40]}" is not known; {what}')
        return ""

    return substitute(lines, _TAG, replaced)
