"""Files of a content repository to content, or to problems. Pure.

A walkthrough with a mistake is refused as a whole and named; the others of the
same commit are not affected.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from sync.format.fields import Fields
from sync.format.misplaced import (
    LastId,
    Misplaced,
    entry_problems,
    look_for_manifest,
    no_last_id,
)
from sync.format.move_chains import with_earlier_names
from sync.format.parse_result import ParseResult, WantedWalkthrough, in_file_order
from sync.format.step_links import WebAddress, no_address
from sync.format.text import decode_text
from sync.format.walkthrough_folder import ReadWalkthrough, read_walkthrough
from sync.format.yaml_subset import YamlRefused, load
from sync.layout import (
    MANIFEST,
    MAX_DEPTH,
    MAX_ENTRIES,
    ROOT_FILE,
    WALKTHROUGHS,
    EntryKind,
    FileData,
    Unread,
)
from walkthroughs.content.limits import MAX_MANIFEST
from walkthroughs.content.problems import Problem, Severity, first_problems, has_errors
from walkthroughs.content.values import AuthoredWalkthrough

Stage = Callable[[AuthoredWalkthrough], int]
OnRead = Callable[[str, WantedWalkthrough, AuthoredWalkthrough], None]
#: Problems that are told of one walkthrough, and of a commit: more help nobody, and are stored.
_MAX_PROBLEMS_OF_ONE, _MAX_PROBLEMS = 100, 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the walkthroughs' folders.

    Attributes:
        root: the names in the content's folder, and what each is.
        stray: the names in `walkthroughs/` that are no folders, and what each is.
        last_id: says the id of the walkthrough that was last read from a folder.
        web_address: where the repository's host shows a file.
    """

    root: Mapping[str, EntryKind] = field(default_factory=dict)
    stray: Mapping[str, EntryKind] = field(default_factory=dict)
    last_id: LastId = no_last_id
    web_address: WebAddress = no_address


def parse_repository(
    files: Mapping[str, FileData],
    stage: Stage = lambda _: 0,
    around: Surroundings | None = None,
) -> ParseResult:
    """Say what *files* (path from the source's folder -> bytes, assets' may be empty) hold."""
    return parse_folders(files.get(ROOT_FILE), _by_folder(files).items(), {}, stage, around)


def parse_folders(
    root: FileData | None,
    folders: Iterable[tuple[str, Mapping[str, FileData]]],
    unchanged: Mapping[str, str],
    stage: Stage,
    around: Surroundings | None = None,
    on_read: OnRead = lambda *_: None,
) -> ParseResult:
    """Say what the files of a commit hold, with the texts of one walkthrough at hand at a time.

    Args:
        root: the repository's own settings, if it has any.
        folders: a folder's path, and path -> bytes of what is in it.
        unchanged: folder -> id of walkthroughs whose files are left out, because
            they are the same as when they were read last.
        stage: takes each walkthrough without a mistake, and says where it is kept.
        around: what else there is.
        on_read: takes the name of a folder and each of these, as soon as it is read; others may be
            found to have its id.
    """
    around = around or Surroundings()
    problems: list[Problem] = []
    if not _root(root, problems):
        return ParseResult((), tuple(problems), frozenset(), complete=False)
    claims: dict[str, list[_IdClaim]] = defaultdict(list)
    misplaced = Misplaced(around.last_id)
    problems += entry_problems(around.root, around.stray, misplaced)
    for folder, own in folders:
        path = f"{folder}/{MANIFEST}"
        if path not in own:
            problems += look_for_manifest(folder, own, misplaced)
            continue
        found: list[Problem] = []
        read = read_walkthrough(folder, own, around.web_address, found)
        for is_error in (True, False):  # so that no warnings stand before the mistakes
            problems += first_problems(_of(found, is_error=is_error), _MAX_PROBLEMS_OF_ONE)
        if read.id is None:
            misplaced.hold(folder, None)
        else:
            kept = _kept(read, stage, partial(on_read, posixpath.basename(folder)))
            claims[read.id].append(_IdClaim(path, kept))
    if not claims and not unchanged and not has_errors(problems):
        message = f"no walkthrough is here; write {WALKTHROUGHS}/<a name>/{MANIFEST}"
        problems.append(Problem(WALKTHROUGHS, 1, message))
    same = {author_id: folder for folder, author_id in unchanged.items()}
    return _resolve_ids(claims, same, problems, misplaced)


def _kept(
    read: ReadWalkthrough,
    stage: Stage,
    on_read: Callable[[WantedWalkthrough, AuthoredWalkthrough], None],
) -> WantedWalkthrough | None:
    authored = read.authored
    if authored is None:
        return None
    wanted = WantedWalkthrough(
        authored.content.outline(),
        authored.is_published,
        authored.servers,
        stage(authored),
        read.servers_line,
    )
    on_read(wanted, authored)
    return wanted


def _by_folder(files: Mapping[str, FileData]) -> dict[str, dict[str, FileData]]:
    """Return each walkthrough's own files, by its folder: nothing outside concerns it."""
    folders: dict[str, dict[str, FileData]] = defaultdict(dict)
    for path, data in files.items():
        parts = path.split("/")
        if parts[0] == WALKTHROUGHS and 3 <= len(parts) <= MAX_DEPTH + 2:
            folders[f"{parts[0]}/{parts[1]}"][path] = data
    for folder, own in folders.items():
        inner = {posixpath.dirname(path) for path in own} - {folder}
        manifest = f"{folder}/{MANIFEST}"
        if len(own) + len(inner) > MAX_ENTRIES and manifest in own:
            folders[folder] = {manifest: Unread.TOO_MANY}
    return dict(sorted(folders.items()))


@dataclass(frozen=True, slots=True)
class _IdClaim:
    """A manifest that has a certain id; nothing wanted if it has a mistake or was not read."""

    path: str
    wanted: WantedWalkthrough | None


def _resolve_ids(
    claims: Mapping[str, list[_IdClaim]],
    same: Mapping[str, str],
    problems: list[Problem],
    misplaced: Misplaced,
) -> ParseResult:
    """Let each id have one manifest; two are refused, both. *same*: id -> unchanged folder."""
    good: dict[str, _IdClaim] = {}
    bad = set()
    for name, claimed in sorted(claims.items()):
        paths = [claim.path for claim in claimed]
        if name in same:
            paths.append(f"{WALKTHROUGHS}/{same[name]}/{MANIFEST}")
        if len(paths) > 1:
            problems += _claimed_twice(name, paths)
            bad.add(name)
        elif claimed[0].wanted is not None:
            good[name] = claimed[0]
        else:
            bad.add(name)
    return ParseResult(
        wanted=_add_earlier_names([claim.wanted for claim in good.values() if claim.wanted]),
        problems=tuple(first_problems(_of(problems, is_error=True), _MAX_PROBLEMS)),
        unreadable=frozenset(bad) | (misplaced.held - good.keys() - same.keys()),
        complete=misplaced.all_known,
        unchanged=frozenset(same.keys() - bad),
        folders={name: claim.path.split("/")[1] for name, claim in good.items()},
        warnings=tuple(first_problems(_of(problems, is_error=False), _MAX_PROBLEMS)),
    )


def _of(problems: list[Problem], *, is_error: bool) -> tuple[Problem, ...]:
    kind = [each for each in problems if (each.severity is Severity.ERROR) is is_error]
    return in_file_order(kind)


def _add_earlier_names(wanted: list[WantedWalkthrough]) -> tuple[WantedWalkthrough, ...]:
    outlines = with_earlier_names([each.outline for each in wanted])
    return tuple(replace(w, outline=outline) for w, outline in zip(wanted, outlines, strict=True))


def _root(data: FileData | None, problems: list[Problem]) -> bool:
    """Return whether the repository's own settings are ones that this release understands."""
    if data is None:
        return True
    before = len(problems)
    text = decode_text(ROOT_FILE, data, MAX_MANIFEST, problems)
    if text is not None:
        try:
            fields = Fields(load(text), ROOT_FILE, problems, ("schema",))
        except YamlRefused as error:
            problems.append(Problem(ROOT_FILE, error.line, str(error)))
        else:
            schema = fields.text("schema")
            if schema not in {None, "1"}:
                message = f'schema "{schema}" is newer than this server, which reads schema 1'
                fields.add_problem(fields.line("schema"), message)
    return len(problems) == before


def _claimed_twice(author_id: str, paths: list[str]) -> list[Problem]:
    return [
        Problem(
            path, 1, f'the id "{author_id}" is also in {", ".join(p for p in paths if p != path)}'
        )
        for path in paths
    ]
