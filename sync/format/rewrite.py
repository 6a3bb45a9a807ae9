"""Write a changed walkthrough into its author's files, and touch no other. Pure."""

from __future__ import annotations

import html
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import unquote

from sync.format.export import step_file
from sync.format.file_changes import FileChanges, changed
from sync.format.rewrite_manifest import rewritten_manifests
from sync.format.rewrite_step import new_step, reads_as, rewritten_step
from sync.format.step_file import OpenedStep
from sync.format.step_links import WebAddress, no_address
from sync.format.text import any_text
from sync.format.walkthrough_folder import OpenedWalkthrough, open_walkthrough, read_opened
from sync.layout import MANIFEST, FileData
from walkthroughs.content.pictures import Picture, pictures_named
from walkthroughs.content.problems import Problem, Severity
from walkthroughs.content.values import AuthoredWalkthrough, StepContent, WalkthroughContent
from walkthroughs.errors import HandrailError


class NotRewritten(HandrailError):
    """The files have a mistake, or what is wanted of them cannot be written.

    Attributes:
        problems: the mistakes, by file and line.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(each for each in problems if each.severity is Severity.ERROR)
        super().__init__("; ".join([message, *map(str, self.problems[:3])]))


@dataclass(frozen=True, slots=True)
class _WrittenStep:
    """A step and its file.

    Attributes:
        name: the file, as the manifest lists it.
    """

    name: str
    opened: OpenedStep
    content: StepContent


def rewrite(
    folder: str,
    files: Mapping[str, FileData],
    wanted: WalkthroughContent,
    pictures: Iterable[Picture] = (),
    web_address: WebAddress = no_address,
) -> FileChanges:
    """Return what changes in the files of a walkthrough when it is to say what is *wanted*.

    Parsing the changed files gives *wanted*, after the records of moved steps that are there
    already. Files whose content stays are not in it. A link to another step goes on to show that
    step's title.

    Args:
        folder: path of the walkthrough's folder.
        files: its own files, by path.
        wanted: what the walkthrough is to say. Its id is the one that it has.
        pictures: those that *wanted* names and the folder does not hold yet; others are ignored.
        web_address: where the repository's host shows a file.

    Raises:
        NotRewritten: the files have a mistake, or *wanted* is not acceptable.
    """
    problems: list[Problem] = []
    opened = open_walkthrough(folder, files, web_address, problems)
    live = read_opened(opened, problems).authored if opened is not None else None
    if opened is None or live is None:
        raise NotRewritten(f'The files in "{folder}" have a mistake', problems)
    change = _Change(opened, live, _as_delivered(wanted))
    change.write_steps({picture.name: picture.data for picture in pictures})
    return change.with_manifest()


class _Change:
    """The change of one walkthrough's files, as it is made."""

    def __init__(
        self, opened: OpenedWalkthrough, live: AuthoredWalkthrough, wanted: WalkthroughContent
    ) -> None:
        there = frozenset(live.content.moved)
        moved = tuple(move for move in wanted.moved if move not in there)
        self._wanted = replace(
            live, content=replace(wanted, moved=(*live.content.moved, *moved), id=live.content.id)
        )
        self._live, self._opened = live, opened
        own = opened.files
        self._folder, self._files = own.folder, own.files
        self._old = {
            content.id: _WrittenStep(listed.file, step, content)
            for listed, step, content in zip(
                opened.manifest.steps, opened.steps, live.content.steps, strict=True
            )
            if step is not None
        }
        self._kept = self._choose_kept(wanted)
        deleted = {each.opened.path for each in self._old.values()} - {
            each.opened.path for each in self._kept.values()
        }
        self._changes: FileChanges = dict.fromkeys(sorted(deleted))
        self._staying = replace(
            own,
            files={path: data for path, data in own.files.items() if path not in deleted},
            titles={path: title for path, title in own.titles.items() if path not in deleted},
        )
        #: What is delivered of the files that are not written.
        self._untouched: dict[str, StepContent] = {}
        self._names = {step_id: written.name for step_id, written in self._kept.items()}

    def _choose_kept(self, wanted: WalkthroughContent) -> dict[str, _WrittenStep]:
        """Return the files that stay, by the id of the step that is to be in them."""
        ids = {step.id for step in wanted.steps}
        kept = {step_id: written for step_id, written in self._old.items() if step_id in ids}
        going = {step_id: written for step_id, written in self._old.items() if step_id not in ids}
        for move in wanted.moved:
            is_renamed = move.walkthrough is None and move.new in ids and move.new not in kept
            if is_renamed and move.old in going:
                kept[move.new] = going.pop(move.old)
        return kept

    def write_steps(self, pictures: Mapping[str, bytes]) -> None:
        """Write the steps that change, and the pictures that they show first."""
        deleted = {posixpath.basename(path) for path in self._changes}
        for step in self._wanted.content.steps:
            written = self._kept.get(step.id)
            if written is None:
                path = self._new_path(step)
                self._add_pictures(step, path, pictures)
                self._changes[path] = new_step(path, step, self._staying.picture_paths)
                continue
            path, data = written.opened.path, self._files[written.opened.path]
            assert isinstance(data, bytes)  # noqa: S101  it was read as a step
            is_same = replace(written.content, section=None) == replace(step, section=None)
            if is_same and (
                not _may_name(data, deleted) or reads_as(data, path, step, self._staying)
            ):
                self._untouched[path] = written.content
                continue
            self._add_pictures(step, path, pictures)
            self._changes[path] = rewritten_step(
                data, written.opened, written.content, step, self._staying
            )

    def _new_path(self, step: StepContent) -> str:
        name = step_file(step.id)
        number = 1
        taken = self._files.keys() | self._changes.keys()
        while f"{self._folder}/{name}" in taken:
            number += 1
            name = step_file(f"{step.id}-{number}")
        self._names[step.id] = name
        return f"{self._folder}/{name}"

    def _add_pictures(self, step: StepContent, path: str, pictures: Mapping[str, bytes]) -> None:
        """Put pictures that no file holds beside the step at *path*."""
        texts = (step.content, step.agent_instructions, step.verify)
        for name in sorted(pictures_named(texts) - self._staying.picture_paths.keys()):
            file = f"{posixpath.dirname(path)}/i/{name}"
            if name in pictures and file not in self._files:
                self._changes[file] = pictures[name]

    def with_manifest(self) -> FileChanges:
        """Return the changes with the manifest's, read again.

        Raises:
            NotRewritten: they do not say what is wanted.
        """
        path = f"{self._folder}/{MANIFEST}"
        data = self._files[path]
        assert isinstance(data, bytes)  # noqa: S101  it was read as a manifest
        file = any_text(data)
        listed = [(each.file, each.section) for each in self._opened.manifest.steps]
        problems: list[Problem] = []
        for text in rewritten_manifests(
            file.text, self._live.content, self._wanted, listed, self._names
        ):
            changes = dict(self._changes)
            if text != file.text:
                changes[path] = file.written(text)
            problems = []
            if self._is_what_is_wanted(changes, problems):
                return changes
        self._refuse(problems)

    def _is_what_is_wanted(self, changes: FileChanges, problems: list[Problem]) -> bool:
        opened = open_walkthrough(
            self._folder, changed(self._files, changes), self._staying.web_address, problems
        )
        if opened is None:
            return False
        # What changes is compared as it was written: with the titles that links showed before.
        own = replace(opened.files, titles={**opened.files.titles, **self._staying.titles})
        read = read_opened(replace(opened, files=own), problems, self._untouched).authored
        if read is None:
            return False
        for got, wanted in zip(read.content.steps, self._wanted.content.steps, strict=False):
            if got != wanted:
                path = f"{self._folder}/{self._names[wanted.id]}"
                message = "a comment, or a link to a file, reads otherwise; write the address"
                problems.append(Problem(path, 1, message))
        return replace(read, pictures=()) == replace(self._wanted, pictures=())

    def _refuse(self, problems: list[Problem]) -> NoReturn:
        raise NotRewritten(
            "What is proposed cannot be written as files that are read the same", problems
        )


def _as_delivered(wanted: WalkthroughContent) -> WalkthroughContent:
    """Return *wanted* without blanks that no file keeps."""
    steps = [
        replace(
            step,
            title=step.title.strip(),
            content=_without_blanks(step.content),
            agent_instructions=_without_blanks(step.agent_instructions) or None,
            verify=_without_blanks(step.verify) or None,
        )
        for step in wanted.steps
    ]
    description = (wanted.description or "").strip() or None
    return replace(wanted, title=wanted.title.strip(), description=description, steps=tuple(steps))


def _without_blanks(text: str | None) -> str:
    text = (text or "").replace("\r\n", "\n")
    return text.strip("\n") if text.strip() else ""


def _may_name(data: bytes, names: Iterable[str]) -> bool:
    """Return whether a step may link to a file of one of these *names*."""
    text = unquote(html.unescape(data.decode(errors="replace"))).replace("\\", "")
    return any(name in text for name in names)
