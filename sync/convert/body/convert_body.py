"""A page's text to Markdown that a step may hold. Pure.

The order matters: fences are closed before anything asks what is code, and what stands around
lines goes before what stands within them.
"""

from __future__ import annotations

from sync.convert.body.containers import convert_containers
from sync.convert.body.html import convert_html
from sync.convert.body.html_blocks import convert_html_blocks
from sync.convert.body.marks import (
    close_fences,
    convert_asides,
    remove_imports,
    remove_marks,
    remove_run_marks,
    squeeze,
)
from sync.convert.body.references import inline_references
from sync.convert.body.shortcodes import remove_shortcodes
from sync.convert.lines import Line
from sync.convert.values import Notes


def convert_body(lines: list[Line], notes: Notes, *, is_mdx: bool) -> list[Line]:
    """Return the lines as Markdown that a step may hold; what is lost is noted."""
    lines = close_fences(remove_run_marks(lines), notes)
    if is_mdx:
        lines = remove_imports(lines)
    lines = convert_asides(convert_containers(lines, notes, is_mdx=is_mdx))
    lines = remove_marks(remove_shortcodes(lines, notes), notes)
    lines = convert_html(convert_html_blocks(lines, notes), notes)
    return squeeze(inline_references(lines))
