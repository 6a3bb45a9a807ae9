"""Files of a content repository to content, or to problems. Pure.

A walkthrough with a mistake is refused as a whole and named; the others of the
same commit are not affected.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sync.fields import Fields
from sync.manifest import MAX_MANIFEST_BYTES, Manifest, StepFile, read_manifest
from sync.moves import with_earlier_names
from sync.names import DEEPEST, MANIFEST, MOST_ENTRIES, ROOT_FILE, WALKTHROUGHS
from sync.parsed import Parsed, Wanted, in_file_order
from sync.step_file import TOO_MANY, read_step, text_of
from sync.yaml_subset import YamlRefused, load
from walkthroughs.content import Authored, StepContent, WalkthroughContent
from walkthroughs.errors import Problem

Keep = Callable[[Authored], int]


def parse_repository(files: Mapping[str, bytes], keep: Keep = lambda _: 0) -> Parsed:
    """Say what *files* (path from the source's folder -> bytes, assets' may be empty) hold."""
    return parse_folders(files.get(ROOT_FILE), _by_folder(files).items(), {}, keep)


def parse_folders(
    root: bytes | None,
    folders: Iterable[tuple[str, Mapping[str, bytes]]],
    unchanged: Mapping[str, str],
    keep: Keep,
) -> Parsed:
    """Say what the files of a commit hold, with the texts of one walkthrough at hand at a time.

    Args:
        root: the repository's own settings, if it has any.
        folders: a folder's path, and path -> bytes of what is in it.
        unchanged: folder -> id of walkthroughs whose files are left out, because
            they are the same as when they were read last.
        keep: takes each walkthrough without a mistake, and says where it is kept.
    """
    problems: list[Problem] = []
    if not _root(root, problems):
        return Parsed((), tuple(problems), frozenset(), complete=False)
    claims: dict[str, list[_Claim]] = defaultdict(list)
    complete = True
    for folder, own in folders:
        path = f"{folder}/{MANIFEST}"
        if path not in own:
            continue
        found: list[Problem] = []
        name, authored = _walkthrough(path, own, found)
        problems += found
        if name is None:
            complete = False
        else:
            claims[name].append(_Claim(path, _kept(authored, keep)))
    same = {author_id: folder for folder, author_id in unchanged.items()}
    return _settled(claims, same, problems, complete=complete)


def _kept(authored: Authored | None, keep: Keep) -> Wanted | None:
    if authored is None:
        return None
    outline = authored.content.outline()
    return Wanted(outline, authored.is_published, authored.servers, keep(authored))


def _by_folder(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Return each walkthrough's own files, by its folder: nothing outside concerns it."""
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path, data in files.items():
        parts = path.split("/")
        if parts[0] == WALKTHROUGHS and 3 <= len(parts) <= DEEPEST + 2:
            folders[f"{parts[0]}/{parts[1]}"][path] = data
    for folder, own in folders.items():
        inner = {posixpath.dirname(path) for path in own} - {folder}
        manifest = f"{folder}/{MANIFEST}"
        if len(own) + len(inner) > MOST_ENTRIES and manifest in own:
            folders[folder] = {manifest: TOO_MANY}
    return dict(sorted(folders.items()))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A manifest that has a certain id; nothing wanted if it has a mistake or was not read."""

    path: str
    wanted: Wanted | None


def _settled(
    claims: Mapping[str, list[_Claim]],
    same: Mapping[str, str],
    problems: list[Problem],
    *,
    complete: bool,
) -> Parsed:
    """Let each id have one manifest; two are refused, both. *same*: id -> unchanged folder."""
    good: dict[str, _Claim] = {}
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
    return Parsed(
        wanted=_led_back([claim.wanted for claim in good.values() if claim.wanted]),
        problems=in_file_order(problems),
        unreadable=frozenset(bad),
        complete=complete,
        unchanged=frozenset(same.keys() - bad),
        folders={name: claim.path.split("/")[1] for name, claim in good.items()},
    )


def _led_back(wanted: list[Wanted]) -> tuple[Wanted, ...]:
    outlines = with_earlier_names([each.outline for each in wanted])
    return tuple(replace(w, outline=outline) for w, outline in zip(wanted, outlines, strict=True))


def _root(data: bytes | None, problems: list[Problem]) -> bool:
    """Return whether the repository's own settings are ones that this release understands."""
    if data is None:
        return True
    before = len(problems)
    text = text_of(ROOT_FILE, data, MAX_MANIFEST_BYTES, problems)
    if text is not None:
        try:
            fields = Fields(load(text), ROOT_FILE, problems, ("schema",))
        except YamlRefused as error:
            problems.append(Problem(ROOT_FILE, error.line, str(error)))
        else:
            schema = fields.word("schema")
            if schema not in {None, "1"}:
                message = f'schema "{schema}" is newer than this server, which reads schema 1'
                fields.refuse(fields.line("schema"), message)
    return len(problems) == before


def _walkthrough(
    path: str, files: Mapping[str, bytes], problems: list[Problem]
) -> tuple[str | None, Authored | None]:
    text = text_of(path, files[path], MAX_MANIFEST_BYTES, problems)
    if text is None:
        return None, None
    manifest = read_manifest(path, text, problems)
    folder = posixpath.dirname(path)
    steps = [read_step(path, folder, listed, files, problems) for listed in manifest.steps]
    if manifest.steps:  # else that is the mistake, and one line says it
        _unlisted(path, folder, manifest, files, problems)
    kept = tuple(step for step in steps if step is not None)
    _distinct(path, manifest, steps, problems)
    if problems or manifest.id is None:
        return manifest.id, None
    content = WalkthroughContent(
        id=manifest.id,
        title=manifest.title,
        description=manifest.description,
        steps=kept,
        tags=manifest.tags,
        estimated_minutes=manifest.estimated_minutes,
        moved=manifest.moved,
    )
    return manifest.id, Authored(content, manifest.is_published, manifest.servers)


def _unlisted(
    path: str, folder: str, manifest: Manifest, files: Mapping[str, bytes], problems: list[Problem]
) -> None:
    listed = {posixpath.normpath(posixpath.join(folder, step.file)) for step in manifest.steps}
    for other in sorted(files):
        if other.startswith(f"{folder}/steps/") and other.endswith(".md") and other not in listed:
            name = other.removeprefix(f"{folder}/")
            problems.append(Problem(path, 1, f'"{name}" is not listed under "steps"'))


def _distinct(
    path: str, manifest: Manifest, steps: list[StepContent | None], problems: list[Problem]
) -> None:
    seen: dict[str, StepFile] = {}
    for listed, step in zip(manifest.steps, steps, strict=True):
        if step is None:
            continue
        first = seen.setdefault(step.id, listed)
        if first is not listed:
            message = f'"{listed.file}" has the id "{step.id}" of "{first.file}"; ids are unique'
            problems.append(Problem(path, listed.line, message))


def _claimed_twice(author_id: str, paths: list[str]) -> list[Problem]:
    return [
        Problem(
            path, 1, f'the id "{author_id}" is also in {", ".join(p for p in paths if p != path)}'
        )
        for path in paths
    ]
