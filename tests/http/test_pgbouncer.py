"""Two processes behind PgBouncer in transaction mode, where each transaction may have another connection."""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text

from sync import queue
from tests.http.posting import ask
from tests.kept_sources import synced
from tests.outside.debian import ENVIRONMENT, program, user_of
from tests.processes import FlaskServe
from tests.serving import free_port
from tests.waiting import PATIENCE, until
from walkthroughs.database.pool import connect
from walkthroughs.identity.links import create_links

__all__ = ["synced"]


@pytest.fixture
def pooled(postgres, tmp_path):
    """The address of a PgBouncer with three connections to the server."""
    folder = Path(parse_qs(urlsplit(postgres).query)["host"][0])
    port, settings = free_port(), tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\npostgres = host={folder} user=postgres pool_size=3\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        "pool_mode = transaction\nunix_socket_dir =\nmax_client_conn = 500\n"
    )
    settings.chmod(0o644)
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    command = [program("pgbouncer"), str(settings)]
    if os.getuid() == 0:
        command += ["-u", user_of(folder)]
    with (tmp_path / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)
        try:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            until(lambda: process.poll() is not None or answers(url))
            assert process.poll() is None, (tmp_path / "pgbouncer.log").read_text()
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE)


def answers(url):
    database = connect(url)
    try:
        with database.autocommit() as connection:
            return connection.execute(text("SELECT 1")).scalar()
    except Exception:  # noqa: BLE001  it is not up yet
        return False
    finally:
        database.close()


@pytest.fixture
def origins(postgres, pooled, settings, tmp_path):
    """Two servers of one database."""
    variables = {
        "DATABASE_URL": pooled,
        "HANDRAIL_DIRECT_DATABASE_URL": postgres,
        "HANDRAIL_DATA_DIR": str(settings.data_dir),
        "HANDRAIL_SECRET_KEY": settings.secret_key,
        "HANDRAIL_ALLOW_LOCAL_REPOSITORIES": "1",
        "HANDRAIL_POLL_SECONDS": "3600",
    }
    with ExitStack() as stack:
        served = [stack.enter_context(FlaskServe(tmp_path, variables)) for _ in "ab"]
        yield [each.origin for each in served]


def call(address, era, name, **arguments):
    answer = ask(address, era, "tools/call", name=name, arguments=arguments).json()["result"]
    assert not answer.get("isError"), answer
    return answer["_meta"]["handrail/view"]


def moved(database):
    """Return how many starts, steps and completions are counted."""
    with database.begin() as connection:
        query = text("SELECT sum(started), sum(steps), sum(completed) FROM event_days")
        return tuple(connection.execute(query).one())


def test_learners_walk_over_two_processes_and_a_push_is_live_at_once(synced, origins, database):
    synced.author.write("one", "two", "three", head="status: published\nservers: [acme]")
    synced.author.commit()
    owner = synced.caller.organization_id
    with database.transaction() as session:
        queue.request_sync(session, owner, synced.source_id)
    until(lambda: synced.row().version == 2 or synced.row().is_published)
    with database.transaction() as session:
        tokens = list(create_links(session, "acme", [f"{n}@x.example" for n in range(20)]).values())

    def walk(numbered):
        number, token = numbered
        addresses = [f"{origin}/s/acme/mcp/u/{token}" for origin in origins]
        era = ("legacy", "modern")[number % 2]
        view = call(addresses[0], era, "select_walkthrough", walkthrough_id=synced.row().id)
        titles = []
        while view["step"]:
            titles.append(view["step"]["title"])
            addresses.reverse()
            step = view["step"]["id"]
            view = call(addresses[0], era, "next_walkthrough_step", current_step_id=step)
        return titles

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(walk, enumerate(tokens))) == [["One", "Two", "Three"]] * 20
    with database.transaction() as session:
        done = session.scalars(text("SELECT status::text FROM walkthrough_progress")).all()
    assert done == ["completed"] * 20
    until(lambda: moved(database) == (20, 60, 20))
    page = httpx.get(f"{origins[0]}/admin/login")
    assert re.search("Sign in", page.text)
