"""Plan a proposal: which commit it stands on, and what it changes there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sync.format.file_changes import FileChanges, changed
from sync.format.file_diff import FileDiff, diff_files
from sync.format.manifest import read_manifest
from sync.format.rewrite import rewrite
from sync.format.text import decode_text
from sync.format.walkthrough_folder import read_walkthrough
from sync.git.edit_link import view_address_of
from sync.git.proposal_branch import ProposalBranch
from sync.git.repository import Repository
from sync.git.snapshot import Snapshot
from sync.layout import MANIFEST, WALKTHROUGHS, FileData
from sync.proposals.errors import NothingToPropose, NotProposed, ProposalConflict
from walkthroughs.content.limits import MAX_MANIFEST
from walkthroughs.content.pictures import Picture
from walkthroughs.content.problems import Problem, has_errors
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.models import ContentSource

Files = Mapping[str, FileData]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be proposed.

    Attributes:
        author_id: the walkthrough's id in its repository.
        folder: where it is live.
        content: what it is to say.
        pictures: those that the repository may not have yet.
    """

    author_id: str
    folder: str
    content: WalkthroughContent
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Where a proposal begins.

    Attributes:
        parents: of the commit; it is made on the first.
        base: the commit whose files the change is written into; others have pushed since if it is
            not the first parent.
        appends: whether it goes on top of a branch that is there.
    """

    parents: Sequence[str]
    base: str
    appends: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be committed.

    Attributes:
        start: where.
        changes: path in the repository -> new bytes; none takes the file away.
        files: the same for people, file by file.
    """

    start: Start
    changes: FileChanges
    files: tuple[FileDiff, ...]

    @property
    def fingerprint(self) -> str:
        """Return what the changes are known by: equal ones have equal fingerprints."""
        whole = hashlib.sha256()
        for path, data in sorted(self.changes.items()):
            content = "none" if data is None else hashlib.sha256(data).hexdigest()
            whole.update(f"{path}\0{content}\0".encode())
        return whole.hexdigest()[:16]


def choose_start(
    repository: Repository,
    branch: ProposalBranch,
    live: str,
    tip: str | None,
    pushed: str | None,
    *,
    was_merged: bool,
    over: str | None = None,
) -> Start:
    """Return where a proposal begins.

    Args:
        repository: with everything fetched.
        branch: of the proposal.
        live: the commit that is live.
        tip: where the branch is; none if it is not there.
        pushed: our last commit of an open proposal.
        was_merged: whether the last proposal was merged, and none is open.
        over: a commit of somebody else whose files may be changed, if the branch is there still.

    Raises:
        NotProposed: the branch has nothing to do with the source's branch.
    """
    if tip is None or repository.contains(tip, live):
        return Start((live,), live, appends=False)
    if was_merged:  # as another commit: both are parents, so that nothing is taken away
        return Start((live, tip), live, appends=False)
    known = {pushed, branch.last_made(), over}
    base = tip if tip in known else pushed if pushed and branch.has(pushed) else None
    base = base or branch.common_base(tip, live)
    if base is None:
        raise NotProposed(
            "A branch with the name of the proposal is there already, and has no commit in common "
            "with what is live. Remove it in the repository, and propose again."
        )
    return Start((tip,), base, appends=True)


def plan_proposal(
    repository: Repository, source: ContentSource, wanted: Wanted, start: Start
) -> Plan:
    """Return what to commit at *start* so that the walkthrough says what is *wanted*.

    Raises:
        NotRewritten: the files have a mistake, or what is wanted cannot be written.
        NothingToPropose: the files say it already.
        ProposalConflict: others have changed the same files.
    """
    with _walkthrough_at(repository, source, start.base, wanted) as (folder, files):
        web_address = partial(view_address_of, source)
        ours = rewrite(folder, files, wanted.content, wanted.pictures, web_address)
        if start.base == start.parents[0]:
            return _plan(source, start, files, ours)
        with _walkthrough_at(repository, source, start.parents[0], wanted) as (at, theirs):
            before, ours = _in_folder(files, folder, at), _in_folder(ours, folder, at)
            left = _on_top(before, theirs, ours, start.parents[0])
            _refuse_mistakes(at, changed(theirs, left), start.parents[0])
            return _plan(source, start, theirs, left)


def _plan(source: ContentSource, start: Start, files: Files, changes: FileChanges) -> Plan:
    if not changes:
        raise NothingToPropose("The files of the repository say this already.")
    inside = source.path.strip("/")
    prefix = f"{inside}/" if inside else ""
    whole = {f"{prefix}{path}": data for path, data in changes.items()}
    return Plan(start, whole, diff_files({f"{prefix}{path}": files[path] for path in files}, whole))


def _on_top(before: Files, theirs: Files, ours: FileChanges, tip: str) -> FileChanges:
    """Return which of *ours*, changes of *before*, are left to be made in *theirs*. Pure.

    Raises:
        ProposalConflict: they have changed one of these files to something else.
    """
    left = {path: data for path, data in ours.items() if theirs.get(path) != data}
    both = [path for path in left if before.get(path) != theirs.get(path)]
    if both:
        change = {
            path: data if isinstance(data := theirs.get(path), bytes) else None for path in both
        }
        raise ProposalConflict(
            f'Somebody else has changed "{sorted(both)[0]}" on the branch of the proposal. '
            "Look at what they changed, and let them merge first; or put what you want of it into "
            "yours, and propose it on top of theirs.",
            diff_files(before, change),
            tip,
        )
    return left


def _refuse_mistakes(folder: str, files: Files, tip: str) -> None:
    """Refuse a walkthrough that is wrong as a whole, though no file of it has two changes."""
    problems: list[Problem] = []
    read_walkthrough(folder, files, lambda _: None, problems)
    if has_errors(problems):
        raise ProposalConflict(
            "What somebody else has changed on the branch of the proposal does not go with this: "
            f"{problems[0]}",
            (),
            tip,
        )


def _in_folder(files: Mapping[str, T], old: str, new: str) -> dict[str, T]:
    """Return *files* as if their folder had its *new* name."""
    return {new + path.removeprefix(old): data for path, data in files.items()}


@contextmanager
def _walkthrough_at(
    repository: Repository, source: ContentSource, commit: str, wanted: Wanted
) -> Iterator[tuple[str, Files]]:
    """Yield the folder of the walkthrough at *commit*, and its files, which wait to be read."""
    with repository.snapshot(commit, source.path, {}) as snapshot:
        yield _find(snapshot, wanted)


def _find(snapshot: Snapshot, wanted: Wanted) -> tuple[str, Files]:
    """Return where the walkthrough is: where it is live, or in a folder that was renamed.

    Raises:
        NotProposed: it is nowhere.
    """
    likely = [name for name in snapshot.trees if name == wanted.folder]
    others = sorted(name for name in snapshot.trees if name != wanted.folder)
    for names in (likely, others):
        for folder, files in snapshot.read(names):
            path = f"{folder}/{MANIFEST}"
            text = decode_text(path, files[path], MAX_MANIFEST, []) if path in files else None
            if text is not None and read_manifest(path, text, []).id == wanted.author_id:
                return folder, files
    raise NotProposed(
        f'There is no walkthrough "{wanted.author_id}" in {WALKTHROUGHS}/ of the repository any '
        "more. See: flask sync plan"
    )
