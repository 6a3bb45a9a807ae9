"""Files of a content repository to content, or to problems. Pure.

A walkthrough with a mistake is refused as a whole and named; the others of the
same commit are not affected.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync.fields import Fields
from sync.manifest import MAX_MANIFEST_BYTES, Manifest, StepFile, read_manifest
from sync.moves import with_earlier_names
from sync.step_file import read_step, text_of
from sync.yaml_subset import YamlRefused, load
from walkthroughs.content import Authored, StepContent, WalkthroughContent
from walkthroughs.errors import Problem

ROOT_FILE = "walkthroughs.yml"
WALKTHROUGHS = "walkthroughs"
MANIFEST = "walkthrough.yml"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the files of one commit say.

    Attributes:
        authored: every walkthrough without a mistake, by id.
        problems: every mistake, in file order.
        unreadable: ids of walkthroughs that have a mistake: leave them as they are.
        complete: false if some manifest's id could not be read, so that nobody
            can say which walkthroughs are gone.
        unchanged: ids of walkthroughs that were not read, since their folder is as it was.
        folders: the folder of each id in `authored`.
    """

    authored: tuple[Authored, ...]
    problems: tuple[Problem, ...]
    unreadable: frozenset[str]
    complete: bool
    unchanged: frozenset[str] = frozenset()
    folders: Mapping[str, str] = field(default_factory=dict)


def parse_repository(
    files: Mapping[str, bytes], unchanged: Mapping[str, str] | None = None
) -> Parsed:
    """Say what the files of a commit hold.

    Args:
        files: path from the source's folder -> bytes, assets' bytes may be empty.
        unchanged: folder -> id of walkthroughs whose files are left out, because
            they are the same as when they were read last.
    """
    unchanged = unchanged or {}
    problems: list[Problem] = []
    if not _root(files, problems):
        return Parsed((), tuple(problems), frozenset(), complete=False)
    claims: dict[str, list[_Claim]] = defaultdict(list)
    for folder, author_id in unchanged.items():
        claims[author_id].append(_Claim(f"{WALKTHROUGHS}/{folder}/{MANIFEST}", None))
    complete = True
    for folder, own in sorted(_by_folder(files).items()):
        path = f"{folder}/{MANIFEST}"
        if path not in own:
            continue
        found: list[Problem] = []
        name, authored = _walkthrough(path, own, found)
        problems += found
        if name is None:
            complete = False
        else:
            claims[name].append(_Claim(path, authored))
    return _settled(claims, frozenset(unchanged.values()), problems, complete=complete)


def refuse_taken(parsed: Parsed, taken: Mapping[str, str]) -> Parsed:
    """Return *parsed* without the ids that other sources own (id -> source), which are problems."""
    if not taken:
        return parsed
    problems = [
        Problem(
            f"{WALKTHROUGHS}/{parsed.folders[name]}/{MANIFEST}",
            1,
            f'the id "{name}" belongs to the content source "{source}"; choose another',
        )
        for name, source in taken.items()
    ]
    return replace(
        parsed,
        authored=tuple(each for each in parsed.authored if each.content.id not in taken),
        problems=tuple(sorted((*parsed.problems, *problems), key=lambda p: (p.path, p.line))),
        unreadable=parsed.unreadable | taken.keys(),
        folders={name: at for name, at in parsed.folders.items() if name not in taken},
    )


def _by_folder(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Return each walkthrough's own files, by its folder: nothing outside concerns it."""
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path, data in files.items():
        parts = path.split("/", 2)
        if len(parts) == 3 and parts[0] == WALKTHROUGHS:
            folders[f"{parts[0]}/{parts[1]}"][path] = data
    return folders


@dataclass(frozen=True, slots=True)
class _Claim:
    """A manifest that has a certain id; no content if it has a mistake or was not read."""

    path: str
    authored: Authored | None


def _settled(
    claims: Mapping[str, list[_Claim]],
    same: frozenset[str],
    problems: list[Problem],
    *,
    complete: bool,
) -> Parsed:
    """Let each id have one manifest; two are refused, both."""
    good: dict[str, _Claim] = {}
    bad = set()
    for name, claimed in sorted(claims.items()):
        if len(claimed) > 1:
            problems += _claimed_twice(name, [claim.path for claim in claimed])
            bad.add(name)
        elif claimed[0].authored is not None:
            good[name] = claimed[0]
        elif name not in same:
            bad.add(name)
    return Parsed(
        authored=with_earlier_names(claim.authored for claim in good.values() if claim.authored),
        problems=tuple(sorted(problems, key=lambda problem: (problem.path, problem.line))),
        unreadable=frozenset(bad),
        complete=complete,
        unchanged=same - bad,
        folders={name: claim.path.split("/")[1] for name, claim in good.items()},
    )


def _root(files: Mapping[str, bytes], problems: list[Problem]) -> bool:
    """Return whether the repository's own settings are ones that this release understands."""
    if ROOT_FILE not in files:
        return True
    before = len(problems)
    text = text_of(ROOT_FILE, files[ROOT_FILE], MAX_MANIFEST_BYTES, problems)
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
