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
from sync.format.found_problems import FoundProblems
from sync.format.id_claims import IdClaims
from sync.format.misplaced import (
    LastId,
    Misplaced,
    entry_problems,
    look_for_manifest,
    no_last_id,
)
from sync.format.move_chains import with_earlier_names
from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.format.step_links import WebAddress, no_address
from sync.format.text import decode_text
from sync.format.walkthrough_folder import ReadWalkthrough, read_walkthrough
from sync.format.yaml_subset import YamlRefused, load
from sync.layout import (
    MANIFEST,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_STEPS_OF_ALL,
    MAX_WALKTHROUGHS,
    ROOT_FILE,
    WALKTHROUGHS,
    EntryKind,
    FileData,
    Unread,
)
from walkthroughs.content.limits import MAX_MANIFEST
from walkthroughs.content.problems import Problem
from walkthroughs.content.values import AuthoredWalkthrough

Stage = Callable[[AuthoredWalkthrough], int]
OnRead = Callable[[str, WantedWalkthrough, AuthoredWalkthrough], None]
_SPLIT = "Split the repository, or let several sources read several folders of it"
_TOO_MANY_STEPS = (
    f"more than {MAX_STEPS_OF_ALL:,} steps, and records of moved ones, in all. {_SPLIT}"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the walkthroughs' folders.

    Attributes:
        root: the names in the content's folder, and what each is.
        stray: the names in `walkthroughs/` that are no folders, and what each is.
        last_id: says the id of the walkthrough that was last read from a folder.
        web_address: where the repository's host shows a file.
        folders: how many folders `walkthroughs/` has, with those that are not read.
        steps: how many steps the walkthroughs have that are not read.
    """

    root: Mapping[str, EntryKind] = field(default_factory=dict)
    stray: Mapping[str, EntryKind] = field(default_factory=dict)
    last_id: LastId = no_last_id
    web_address: WebAddress = no_address
    folders: int = 0
    steps: int = 0


def parse_repository(
    files: Mapping[str, FileData],
    stage: Stage = lambda _: 0,
    around: Surroundings | None = None,
) -> ParseResult:
    """Say what *files* (path from the source's folder -> bytes, assets' may be empty) hold."""
    folders = _by_folder(files)
    around = replace(around or Surroundings(), folders=len(folders))
    return parse_folders(files.get(ROOT_FILE), folders.items(), {}, stage, around)


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
    problems = FoundProblems()
    if _refuses_all(root, around, problems):
        return _refused(problems)
    claims, misplaced, size = IdClaims(unchanged), Misplaced(around.last_id), around.steps
    problems.add(entry_problems(around.root, around.stray, misplaced))
    for folder, own in folders:
        path = f"{folder}/{MANIFEST}"
        if path not in own:
            problems.add_of_one(list(look_for_manifest(folder, own, misplaced)))
            continue
        found: list[Problem] = []
        read = read_walkthrough(folder, own, around.web_address, found)
        problems.add_of_one(found)
        size += _size(read)
        if size > MAX_STEPS_OF_ALL:
            problems.add([Problem(WALKTHROUGHS, 1, _TOO_MANY_STEPS)])
            return _refused(problems, frozenset(claims.same))
        if read.id is None:
            misplaced.hold(folder, None)
        else:
            on_first = partial(on_read, posixpath.basename(folder))
            claims.add(read.id, path, partial(_kept, read, stage, on_first))
    if not claims and not problems.has_errors:
        message = f"no walkthrough is here; write {WALKTHROUGHS}/<a name>/{MANIFEST}"
        problems.add([Problem(WALKTHROUGHS, 1, message)])
    return _resolve_ids(claims, problems, misplaced)


def _refuses_all(root: FileData | None, around: Surroundings, problems: FoundProblems) -> bool:
    """Return whether nothing is read: of another schema, or far too much."""
    if not _root(root, problems):
        return True
    if around.folders <= MAX_WALKTHROUGHS:
        return False
    message = (
        f"{around.folders:,} folders; a content source has at most {MAX_WALKTHROUGHS:,} "
        f"walkthroughs. {_SPLIT}"
    )
    problems.add([Problem(WALKTHROUGHS, 1, message)])
    return True


def _refused(problems: FoundProblems, unchanged: frozenset[str] = frozenset()) -> ParseResult:
    """Return that nothing is wanted and nothing is gone."""
    told = problems.told(errors=True)
    return ParseResult((), told, frozenset(), complete=False, unchanged=unchanged)


def _size(read: ReadWalkthrough) -> int:
    content = read.authored.content if read.authored else None
    return len(content.steps) + len(content.moved) if content else 0


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


def _resolve_ids(claims: IdClaims, problems: FoundProblems, misplaced: Misplaced) -> ParseResult:
    good = claims.good(problems)
    bad = claims.ids() - good.keys()
    return ParseResult(
        wanted=_add_earlier_names(list(good.values())),
        problems=problems.told(errors=True),
        unreadable=bad | (misplaced.held - good.keys() - claims.same.keys()),
        complete=misplaced.all_known,
        unchanged=frozenset(claims.same.keys() - bad),
        folders={name: claims.folder(name) for name in good},
        warnings=problems.told(errors=False),
    )


def _add_earlier_names(wanted: list[WantedWalkthrough]) -> tuple[WantedWalkthrough, ...]:
    outlines = with_earlier_names([each.outline for each in wanted])
    return tuple(replace(w, outline=outline) for w, outline in zip(wanted, outlines, strict=True))


def _root(data: FileData | None, problems: FoundProblems) -> bool:
    """Return whether the repository's own settings are ones that this release understands."""
    if data is None:
        return True
    found: list[Problem] = []
    text = decode_text(ROOT_FILE, data, MAX_MANIFEST, found)
    if text is not None:
        try:
            fields = Fields(load(text), ROOT_FILE, found, ("schema",))
        except YamlRefused as error:
            found.append(Problem(ROOT_FILE, error.line, str(error)))
        else:
            schema = fields.text("schema")
            if schema not in {None, "1"}:
                message = f'schema "{schema}" is newer than this server, which reads schema 1'
                fields.add_problem(fields.line("schema"), message)
    problems.add_of_one(found)
    return not found
