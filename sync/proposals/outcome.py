"""What became of proposals: merged, closed, or open still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import exists, select

from sync.git.errors import RepositoryUnavailable
from sync.git.repository import Repository
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Proposal, WalkthroughVersion

#: Commits of the source's branch that are compared with a proposal whose own commit is not in it.
_MAX_COMMITS = 20


def read_open(database: Database, source: ContentSource) -> Sequence[Proposal]:
    """Return the source's open proposals."""
    with database.transaction() as session:
        return session.scalars(
            select(Proposal).where(
                Proposal.organization_id == source.organization_id,
                Proposal.source_id == source.id,
                Proposal.state == ProposalState.OPEN,
            )
        ).all()


def follow_after_fetch(
    database: Database, source: ContentSource, repository: Repository, newest: str
) -> None:
    """Record which proposals are merged or closed, now that *newest* is in the copy.

    If the host cannot be asked, the next run does it.
    """
    rows = read_open(database, source)
    if rows:
        with suppress(RepositoryUnavailable):
            heads = repository.heads([row.branch for row in rows])
            follow(database, repository, rows, {**heads, source.branch: newest}, source.branch)


def follow_unmoved(
    database: Database,
    source: ContentSource,
    repository: Repository,
    rows: Sequence[Proposal],
    heads: Mapping[str, str],
) -> None:
    """Record what became of *rows* while the source's branch has not moved: some are closed.

    *heads* are where the branches are. Git is asked about those only whose branch is gone.
    """
    gone = [row for row in rows if row.branch not in heads]
    live = [row for row in rows if row not in gone and _went_live(database, row)]
    for row in live:
        _record(database, row, ProposalState.MERGED)
    if gone:
        with suppress(RepositoryUnavailable):
            repository.fetch_if_missing(heads[source.branch])
            follow(database, repository, gone, heads, source.branch)


def follow(
    database: Database,
    repository: Repository,
    rows: Sequence[Proposal],
    heads: Mapping[str, str],
    branch: str,
) -> None:
    """Record what became of *rows*, with the branches at *heads*, and the source's one fetched."""
    for row in rows:
        if (
            repository.contains(row.git_commit, heads[branch])
            or _is_squashed(repository, row, heads[branch])
            or _went_live(database, row)
        ):
            _record(database, row, ProposalState.MERGED)
        elif row.branch not in heads:
            _record(database, row, ProposalState.CLOSED)


def _record(database: Database, row: Proposal, state: ProposalState) -> None:
    with database.transaction() as session:
        now = session.scalar(
            select(Proposal)
            .where(Proposal.organization_id == row.organization_id, Proposal.id == row.id)
            .with_for_update()
        )
        if now is not None and now.state is ProposalState.OPEN:
            now.state, now.updated_at = state, now_ms()


def _is_squashed(repository: Repository, row: Proposal, head: str) -> bool:
    """Return whether the proposed files are in the source's branch by another commit."""
    ends = (row.base_commit, row.git_commit)
    found = repository.git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", *ends)
    paths = [path for path in found.stdout.decode(errors="replace").split("\0") if path]
    if found.returncode or not paths:
        return False
    since = f"{row.base_commit}..{head}"
    literal = "--literal-pathspecs"
    listed = repository.git.run(
        literal, "rev-list", f"--max-count={_MAX_COMMITS}", since, "--", *paths
    )
    return any(
        repository.git.run_ok(
            literal, "diff-tree", "-r", "--quiet", row.git_commit, commit, "--", *paths
        )
        for commit in listed.stdout.decode().split()
    )


def _went_live(database: Database, row: Proposal) -> bool:
    """Return whether the very content was published since, from whatever files."""
    version = WalkthroughVersion
    with database.transaction() as session:
        return bool(
            session.scalar(
                select(
                    exists().where(
                        version.organization_id == row.organization_id,
                        version.walkthrough_id == row.walkthrough_id,
                        version.digest == row.digest,
                        version.created_at >= row.updated_at,
                    )
                )
            )
        )
