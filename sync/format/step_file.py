"""One step's file: front matter, and Markdown by audience. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sync.format.fields import Fields
from sync.format.step_links import WalkthroughFiles
from sync.format.text import decode_text
from sync.format.yaml_subset import YamlRefused, load
from sync.layout import MAX_FRONT_MATTER, FileData, StepFile
from walkthroughs.content.limits import MAX_STEP, size_fault
from walkthroughs.content.problems import Problem, has_errors
from walkthroughs.content.step_text import deliver
from walkthroughs.content.values import StepContent

_NO_FRONT_MATTER = (
    "a step begins with a line ---, then id and title, then a line ---; `content lint --fix` "
    "writes them for a file that begins with a heading"
)


@dataclass(frozen=True, slots=True)
class OpenedStep:
    """A step's file, taken apart.

    Attributes:
        path: the file.
        section: the heading that the manifest puts it under.
        id: none if there is none that can be used.
        title: empty if there is none.
        revision: 1 if it says nothing.
        body: the Markdown below the front matter.
        body_line: the file's line that it begins on.
        is_refused: there is a mistake in what stands above the body.
    """

    path: str
    section: str | None
    id: str | None
    title: str
    revision: int
    body: str
    body_line: int
    is_refused: bool = False


def open_step(
    manifest_path: str,
    folder: str,
    listed: StepFile,
    files: Mapping[str, FileData],
    problems: list[Problem],
) -> OpenedStep | None:
    """Return what a listed file holds; none, and a problem, if it cannot be read.

    *files* are the walkthrough's own, in *folder*.
    """
    path = posixpath.normpath(posixpath.join(folder, listed.file))
    if path not in files or not path.startswith(f"{folder}/"):
        problems.append(Problem(manifest_path, listed.line, f'"{listed.file}" is not there'))
        return None
    before = len(problems)
    text = decode_text(path, files[path], MAX_STEP + MAX_FRONT_MATTER, problems)
    if text is None:
        return None
    fields, body, body_line = _front_matter(path, text, problems)
    if fault := size_fault(len(body)):
        problems.append(Problem(path, body_line, fault))
        return None
    if fields is None:
        return OpenedStep(path, listed.section, None, "", 1, body, body_line, is_refused=True)
    step_id, title = fields.id(), fields.title()
    revision = fields.integer("revision", 1, 100_000) or 1
    refused = len(problems) > before
    return OpenedStep(path, listed.section, step_id, title, revision, body, body_line, refused)


def read_step(
    opened: OpenedStep, files: WalkthroughFiles, problems: list[Problem]
) -> StepContent | None:
    """Return what is delivered of a step; none, and a problem for each mistake, if nothing is."""
    delivered = deliver(opened.body, partial(files.resolve, opened.path))
    found = [
        Problem(opened.path, opened.body_line + each.line - 1, each.message, each.severity)
        for each in delivered.findings
    ]
    problems += found
    if opened.id is None or opened.is_refused or has_errors(found):
        return None
    return StepContent(
        id=opened.id,
        title=opened.title,
        content=delivered.parts.content,
        section=opened.section,
        agent_instructions=delivered.parts.agent_instructions,
        verify=delivered.parts.verify,
        revision=opened.revision,
    )


def split_front_matter(text: str) -> tuple[str, bool, str]:
    """Return the front matter of a text that begins with one, whether it is closed, and the rest.

    The front matter has no line end behind its last line.
    """
    front, closed, rest = f"{text[3:]}\n".partition("\n---\n")
    return front[1:], bool(closed), rest


def _front_matter(path: str, text: str, problems: list[Problem]) -> tuple[Fields | None, str, int]:
    """Return the front matter (none, and a problem, if it cannot be read), body and its line."""
    if not text.startswith("---\n"):
        problems.append(Problem(path, 1, _NO_FRONT_MATTER))
        return None, *_body(text, f"{text}\n")
    front, is_closed, rest = split_front_matter(text)
    if not is_closed:
        message = "the front matter is never closed; end it with a line ---"
        problems.append(Problem(path, 1, message))
        return None, "", 1
    if len(front) > MAX_FRONT_MATTER:
        message = f"the front matter has more than {MAX_FRONT_MATTER:,} characters"
        problems.append(Problem(path, 1, message))
        return None, *_body(text, rest)
    try:
        fields = Fields(load(front, first_line=2), path, problems, ("id", "title", "revision"))
    except YamlRefused as error:
        problems.append(Problem(path, error.line, str(error)))
        return None, *_body(text, rest)
    return fields, *_body(text, rest)


def _body(text: str, rest: str) -> tuple[str, int]:
    """Return the body without blank lines around it, and the line of *text* that it begins on."""
    first = text.count("\n", 0, max(0, len(text) - len(rest) + 1))
    first += len(rest) - len(rest.lstrip("\n"))
    return rest.strip("\n") + "\n", first + 1
