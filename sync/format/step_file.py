"""One step's file: front matter, and Markdown by audience. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from sync.format.fields import Fields
from sync.format.manifest import StepFile
from sync.format.text import decode_text
from sync.format.yaml_subset import YamlRefused, load
from sync.layout import MAX_FRONT_MATTER_BYTES, MAX_STEP_BYTES, FileData
from walkthroughs.content import markdown
from walkthroughs.content.markdown import PartsInvalid
from walkthroughs.content.problems import Problem
from walkthroughs.content.values import StepContent


def read_step(
    manifest_path: str,
    folder: str,
    listed: StepFile,
    files: Mapping[str, FileData],
    problems: list[Problem],
) -> StepContent | None:
    """Return what a listed file says; none, and a problem for each mistake, if it cannot be used.

    *files* are the walkthrough's own, in *folder*; a link may lead to no others.
    """
    path = posixpath.normpath(posixpath.join(folder, listed.file))
    if path not in files or not path.startswith(f"{folder}/"):
        problems.append(Problem(manifest_path, listed.line, f'"{listed.file}" is not there'))
        return None
    text = decode_text(path, files[path], MAX_STEP_BYTES, problems)
    front = _front_matter(path, text, problems) if text is not None else None
    if front is None:
        return None
    fields, body, body_line = front
    before = len(problems)
    step_id, title = fields.id(), fields.title()
    revision = fields.integer("revision", 1, 100_000) or 1
    found = markdown.check_text(body)
    problems += [
        Problem(path, body_line + refusal.line - 1, refusal.message) for refusal in found.refusals
    ]
    _check_links(path, body, body_line, found.relative_links, files, problems)
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
    if not text.startswith("---\n"):
        problems.append(
            Problem(path, 1, "a step begins with a line ---, then id and title, then a line ---")
        )
        return None
    front, closed, rest = f"{text[3:]}\n".partition("\n---\n")
    front = front[1:]
    if not closed:
        problems.append(
            Problem(path, 1, "the front matter is never closed; end it with a line ---")
        )
        return None
    if len(front.encode()) > MAX_FRONT_MATTER_BYTES:
        problems.append(Problem(path, 1, "the front matter is larger than 16 KiB"))
        return None
    try:
        fields = Fields(load(front, first_line=2), path, problems, ("id", "title", "revision"))
    except YamlRefused as error:
        problems.append(Problem(path, error.line, str(error)))
        return None
    body = rest.strip("\n") + "\n"
    first = text.count("\n", 0, len(text) - len(rest) + 1) + len(rest) - len(rest.lstrip("\n"))
    return fields, body, first + 1


def _check_links(
    path: str,
    body: str,
    body_line: int,
    relative_links: tuple[str, ...],
    files: Mapping[str, FileData],
    problems: list[Problem],
) -> None:
    for url in relative_links:
        target = posixpath.normpath(
            posixpath.join(posixpath.dirname(path), url.split("#")[0].split("?")[0])
        )
        line = body_line + body.count("\n", 0, max(0, body.find(url)))
        if target.split("/")[:2] != path.split("/")[:2]:
            message = f'"{url[:100]}" leads out of the walkthrough; put the file into its folder'
            problems.append(Problem(path, line, message))
        elif target not in files:
            problems.append(Problem(path, line, f'"{url[:100]}" is not in the repository'))
