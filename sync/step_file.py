"""One step's file: front matter, and Markdown by audience. Pure."""

from __future__ import annotations

import codecs
import posixpath
from collections.abc import Mapping

from sync.fields import Fields
from sync.manifest import StepFile
from sync.yaml_subset import YamlRefused, load
from walkthroughs import markdown
from walkthroughs.content import StepContent
from walkthroughs.errors import Problem
from walkthroughs.markdown import PartsInvalid

MAX_FRONT_MATTER_BYTES = 16 * 1024
MAX_STEP_BYTES = 64 * 1024
#: What the repository reader hands over for a file that is too large to be read.
TOO_LARGE = b"\0too large"
#: What it hands over for the manifest of a folder that holds too many files to be read.
TOO_MANY = b"\0too many"


def read_step(
    manifest_path: str,
    folder: str,
    listed: StepFile,
    files: Mapping[str, bytes],
    problems: list[Problem],
) -> StepContent | None:
    """Return what a listed file says; none, and a problem for each mistake, if it cannot be used.

    *files* are the walkthrough's own, in *folder*; a link may lead to no others.
    """
    path = posixpath.normpath(posixpath.join(folder, listed.file))
    if path not in files or not path.startswith(f"{folder}/"):
        problems.append(Problem(manifest_path, listed.line, f'"{listed.file}" is not there'))
        return None
    text = text_of(path, files[path], MAX_STEP_BYTES, problems)
    front = _front_matter(path, text, problems) if text is not None else None
    if front is None:
        return None
    fields, body, body_line = front
    before = len(problems)
    step_id, title = fields.id(), fields.title()
    revision = fields.whole("revision", 1, 100_000) or 1
    found = markdown.inspect(body)
    problems += [
        Problem(path, body_line + refusal.line - 1, refusal.message) for refusal in found.refusals
    ]
    _check_targets(path, body, body_line, found.targets, files, problems)
    try:
        parts = markdown.split(body)
    except PartsInvalid as error:
        problems.append(Problem(path, body_line + error.refusal.line - 1, str(error)))
        return None
    if step_id is None or len(problems) > before:
        return None
    return StepContent(
        id=step_id,
        title=title,
        content=parts.content,
        section=listed.section,
        agent_instructions=parts.agent_instructions,
        verify=parts.verify,
        revision=revision,
    )


def _front_matter(path: str, text: str, problems: list[Problem]) -> tuple[Fields, str, int] | None:
    """Return the front matter, the body, and the body's first line."""
    lines = text.split("\n")
    if lines[0] != "---":
        problems.append(
            Problem(path, 1, "a step begins with a line ---, then id and title, then a line ---")
        )
        return None
    end = next((number for number, line in enumerate(lines[1:], 1) if line == "---"), None)
    if end is None:
        problems.append(
            Problem(path, 1, "the front matter is never closed; end it with a line ---")
        )
        return None
    front = "\n".join(lines[1:end])
    if len(front.encode()) > MAX_FRONT_MATTER_BYTES:
        problems.append(Problem(path, 1, "the front matter is larger than 16 KiB"))
        return None
    try:
        fields = Fields(load(front, first_line=2), path, problems, ("id", "title", "revision"))
    except YamlRefused as error:
        problems.append(Problem(path, error.line, str(error)))
        return None
    return fields, "\n".join(lines[end + 1 :]).strip("\n") + "\n", _body_line(lines, end)


def _body_line(lines: list[str], end: int) -> int:
    """Return the number of the first line of the body that is not empty."""
    return next((n + 1 for n in range(end + 1, len(lines)) if lines[n]), end + 2)


def text_of(path: str, data: bytes, limit: int, problems: list[Problem]) -> str | None:
    """Return the text without what nobody sees: mark of order, line endings, trailing blanks."""
    if data == TOO_MANY:
        problems.append(Problem(path, 1, "its folder holds far more files than a walkthrough has"))
        return None
    if data == TOO_LARGE or len(data) > limit:
        problems.append(Problem(path, 1, f"the file is larger than {limit // 1024} KiB"))
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "not UTF-8; save the file as UTF-8"))
        return None
    unix = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if " \n" not in unix and "\t\n" not in unix:  # as most files are
        return unix.rstrip(" \t")
    return "\n".join(line.rstrip(" \t") for line in unix.split("\n"))


def _check_targets(
    path: str,
    body: str,
    body_line: int,
    targets: tuple[str, ...],
    files: Mapping[str, bytes],
    problems: list[Problem],
) -> None:
    for url in targets:
        target = posixpath.normpath(
            posixpath.join(posixpath.dirname(path), url.split("#")[0].split("?")[0])
        )
        line = body_line + body.count("\n", 0, max(0, body.find(url)))
        if target.split("/")[:2] != path.split("/")[:2]:
            message = f'"{url[:100]}" leads out of the walkthrough; put the file into its folder'
            problems.append(Problem(path, line, message))
        elif target not in files:
            problems.append(Problem(path, line, f'"{url[:100]}" is not in the repository'))
