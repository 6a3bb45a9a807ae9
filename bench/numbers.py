"""Measure the pages of numbers: `python -m bench.numbers [LEARNERS]`.

100,000 learners, unless told otherwise, take half of 20 walkthroughs within 400 days: that is about
10 million events and 1 million places. Each question is asked of the last 90 days. CPU is that of
the database's process; without parallel workers, so that it is all of it.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from os import sysconf
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from admin.access.accounts import create_owner
from app import add_pages, create_app
from bench.history import fill
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database
from walkthroughs.events import analytics, step_numbers
from walkthroughs.events.analytics import Scope
from walkthroughs.ids import now_ms
from walkthroughs.models import McpServer, Organization
from walkthroughs.publishing import assignments, create
from walkthroughs.publishing.origin import Origin
from walkthroughs.settings import read_settings

_LEARNERS, _DAYS, _SHARE, _WALKTHROUGHS, _STEPS = 100_000, 400, 0.5, 20, 12
_ROUNDS = 7
_OWNER = "owner@bench.example"
_TICK_MS = 1000 / sysconf("SC_CLK_TCK")


def main(learners: int) -> None:
    """Print the CPU and the time of each question, then the time of each page."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "postgres"
        given = {"DATABASE_URL": embedded.start(data), "HANDRAIL_DATA_DIR": folder}
        app = add_pages(create_app(read_settings(given)))
        database = app.extensions["handrail"].database
        try:
            migrations.upgrade(database)
            with app.app_context(), database.transaction() as session:
                organization_id, walkthrough_id = _offer(session)
                password = create_owner(session, organization_id, _OWNER) or ""
            started = time.monotonic()
            events = fill(database, organization_id, learners=learners, days=_DAYS, share=_SHARE)
            print(f"{events:,} events of {learners:,} learners: {time.monotonic() - started:.0f} s")
            _measure_questions(database, organization_id, walkthrough_id)
            client = app.test_client()
            page = client.get("/admin/login").get_data(as_text=True)
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert token
            answers = {"email": _OWNER, "password": password, "csrf_token": token[1]}
            assert client.post("/admin/login", data=answers).status_code == 302
            home = "/o/bench/admin/analytics/"
            for path in (home, f"{home}walkthroughs/{walkthrough_id}/"):
                for days in (30, 90, 365):
                    address = f"{path}?days={days}"
                    print(f"{_median(lambda: _open(client, address)):8.0f} ms  {address}")  # noqa: B023
        finally:
            database.close()
            embedded.stop(data)


def _open(client: object, address: str) -> None:
    assert client.get(address).status_code == 200  # type: ignore[attr-defined]


def _median(work: Callable[[], object]) -> float:
    """Return how many milliseconds *work* takes."""
    taken = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def _offer(session: Session) -> tuple[str, str]:
    """Make the organization with what it offers; return its id, and that of a walkthrough."""
    organization = Organization(slug="bench", name="Bench")
    session.add(organization)
    session.flush()
    server = McpServer(organization_id=organization.id, slug="bench", name="Bench")
    session.add(server)
    session.flush()
    ids = []
    for number in range(_WALKTHROUGHS):
        names = [f"s{place}" for place in range(_STEPS)]
        steps = tuple(StepContent(id=name, title=f"Step {name}", content="Do.") for name in names)
        wanted = WalkthroughContent(id=f"w{number}", title=f"Walkthrough {number}", steps=steps)
        made = create.create(
            session, organization.id, wanted, Origin(author=_OWNER), is_published=True
        )
        ids.append(made.walkthrough_id)
    assignments.assign(session, organization.id, server.id, ids)
    return organization.id, ids[0]


def _measure_questions(database: Database, organization_id: str, walkthrough_id: str) -> None:
    today = datetime.now(UTC).date()
    everything = Scope(organization_id, today - timedelta(days=89), today)
    one = Scope(organization_id, everything.first, today, walkthrough_id=walkthrough_id)
    now = now_ms()
    questions: dict[str, Callable[[Session], object]] = {
        "by day": lambda s: analytics.read_days(s, everything),
        "by day, one walkthrough": lambda s: analytics.read_days(s, one),
        "by walkthrough": lambda s: analytics.read_walkthroughs(s, everything),
        "by server, one walkthrough": lambda s: analytics.read_servers(s, one),
        "by version, one walkthrough": lambda s: analytics.read_versions(s, one),
        "flow": lambda s: analytics.read_flow(s, everything),
        "active learners": lambda s: analytics.count_learners(s, everything),
        "active learners by day": lambda s: analytics.count_learner_days(s, everything),
        "active now": lambda s: analytics.count_active_now(s, one, now),
        "feed": lambda s: analytics.read_feed(s, one),
        "steps with medians": lambda s: step_numbers.read_steps(s, one, now),
        "anything counted": lambda s: analytics.has_any(s, organization_id, walkthrough_id),
    }
    with database.transaction() as session:
        session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        for name, ask in questions.items():
            ask(session)
            before = _cpu_ms(backend)
            wall = _median(lambda: ask(session))  # noqa: B023  asked before the next one
            cpu = (_cpu_ms(backend) - before) / _ROUNDS
            print(f"{cpu:8.0f} ms CPU {wall:8.0f} ms  {name}")


def _cpu_ms(pid: int) -> float:
    """Return the processor time of a process: in the kernel, and outside of it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_MS


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _LEARNERS)
