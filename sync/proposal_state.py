"""What became of proposals: merged, closed, or open still; and where a walkthrough's stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from sync.git.errors import RepositoryUnavailable
from sync.git.pull_request import pull_request_link
from sync.git.repository import Repository
from sync.layout import WALKTHROUGHS
from walkthroughs.database.pool import Database
from walkthroughs.enums import ProposalState
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Proposal, Walkthrough, WalkthroughVersion

#: Commits of the source's branch that are compared with a proposal whose own commit is not in it.
_MAX_COMMITS = 20


class ProposalStep(StrEnum):
    """How far the proposal of a walkthrough is."""

    IN_STEP = "in_step"  # what is live is what Git says, and nothing is proposed
    PROPOSED = "proposed"
    MERGED = "merged"  # and not live yet
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ProposalStatus:
    """Where the proposal of a walkthrough stands.

    Attributes:
        step: how far it is.
        sentence: the same for people.
        proposal: the last one; none if there was none.
        link: where its host opens a pull request for it; none if that is not known, or it is not
            open.
    """

    step: ProposalStep
    sentence: str
    proposal: Proposal | None = None
    link: str | None = None


def proposal_status(session: Session, organization_id: str, walkthrough_id: str) -> ProposalStatus:
    """Return where the last proposal of a walkthrough stands.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
    """
    walkthrough = session.scalar(
        select(Walkthrough).where(
            Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
        )
    )
    if walkthrough is None:
        raise WalkthroughNotFound(walkthrough_id)
    row = last_proposal(session, organization_id, walkthrough_id)
    in_step = ProposalStatus(ProposalStep.IN_STEP, "In step with Git", row)
    if row is None or row.source_id != walkthrough.source_id:
        return in_step
    if row.state is ProposalState.OPEN:
        link = link_of(row.source, row, walkthrough.title)
        return ProposalStatus(ProposalStep.PROPOSED, f"Proposed: {row.branch}", row, link)
    if row.state is ProposalState.CLOSED:
        if row.updated_at < walkthrough.updated_at:
            return in_step
        return ProposalStatus(ProposalStep.CLOSED, "Closed: its branch is gone, unmerged", row)
    waits = _what_a_merged_one_waits_for(row, row.source, walkthrough)
    return ProposalStatus(ProposalStep.MERGED, waits, row) if waits else in_step


def last_proposal(session: Session, organization_id: str, walkthrough_id: str) -> Proposal | None:
    """Return the last proposal of a walkthrough; if one is open, it is that."""
    return session.scalar(
        select(Proposal)
        .where(
            Proposal.organization_id == organization_id, Proposal.walkthrough_id == walkthrough_id
        )
        .options(joinedload(Proposal.source))
        .order_by(Proposal.created_at.desc(), Proposal.id)
        .limit(1)
    )


def list_proposals(
    session: Session, *, organization_id: str | None = None, source_id: str | None = None
) -> Sequence[Proposal]:
    """Return proposals, the newest first: of one organization, of one source, or all."""
    loaded = (joinedload(Proposal.source), joinedload(Proposal.walkthrough))
    query = select(Proposal).options(*loaded).order_by(Proposal.created_at.desc(), Proposal.id)
    if organization_id is not None:
        query = query.where(Proposal.organization_id == organization_id)
    if source_id is not None:
        query = query.where(Proposal.source_id == source_id)
    return session.scalars(query).all()


def link_of(source: ContentSource, row: Proposal, title: str, text: str = "") -> str | None:
    """Return where the host opens a pull request for a proposal; none if that is not known."""
    kind = source.host_kind.value if source.host_kind else None
    name = f'Change "{title}"'
    return pull_request_link(source.url, source.branch, row.branch, name, text, kind)


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


def _what_a_merged_one_waits_for(
    row: Proposal, source: ContentSource, walkthrough: Walkthrough
) -> str | None:
    """Return what keeps a merged proposal from being live; none if nothing does. Pure."""
    folder = f"{WALKTHROUGHS}/{walkthrough.folder}/"
    if source.newest_commit == source.synced_commit or row.updated_at < (source.synced_at or 0):
        is_live = walkthrough.digest == row.digest or walkthrough.updated_at >= row.updated_at
        if is_live or not any(each.path.startswith(folder) for each in source.problems):
            return None
        return "Merged, but a mistake in its files keeps it from going live"
    if source.awaiting_approval is not None:
        return "Merged, applies when the plan is approved"
    if source.held_at is not None:
        return "Merged, applies when the source is resumed"
    return "Merged, applies next"
