"""The files of one walkthrough to a draft, whatever mistakes it has. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sync.format.parse_result import in_file_order
from sync.format.step_file import OpenedStep
from sync.format.step_links import no_address
from sync.format.walkthrough_folder import OpenedWalkthrough, open_walkthrough, read_opened
from sync.layout import FileData, StepFile
from walkthroughs.content.draft import Details, Draft, DraftStep, fields_of, join_tags
from walkthroughs.content.draft_content import draft_of
from walkthroughs.content.draft_json import draft_as_json, draft_from_json
from walkthroughs.content.pictures import Picture, pictures_named
from walkthroughs.content.problems import Problem, Severity, first_problems
from walkthroughs.content.separate import normalized
from walkthroughs.content.step_text import deliver
from walkthroughs.errors import DraftRefused
from walkthroughs.ids import author_id

_MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class ImportedWalkthrough:
    """A walkthrough of an upload.

    Attributes:
        folder: where it would be in a repository.
        id: the author's; empty if it cannot be read.
        draft: what is written; none if nothing of it can be kept.
        pictures: those that its texts name.
        problems: its mistakes, by file and line.
        notes: what is no mistake.
        problem_count: of mistakes, those that are not told here too.
    """

    folder: str
    id: str
    draft: Draft | None
    pictures: tuple[Picture, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    problem_count: int = 0


def read_draft(folder: str, files: Mapping[str, FileData]) -> ImportedWalkthrough:
    """Return what the walkthrough in *folder* says; texts with mistakes are kept as written."""
    found: list[Problem] = []
    opened = open_walkthrough(folder, files, no_address, found)
    if opened is None:
        return ImportedWalkthrough(folder, "", None, (), tuple(found), (), len(found))
    read = read_opened(opened, found)
    written = draft_of(read.authored.content, 0) if read.authored else _as_written(opened)
    draft, refused = _storable(written, f"{folder}/walkthrough.yml")
    errors = [each for each in in_file_order(found) if each.severity is Severity.ERROR]
    errors += refused
    others = [each for each in in_file_order(found) if each.severity is not Severity.ERROR]
    return ImportedWalkthrough(
        folder,
        opened.manifest.id or "",
        draft,
        _pictures(opened, draft),
        tuple(first_problems(errors, _MAX_PROBLEMS)),
        tuple(first_problems([*others, *_not_carried_over(opened)], _MAX_PROBLEMS)),
        len(errors),
    )


def _as_written(opened: OpenedWalkthrough) -> Draft:
    manifest = opened.manifest
    taken: set[str] = set()
    return Draft(
        Details(
            manifest.title,
            manifest.description or "",
            str(manifest.estimated_minutes or ""),
            join_tags(manifest.tags),
        ),
        tuple(
            _step(listed, step, opened, taken)
            for listed, step in zip(manifest.steps, opened.steps, strict=True)
        ),
    )


def _step(
    listed: StepFile, step: OpenedStep | None, opened: OpenedWalkthrough, taken: set[str]
) -> DraftStep:
    """Return a step with the text that its file has; an empty one if that cannot be read."""
    if step is None:
        name = posixpath.splitext(posixpath.basename(listed.file))[0]
        return DraftStep(author_id(), name, listed.section or "")
    own_id = step.id if step.id and step.id not in taken else author_id()
    taken.add(own_id)
    parts = deliver(step.body, partial(opened.files.resolve, step.path)).parts
    return DraftStep(
        own_id,
        step.title,
        step.section or "",
        parts.content,
        parts.agent_instructions or "",
        parts.verify or "",
    )


def _storable(draft: Draft, path: str) -> tuple[Draft | None, list[Problem]]:
    """Return the draft without what no draft holds; none, and a problem, if it is too long."""
    values = draft_as_json(draft)
    values["details"] = {name: normalized(text) for name, text in values["details"].items()}
    values["steps"] = [
        {name: normalized(text) for name, text in step.items()} for step in values["steps"]
    ]
    try:
        return draft_from_json(values, 0, 0), []
    except DraftRefused as error:
        return None, [Problem(path, 1, str(error))]


def _pictures(opened: OpenedWalkthrough, draft: Draft | None) -> tuple[Picture, ...]:
    names = pictures_named(text for _, _, text in fields_of(draft)) if draft else ()
    return tuple(each for name, each in sorted(opened.files.pictures.items()) if name in names)


def _not_carried_over(opened: OpenedWalkthrough) -> list[Problem]:
    manifest, path = opened.manifest, f"{opened.files.folder}/walkthrough.yml"
    notes = []
    if manifest.servers:
        message = "its servers are chosen when it is published"
        notes.append(Problem(path, manifest.servers_line, message, Severity.NOTE))
    if manifest.moved:
        message = 'what is listed under "moved" means nothing here: nobody has begun it'
        notes.append(Problem(path, 1, message, Severity.NOTE))
    return notes
