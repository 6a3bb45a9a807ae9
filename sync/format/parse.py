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
    size_problem,
)
from sync.format.move_chains import with_earlier_names
from sync.format.parse_result import (
    MAX_PROBLEMS,
    IdClaims,
    ParseResult,
    WantedWalkthrough,
    claimed_twice,
    refused,
)
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
from walkthroughs.content.problems import (
    Problem,
    add_first,
    first_of_each_kind,
    has_errors,
)
from walkthroughs.content.values import AuthoredWalkthrough

Stage = Callable[[AuthoredWalkthrough], int]
OnRead = Callable[[str, WantedWalkthrough, AuthoredWalkthrough], None]
#: Problems that are told of one walkthrough: more help nobody.
_MAX_PROBLEMS_OF_ONE = 100


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
    problems: list[Problem] = []
    if not _root(root, problems):
        return refused(problems)
    claims: dict[str, IdClaims] = defaultdict(IdClaims)
    same = {author_id: folder for folder, author_id in unchanged.items()}
    misplaced, size = Misplaced(around.last_id), around.steps
    add_first(problems, entry_problems(around.root, around.stray, misplaced), MAX_PROBLEMS)
    for folder, own in folders:
        if size_problem(around.folders, size) is not None:
            break
        path = f"{folder}/{MANIFEST}"
        found: list[Problem] = []
        if path not in own:
            found += look_for_manifest(folder, own, misplaced)
            _take(found, problems)
            continue
        read = read_walkthrough(folder, own, around.web_address, found)
        _take(found, problems)
        size += _size(read)
        if read.id is None:
            misplaced.hold(folder, None)
            continue
        # What has a second place is refused, and need not be kept.
        claim, on_first = claims[read.id], partial(on_read, posixpath.basename(folder))
        is_first = not claim.paths and read.id not in same
        claim.wanted = _kept(read, stage, on_first) if is_first else None
        claim.paths.append(path)
    if (fault := size_problem(around.folders, size)) is not None:
        return refused([*problems, fault], same)
    if not claims and not unchanged and not has_errors(problems):
        message = f"no walkthrough is here; write {WALKTHROUGHS}/<a name>/{MANIFEST}"
        problems.append(Problem(WALKTHROUGHS, 1, message))
    return _resolve_ids(claims, same, problems, misplaced)


def _take(found: list[Problem], problems: list[Problem]) -> None:
    """Let *problems* have the first of those of one folder."""
    if found:
        errors, others = first_of_each_kind(found, _MAX_PROBLEMS_OF_ONE)
        add_first(problems, (*errors, *others), MAX_PROBLEMS)


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


def _resolve_ids(
    claims: Mapping[str, IdClaims],
    same: Mapping[str, str],
    problems: list[Problem],
    misplaced: Misplaced,
) -> ParseResult:
    """Let each id have one manifest; two are refused, both. *same*: id -> unchanged folder."""
    good: dict[str, WantedWalkthrough] = {}
    for name, claim in sorted(claims.items()):
        if name in same:
            claim.paths.append(f"{WALKTHROUGHS}/{same[name]}/{MANIFEST}")
        if len(claim.paths) > 1:
            add_first(problems, claimed_twice(name, claim.paths), MAX_PROBLEMS)
        elif claim.wanted is not None:
            good[name] = claim.wanted
    bad = claims.keys() - good.keys()
    errors, others = first_of_each_kind(problems, MAX_PROBLEMS)
    return ParseResult(
        wanted=_add_earlier_names(list(good.values())),
        problems=tuple(errors),
        unreadable=frozenset(bad) | (misplaced.held - good.keys() - same.keys()),
        complete=misplaced.all_known,
        unchanged=frozenset(same.keys() - bad),
        folders={name: claims[name].paths[0].split("/")[1] for name in good},
        warnings=tuple(others),
    )


def _add_earlier_names(wanted: list[WantedWalkthrough]) -> tuple[WantedWalkthrough, ...]:
    outlines = with_earlier_names([each.outline for each in wanted])
    return tuple(replace(w, outline=outline) for w, outline in zip(wanted, outlines, strict=True))


def _root(data: FileData | None, problems: list[Problem]) -> bool:
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
    _take(found, problems)
    return not found
