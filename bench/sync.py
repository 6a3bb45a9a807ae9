"""Measure syncing against its floors: Git alone, and PostgreSQL's COPY alone."""

from __future__ import annotations

import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from admin.serve_command import freeze_loaded
from bench.sync_repository import STEPS_EACH, edit, make
from sync.git.repository import Repository, open_repository
from sync.runs import SyncRequest
from sync.sync_source import sync_source
from sync.worker import check_source
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database, connect
from walkthroughs.enums import SyncTrigger
from walkthroughs.models import ContentSource, Organization
from walkthroughs.settings import Settings

_ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
_SIZE = 1000  # walkthroughs of ten files
_SMALL = 100
_POLL = SyncRequest(SyncTrigger.POLL)
_TABLE = "CREATE TABLE floor (id text PRIMARY KEY, body text)"


@dataclass
class Site:
    """A repository and a database that it is synced to."""

    database: Database
    settings: Settings
    repository: Path
    source_id: str

    def sync(self) -> None:
        """Carry the newest commit out."""
        sync_source(self.database, self.settings, self.source_id, _POLL)

    @contextmanager
    def git(self) -> Iterator[Repository]:
        """Yield the source's repository."""
        with open_repository(
            self.source_id, str(self.repository), "main", None, self.settings
        ) as repository:
            yield repository


def measure() -> list[dict[str, float]]:
    """Return seconds by case, a dictionary a round."""
    rounds = []
    for number in range(_ROUNDS):
        freeze_loaded()  # as the server does
        with _site(_SIZE) as large, _site(_SMALL) as small:
            found = _round(large, small)
        sys.stderr.write(f"sync {number}: { ({k: round(v, 3) for k, v in found.items()}) }\n")
        rounds.append(found)
    return rounds


def table(rounds: list[dict[str, float]]) -> str:
    """Return the ratios as rows of a table."""
    rows = [
        f"| {what} | {reference} | "
        f"{statistics.median(r[case] / r[floor] for r in rounds):.2f} | {goal} |"
        for what, case, reference, floor, goal in _LINES
    ]
    return "\n".join(rows)


_LINES = (
    ("import of 10,000 files", "import", "`cat-file --batch` + COPY", "import floor",
     "at most 1.5"),
    ("reading all of it", "read all", "`ls-tree`, `cat-file --batch`", "read floor", "at most 1.3"),
    ("reading ten walkthroughs, 90 files changed", "read 90", "`diff-tree`, `cat-file --batch`",
     "floor 90", "at most 1.2"),
    ("the same, one file changed in each", "read 10", "the same, of ten files", "floor 10", ""),
    ("poll with nothing new", "poll", "`git ls-remote`", "poll floor", "at most 1.2"),
    ("one file changed, of 10,000, fetched", "one of many", "one of 1,000", "one of few",
     "about 1"),
)  # fmt: skip


def _round(large: Site, small: Site) -> dict[str, float]:
    with large.git() as repository:
        repository.fetch()  # the floor does not bring the repository here either
    seconds = {"import": _time(large.sync)}
    bodies = _bodies(large)
    copy = _time(lambda: _copy(large.database, bodies))
    small.sync()
    with large.git() as repository:
        commit = repository.fetch()
        seconds["read floor"] = _best(lambda: _shell(large, f"git ls-tree -r {commit} | {_BLOBS}"))
        seconds["read all"] = _best(lambda: _read(repository, commit, {}))
        seconds["poll floor"] = _best(
            lambda: _shell(large, f"git ls-remote {large.repository} refs/heads/main")
        )
    seconds["poll"] = _best(lambda: check_source(large.database, large.settings, large.source_id))
    for name, site in (("one of many", large), ("one of few", small)):
        seconds[name] = _one_change(site)
    for changed, steps in ((90, STEPS_EACH), (10, 1)):
        seconds |= _reading_changed(large, changed, steps)
    return seconds | {"import floor": seconds["read floor"] + copy}


def _reading_changed(site: Site, changed: int, steps: int) -> dict[str, float]:
    """Read what *changed* files in ten walkthroughs belong to; Git alone reads only them."""
    with site.git() as repository:
        before = repository.fetch()
        known = _read(repository, before, {})
        edit(site.repository, range(100, 110), f"third {changed}", steps)
        after = repository.fetch()
        diff = f"git diff-tree -r {before} {after} | awk '{{print $4}}' | git cat-file --batch"
        return {
            f"floor {changed}": _best(lambda: _shell(site, diff)),
            f"read {changed}": _best(lambda: _read(repository, after, known)),
        }


def _one_change(site: Site) -> float:
    """Return the shortest of five syncs of one changed file, without what git takes to fetch it."""
    times = []
    for number in range(5):
        edit(site.repository, range(7, 8), f"again {number}")
        with site.git() as repository:
            repository.fetch()
            nothing_new = _best(repository.fetch)
        times.append(_time(site.sync) - nothing_new)
    return min(times)


def _read(repository: Repository, commit: str, known: Mapping[str, str]) -> dict[str, str]:
    """Read all folders that are not known; return the trees of all."""
    with repository.snapshot(commit, "", known) as snapshot:
        for _ in snapshot.folders:
            pass
        return dict(snapshot.trees)


_BLOBS = "awk '{print $3}' | git cat-file --batch"


def _bodies(site: Site) -> list[str]:
    """Return the very texts that were imported, as COPY takes them."""
    with site.database.transaction() as session:
        rows = session.execute(text("SELECT content FROM walkthrough_steps ORDER BY id"))
        return [body.replace("\n", "\\n") for (body,) in rows]


def _copy(database: Database, bodies: list[str]) -> None:
    """Store the bodies under a key, in one transaction, by COPY."""
    rows = "".join(f"{number}\t{body}\n" for number, body in enumerate(bodies))
    connection = database.open_connection()
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.copy_expert("COPY floor FROM STDIN", io.StringIO(rows))
    connection.commit()
    connection.close()


def _shell(site: Site, command: str) -> None:
    folder = site.settings.data_dir / "git" / site.source_id
    subprocess.run(f"{command} > /dev/null", shell=True, cwd=folder, check=True)  # noqa: S602  ours


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _best(work: Callable[[], object]) -> float:
    """Return the shortest of five: what the work takes when nobody is in the way."""
    return min(_time(work) for _ in range(5))


@contextmanager
def _site(size: int) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp())
    repository = folder / "repository"
    make(repository, size)
    url = embedded.start(folder / "postgres")
    database = connect(url)
    try:
        migrations.upgrade(database)
        settings = Settings(
            data_dir=folder / "var",
            database_url=url,
            given_secret_key="bench",  # noqa: S106  signs nothing here
            base_url="http://localhost:8000",
            allow_local_repositories=True,
        )
        with database.transaction() as session:
            session.add(Organization(id="o", slug="bench", name="Bench"))
            session.flush()
            session.add(
                ContentSource(id="src", organization_id="o", name="bench", url=str(repository))
            )
        yield Site(database, settings, repository, "src")
    finally:
        database.close()
        embedded.stop(folder / "postgres")
        shutil.rmtree(folder)
