"""Back up and restore an installation. What learners do meanwhile goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import IO

from sqlalchemy import text

from walkthroughs.database import migrations
from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.operations import archive
from walkthroughs.operations.postgres_programs import Programs, finish
from walkthroughs.operations.private_folder import private_folder
from walkthroughs.settings import Settings
from walkthroughs.whole_files import write_whole

#: What `public` holds that no extension owns: tables and routines.
_HELD = text("""
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    UNION ALL
    SELECT proname FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
""")
#: A schema of Handrail has these, whichever release made it.
_OURS = frozenset({"alembic_version", "organization", "walkthroughs"})
#: Everything in `public` that no extension owns. Tables take their sequences and partitions along.
_DROP_ALL = """
DO $$ DECLARE statement text; BEGIN
  FOR statement IN
    SELECT format('DROP TABLE %s CASCADE', oid::regclass) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP ROUTINE %s CASCADE', oid::regprocedure) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE %s CASCADE', oid::regtype) FROM pg_type
     WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
  LOOP EXECUTE statement; END LOOP;
END $$
"""
#: Who reads a table for longer keeps it from being dropped, as another backup does.
_PATIENCE = "--command=SET lock_timeout = '30s'"
_CHECK = """
DO $$ BEGIN
  IF (SELECT max(version_num) FROM public.alembic_version) IS DISTINCT FROM '{revision}' THEN
    RAISE 'it does not hold the schema that it names';
  END IF;
END $$
"""


def back_up(database: Database, settings: Settings, path: Path, passphrase: str) -> None:
    """Write a backup of one moment to *path*.

    Raises:
        HandrailError: there is no database of Handrail, or no program that can dump it.
    """
    programs = Programs(database)
    revision = migrations.current_revision(database)
    if revision is None:
        raise HandrailError("The database is empty: there is nothing to back up.")
    with private_folder(path.parent) as folder:
        dump = folder / "dump"
        arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
        finish(programs.start("pg_dump", *arguments), "pg_dump")
        about = archive.About(revision, programs.major, now_ms())
        archive.write(path, about, settings.secret_key, passphrase, dump)


def restore(
    database: Database, settings: Settings, path: Path, passphrase: str, *, replace: bool
) -> str | None:
    """Put a backup in place of what the database holds, in one transaction; and its key.

    Returns what is left to do about the key, if anything. The schema is that of the release that
    made the backup: `migrations.upgrade` brings it to this one's.

    Args:
        database: where to; it is empty, unless *replace* is set.
        settings: of this installation.
        path: the backup.
        passphrase: what its key was sealed with.
        replace: whether what is there may be lost.

    Raises:
        HandrailError: it cannot be restored here. Nothing has changed then, unless it says so.
    """
    with archive.opened(path, passphrase) as (about, secret_key, dump):
        migrations.check_known(about.revision)
        _check_target(database, replace=replace)
        programs = Programs(database)
        if programs.major < about.postgres:
            raise HandrailError(
                f"The backup is of PostgreSQL {about.postgres}, and this server is "
                f"{programs.major}. Restore it to a server that is not older."
            )
        settings.data_dir.mkdir(parents=True, exist_ok=True)  # a new machine has none
        with private_folder(settings.data_dir) as folder:
            _load(programs, dump, about.revision, folder)
            # At once: what the database holds is sealed with it now.
            return store_secret_key(settings, secret_key)


def _check_target(database: Database, *, replace: bool) -> None:
    """Refuse a database that is another program's, or holds what nobody has given up."""
    with database.begin() as connection:
        held = set(connection.scalars(_HELD))
        if held and not held >= _OURS:
            raise HandrailError(
                f'The database holds something else than Handrail, such as "{min(held)}", and a '
                "restore would delete it. Nothing was changed. Give DATABASE_URL of an empty "
                "database."
            )
        query = text("SELECT EXISTS (SELECT FROM organization)")
        if held and not replace and connection.scalar(query):
            raise HandrailError(
                "The database holds an installation already. With --replace, all of it is lost."
            )


def _load(programs: Programs, dump: IO[bytes], revision: str, folder: Path) -> None:
    """Drop everything and load the dump: one transaction, so a failure leaves what was there."""
    archived, statements = folder / "dump", folder / "sql"
    with archived.open("wb") as file:
        shutil.copyfileobj(dump, file)
    # First all of it into statements: psql would take the end of half a dump for its end.
    options = ("--no-owner", "--no-privileges", f"--file={statements}")
    finish(programs.start("pg_restore", *options, str(archived)), "Reading the backup")
    steps = (_PATIENCE, f"--command={_DROP_ALL}", f"--file={statements}", f"--command={_CHECK}")
    loading = programs.start(
        "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        *(step.replace("{revision}", revision) for step in steps),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        finish(loading, "Loading the backup")
    except HandrailError as error:
        if "lock timeout" in str(error):
            raise HandrailError(
                "Somebody reads the database for longer than 30 seconds, as another backup does. "
                "Nothing was changed. Try again when that has ended."
            ) from error
        raise


def store_secret_key(settings: Settings, secret_key: str) -> str | None:
    """Put the key of a backup where this installation reads it; return what is left to do.

    A key of the environment cannot be changed from here; a file that is there is kept beside.

    Raises:
        HandrailError: it cannot be written. What is there stays whole.
    """
    if secret_key == settings.secret_key:
        return None
    path = settings.data_dir / "secret-key"
    from_file = path.exists() and path.read_text() == settings.secret_key
    try:
        if from_file:
            before = path.with_name("secret-key.before-restore")
            write_whole(before, settings.secret_key.encode())
        else:
            path = path.with_name("secret-key.restored")
        write_whole(path, secret_key.encode())
    except OSError as error:
        raise HandrailError(
            f"The database is restored, but its secret key could not be written to {path}: "
            f"{error.strerror}. Correct that, then restore once more, with --replace."
        ) from error
    if from_file:
        return "Restart every process of Handrail: the secret key is another now."
    return (
        f"The secret key of the backup is in {path}. Set HANDRAIL_SECRET_KEY to it, restart "
        "every process of Handrail, and remove the file."
    )
