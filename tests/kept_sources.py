"""A synced source that is made once and put back for each test that begins with it.

To sync it takes longer than most of these tests. What comes back is all that the sync left: the
rows, the author's repository and our copy of it. Times are moved on, as if it were just synced.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import BigInteger

from tests.authors import Author, Course, SyncedSource
from tests.conftest import settings_for
from walkthroughs.database.pool import Database
from walkthroughs.ids import now_ms
from walkthroughs.learning.caller import Caller
from walkthroughs.models import Base
from walkthroughs.settings import Settings

C = TypeVar("C", bound=Course)


@dataclass(frozen=True)
class _Kept:
    """What was left of a course, and when."""

    folder: Path
    rows: dict[str, bytes]
    at: int
    source_id: str
    caller: Caller


class KeptSources:
    """Puts back the courses of a run, each by its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, _Kept] = {}

    def course(
        self,
        kind: type[C],
        name: str,
        make: Callable[[C], None],
        database: Database,
        settings: Settings,
        folder: Path,
    ) -> C:
        """Return a course in *folder*, as *make* leaves it. The database is empty."""
        if settings != settings_for(settings.database_url or "", folder):
            return self._make(kind, make, database, settings, folder)  # kept is the usual one
        if kept := self._kept.get(name):
            return self._put_back(kept, kind, database, settings, folder)
        made = self._make(kind, make, database, settings, folder)
        self._kept[name] = self._keep(made, self._folder / name, folder)
        return made

    def _make(
        self,
        kind: type[C],
        make: Callable[[C], None],
        database: Database,
        settings: Settings,
        folder: Path,
    ) -> C:
        made = kind(database, settings, folder / "content")
        make(made)
        return made

    def _keep(self, made: Course, into: Path, folder: Path) -> _Kept:
        for name in ("content", "var"):
            shutil.copytree(folder / name, into / name)
        with made.database.transaction() as session:
            cursor = session.connection().connection.cursor()
            rows = {}
            for table in Base.metadata.tables:
                lines = io.BytesIO()
                cursor.copy_expert(
                    f'COPY (SELECT {_columns(table)} FROM "{table}") TO STDOUT', lines
                )
                if lines.getvalue():
                    rows[table] = lines.getvalue()
        return _Kept(into, rows, now_ms(), made.source_id, made.caller)

    def _put_back(
        self, kept: _Kept, kind: type[C], database: Database, settings: Settings, folder: Path
    ) -> C:
        shutil.copytree(kept.folder, folder, dirs_exist_ok=True)
        with database.transaction() as session:
            cursor = session.connection().connection.cursor()
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, lines in kept.rows.items():
                into = f'COPY "{table}" ({_columns(table)}) FROM STDIN'
                cursor.copy_expert(into, io.BytesIO(lines))
            cursor.execute(_moved_on(kept.rows), {"passed": now_ms() - kept.at})
            cursor.execute("UPDATE content_sources SET url = %s", (str(folder / "content"),))
        made = kind.__new__(kind)
        made.database, made.settings = database, settings
        made.author = Author(folder / "content")
        made.source_id, made.caller = kept.source_id, kept.caller
        return made


def _columns(table: str) -> str:
    """Return the columns to keep: the database counts identities itself, so two never collide."""
    columns = Base.metadata.tables[table].columns
    kept = [each for each in columns if each.computed is None and each.identity is None]
    return ", ".join(f'"{each.name}"' for each in kept)


def _moved_on(tables: Iterable[str]) -> str:
    """Return statements that add the milliseconds that have *passed* to all times."""
    statements = []
    for name in tables:
        columns = Base.metadata.tables[name].columns
        times = [
            each.name
            for each in columns
            if isinstance(each.type, BigInteger) and each.name.endswith("_at")
        ]
        moved = ", ".join(f"{each} = {each} + %(passed)s" for each in times)
        if moved:
            statements.append(f'UPDATE "{name}" SET {moved}')
    return "; ".join(statements)


@pytest.fixture(scope="session")
def kept_sources(tmp_path_factory: pytest.TempPathFactory) -> KeptSources:
    return KeptSources(tmp_path_factory.mktemp("kept-sources"))


@pytest.fixture
def synced(
    database: Database, settings: Settings, tmp_path: Path, kept_sources: KeptSources
) -> Iterator[SyncedSource]:
    """A source with two walkthroughs, synced."""
    made = kept_sources.course(
        SyncedSource, "two-walkthroughs", _write_two, database, settings, tmp_path
    )
    yield made
    made.author.repository.close()


def _write_two(made: SyncedSource) -> None:
    made.author.write("one", "two", "three")
    made.author.write("solo", name="other")
    made.sync()
