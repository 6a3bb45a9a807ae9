"""A cluster of PostgreSQL that is made and migrated once a run, for whoever begins with a copy.

To make one and to migrate it takes seconds of CPU, to copy it a tenth of one.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import connect

#: A database of the cluster that nobody connects to: a template of others, with all tables.
MIGRATED = "migrated"


def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a cluster that is stopped, the same for all workers of a run."""
    own = tmp_path_factory.getbasetemp()
    # What is above the folder of a single process is of other runs, too.
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "cluster"
    finished = folder.with_suffix(".finished")
    with folder.with_suffix(".turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not finished.exists():
            make(folder)
            finished.touch()
    return folder


def copy(cluster: Path, folder: Path) -> None:
    """Copy a stopped cluster to *folder*, which is not there yet."""
    # It stays with its owner: as root, that is the user of the server.
    subprocess.run(["cp", "-a", cluster, folder], check=True)


def make(folder: Path) -> None:
    """Make such a cluster in *folder*."""
    url = embedded.start(folder)
    try:
        schema = connect(url)
        migrations.upgrade(schema)
        schema.close()
        with closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {MIGRATED} TEMPLATE postgres")
    finally:
        embedded.stop(folder)
