"""One run of a content source, and the loop that runs them all.

Level, not edge: each run compares the commit with the database, so a run that
was cut short is simply done again. The source's mark moves last.
"""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import asdict, dataclass

from sqlalchemy import select

from sync.apply import apply, read_live
from sync.parse import parse_repository
from sync.plan import Change, plan
from sync.repository import Repository, RepositoryUnavailable
from walkthroughs.db import Database
from walkthroughs.errors import Problem
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.publishing import Origin
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run saw and did. No changes and no problems: in sync."""

    commit: str
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]


def sync_source(
    database: Database, settings: Settings, source_id: str, *, only_plan: bool = False
) -> Run:
    """Make the database equal to the source's newest commit, or only say what that would change.

    Two runs of one source at once do no harm: publishing locks each walkthrough
    and writes nothing that is there already.

    Raises:
        RepositoryUnavailable: the repository cannot be read; nothing was changed.
    """
    with database.transaction() as session:
        source = session.scalars(select(ContentSource).where(ContentSource.id == source_id)).one()
    repository = _repository(settings, source)
    commit = repository.fetch()
    parsed = parse_repository(repository.files(commit, source.path))
    with database.transaction() as session:
        changes = plan(parsed, read_live(session, source.organization_id, source.id))
    if only_plan:
        return Run(commit, changes, parsed.problems)
    origin = Origin(source.id, commit, repository.author(commit))
    problems = (*parsed.problems, *apply(database, source.organization_id, origin, changes))
    _mark(database, source.id, commit, problems)
    return Run(commit, changes, problems)


def poll(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Look at every content source again and again until *stop*. Trouble is logged once."""
    troubled: dict[str, str] = {}
    while not stop.is_set():
        try:
            _look_at_all(database, settings, troubled)
        except Exception:  # noqa: BLE001  the loop's own, with the trace
            # The database may be away; the loop must outlive that.
            _log.exception("content sources could not be looked at; trying again")
        # A little chance, so that many processes do not ask at the same moment.
        stop.wait(settings.poll_seconds * random.uniform(0.8, 1.2))  # noqa: S311  no secret


def _look_at_all(database: Database, settings: Settings, troubled: dict[str, str]) -> None:
    with database.transaction() as session:
        sources = session.scalars(select(ContentSource)).all()
    for source in sources:
        try:
            if _repository(settings, source).head() != source.synced_commit:
                run = sync_source(database, settings, source.id)
                _log.info(
                    "%s is at %s: %d change(s), %d problem(s)",
                    source.name,
                    run.commit[:10],
                    len(run.changes),
                    len(run.problems),
                )
            if troubled.pop(source.id, None):
                _log.info("%s can be read again", source.name)
        except RepositoryUnavailable as error:
            if troubled.get(source.id) != str(error):
                _log.warning("%s: %s", source.name, error)
            troubled[source.id] = str(error)


def _repository(settings: Settings, source: ContentSource) -> Repository:
    return Repository(
        settings.data_dir / "git" / source.id,
        source.url,
        source.branch,
        allow_local=settings.allow_local_repositories,
    )


def _mark(database: Database, source_id: str, commit: str, problems: tuple[Problem, ...]) -> None:
    found = [asdict(problem) for problem in problems]
    with database.transaction() as session:
        source = session.get_one(ContentSource, source_id, with_for_update=True)
        if source.synced_commit == commit and source.problems == found:
            return
        source.synced_commit, source.synced_at, source.problems = commit, now_ms(), found
