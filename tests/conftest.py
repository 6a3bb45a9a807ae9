"""A real PostgreSQL for the tests: one embedded server a run, emptied before each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import cache
from inspect import signature
from pathlib import Path

import httpx
import httpx2
import psycopg2
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings

from tests import clusters
from tests.certificates import make_certificate
from tests.cheap_pages import (
    compile_routes_once,
    compile_templates_once,
    hash_passwords_quickly,
    make_forms_once,
)
from tests.connections import compile_once, kept_connections, reuse_connections
from tests.waiting import PATIENCE
from walkthroughs.database import embedded, prepared
from walkthroughs.database.pool import Database, connect
from walkthroughs.mcp_server import threads
from walkthroughs.models import Base
from walkthroughs.serving import probes
from walkthroughs.settings import Settings

# While working, a quick look at each law; where changes land, a long one.
# How long an example takes says how busy the machine is: neither it nor making it has a limit.
_UNTIMED = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("quick", _UNTIMED, max_examples=20)
hypothesis_settings.register_profile("thorough", _UNTIMED, max_examples=200)
# A mutant is killed by any failing example, however large, and by the same one each time.
hypothesis_settings.register_profile(
    "mutants",
    _UNTIMED,
    max_examples=50,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
hypothesis_settings.load_profile("thorough" if os.environ.get("CI") else "quick")

#: Long files first, so that no worker is left with one of them at the end.
_ORDER = ("assistants", "outside", "browser", "db", "http", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by folder; within a folder they stay as they are."""
    here = Path(__file__).parent
    items.sort(key=lambda item: _ORDER.index(item.path.relative_to(here).parts[0]))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from looking through all that is imported, again and again.

    An application of pages is more objects than the 700 after which it usually looks. It took a
    twelfth of the time of the tests; they leave little to it.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust nobody, instead of all authorities of the internet, which no test reaches.

    Each HTTP client reads them, which takes it longer than most tests need.
    """
    with pytest.MonkeyPatch.context() as patch:
        nobody = make_certificate(tmp_path_factory.mktemp("authorities"), "nobody.test")
        patch.setenv("SSL_CERT_FILE", str(nobody))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient_clients() -> Iterator[None]:
    """Give HTTP clients time: they give up after five seconds, which a busy machine may need."""
    with pytest.MonkeyPatch.context() as patch:
        for library in (httpx, httpx2):
            limits = signature(library.Client).parameters["timeout"].default
            for name in ("connect", "read", "write", "pool"):
                patch.setattr(limits, name, PATIENCE)
        yield


#: What waits for a database that does not answer, and how many seconds.
_WAITING = {module: module._PATIENCE_SECONDS for module in (prepared, probes, threads)}


@pytest.fixture(scope="session", autouse=True)
def _patient_server() -> Iterator[None]:
    """Let calls wait for the database: on a busy machine it answers later than learners would wait."""
    with pytest.MonkeyPatch.context() as patch:
        for module in _WAITING:
            patch.setattr(module, "_PATIENCE_SECONDS", PATIENCE / 4)
        yield


@pytest.fixture
def impatient_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls wait for the database as long as in production, for tests of just that."""
    for module, seconds in _WAITING.items():
        monkeypatch.setattr(module, "_PATIENCE_SECONDS", seconds)


@pytest.fixture(scope="session", autouse=True)
def _cheap_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compile_routes_once(patch)
        compile_templates_once(patch)
        make_forms_once(patch)
        hash_passwords_quickly(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _connections_outlive_a_test() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        reuse_connections(patch)
        compile_once(patch)
        yield


@pytest.fixture(scope="session")
def made_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped cluster with an empty, migrated database, to be copied."""
    return clusters.made_once(tmp_path_factory)


@pytest.fixture(scope="session")
def postgres(made_cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty, migrated database on a server of this process's own."""
    folder = tmp_path_factory.mktemp("postgres") / "data"
    clusters.copy(made_cluster, folder)
    url = embedded.start(folder)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # No test pulls the plug of the machine, and every one waits for the disk.
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("ALTER SYSTEM SET full_page_writes = off")
            # It would learn that tables are empty, which they are between tests: whoever fills one
            # then has it read from beginning to end for each row, to check foreign keys.
            cursor.execute("ALTER SYSTEM SET autovacuum = off")
            # What a test leaves behind in a transaction fails the next one, and does not stop it.
            cursor.execute("ALTER SYSTEM SET lock_timeout = '60s'")
            cursor.execute("SELECT pg_reload_conf()")
    with kept_connections(url):
        yield url
    _kept_connection(url).close()
    embedded.stop(folder)


@pytest.fixture
def settings(postgres: str, tmp_path: Path) -> Settings:
    return settings_for(postgres, tmp_path)


def settings_for(postgres: str, folder: Path) -> Settings:
    return Settings(
        data_dir=folder / "var",
        database_url=postgres,
        given_secret_key="a-secret-for-tests-only",
        base_url="http://localhost:8000",
        allow_local_repositories=True,
        allow_private_hosts=True,  # the hosts of the tests are on loopback
        poll_seconds=0.2,
    )


@pytest.fixture
def database(postgres: str) -> Iterator[Database]:
    """An empty database, migrated."""
    empty(postgres)
    opened = connect(postgres)
    yield opened
    opened.close()


def empty(url: str) -> None:
    """Delete all rows. A tenth of what TRUNCATE costs, since nearly all tables have none."""
    try:
        _delete(url)
    except psycopg2.Error:  # the test before this one has ended all connections
        _kept_connection.cache_clear()
        _delete(url)


def _delete(url: str) -> None:
    names = list(Base.metadata.tables)
    with _kept_connection(url) as connection, connection.cursor() as cursor:
        # Neither foreign keys nor triggers are asked, so the order does not matter.
        cursor.execute("SET session_replication_role = replica")
        # Nobody vacuums: what is deleted is read again by every test. Few leave that much.
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'"
            " AND pg_relation_size(oid) > 1000000",
            (names,),
        )
        if large := [f'"{name}"' for (name,) in cursor.fetchall()]:
            cursor.execute(f"TRUNCATE {', '.join(large)} CASCADE")
        cursor.execute("; ".join(f'DELETE FROM "{name}"' for name in names))


@cache
def _kept_connection(url: str) -> psycopg2.extensions.connection:
    """A new one would take as long as the deleting; it sleeps outside of all transactions."""
    return psycopg2.connect(url)
