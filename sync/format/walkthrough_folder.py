"""The files of one walkthrough to its content, or to problems. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from sync.format.manifest import Manifest, read_manifest
from sync.format.step_file import OpenedStep, open_step, read_step
from sync.format.step_links import WalkthroughFiles, WebAddress
from sync.format.text import decode_text
from sync.layout import MANIFEST, FileData, StepFile
from walkthroughs.content.limits import MAX_MANIFEST
from walkthroughs.content.problems import Problem, has_errors
from walkthroughs.content.values import AuthoredWalkthrough, StepContent, WalkthroughContent


@dataclass(frozen=True, slots=True)
class ReadWalkthrough:
    """What a folder holds.

    Attributes:
        id: none if it cannot be read.
        authored: what it says; none if there is an error in it.
        servers_line: where its manifest names servers.
    """

    id: str | None
    authored: AuthoredWalkthrough | None = None
    servers_line: int = 1


@dataclass(frozen=True, slots=True)
class OpenedWalkthrough:
    """The files of a walkthrough, taken apart.

    Attributes:
        manifest: what its walkthrough.yml says.
        steps: in its order; none for a file that cannot be read.
        files: what its steps' links lead to.
    """

    manifest: Manifest
    steps: tuple[OpenedStep | None, ...]
    files: WalkthroughFiles


def open_walkthrough(
    folder: str, files: Mapping[str, FileData], web_address: WebAddress, problems: list[Problem]
) -> OpenedWalkthrough | None:
    """Return what the files in *folder* hold; none, and a problem, if its manifest is no text."""
    path = f"{folder}/{MANIFEST}"
    text = decode_text(path, files[path], MAX_MANIFEST, problems)
    if text is None:
        return None
    manifest = read_manifest(path, text, problems)
    opened = tuple(open_step(path, folder, listed, files, problems) for listed in manifest.steps)
    titles = {step.path: step.title for step in opened if step and step.title}
    return OpenedWalkthrough(manifest, opened, WalkthroughFiles(folder, files, titles, web_address))


def read_walkthrough(
    folder: str, files: Mapping[str, FileData], web_address: WebAddress, problems: list[Problem]
) -> ReadWalkthrough:
    """Return what the walkthrough in *folder* says; *problems* takes its mistakes."""
    opened = open_walkthrough(folder, files, web_address, problems)
    return ReadWalkthrough(None) if opened is None else read_opened(opened, problems)


def read_opened(
    opened: OpenedWalkthrough,
    problems: list[Problem],
    known: Mapping[str, StepContent] = MappingProxyType({}),
) -> ReadWalkthrough:
    """Return what *opened* says; *problems* has its mistakes so far, and takes the others.

    *known* is what is delivered of some files, which are not read again, whatever their section.
    """
    manifest, own = opened.manifest, opened.files
    path = f"{own.folder}/{MANIFEST}"
    steps = [
        replace(known[step.path], section=step.section)
        if step.path in known
        else read_step(step, own, problems)
        for step in opened.steps
        if step is not None
    ]
    if manifest.steps:  # else that is the mistake, and one line says it
        _unlisted(path, own.folder, manifest, own.files, problems)
    _check_unique_ids(path, manifest, opened.steps, problems)
    if has_errors(problems) or manifest.id is None:
        return ReadWalkthrough(manifest.id)
    content = WalkthroughContent(
        id=manifest.id,
        title=manifest.title,
        description=manifest.description,
        steps=tuple(step for step in steps if step is not None),
        tags=manifest.tags,
        estimated_minutes=manifest.estimated_minutes,
        moved=manifest.moved,
    )
    pictures = tuple(own.pictures.values())
    authored = AuthoredWalkthrough(content, manifest.is_published, manifest.servers, pictures)
    return ReadWalkthrough(manifest.id, authored, manifest.servers_line)


def _unlisted(
    path: str,
    folder: str,
    manifest: Manifest,
    files: Mapping[str, FileData],
    problems: list[Problem],
) -> None:
    listed = {posixpath.normpath(posixpath.join(folder, step.file)) for step in manifest.steps}
    for other in sorted(files):
        if other.startswith(f"{folder}/steps/") and other.endswith(".md") and other not in listed:
            name = other.removeprefix(f"{folder}/")
            problems.append(Problem(path, 1, f'"{name}" is not listed under "steps"'))


def _check_unique_ids(
    path: str, manifest: Manifest, steps: Sequence[OpenedStep | None], problems: list[Problem]
) -> None:
    first_lines: dict[str, StepFile] = {}
    for listed, step in zip(manifest.steps, steps, strict=True):
        if step is None or step.id is None:
            continue
        first = first_lines.setdefault(step.id, listed)
        if first is not listed:
            message = f'"{listed.file}" has the id "{step.id}" of "{first.file}"; ids are unique'
            problems.append(Problem(path, listed.line, message))
