"""Measure pages of the dashboard on an organization of 1,000 walkthroughs. Part of `make bench`.

Pages are asked of the application in this process, without a network, by a signed-in owner. The
reference is the member's own account: the same frame, and next to no content.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from admin.access.accounts import create_owner
from app import Handrail, add_pages, create_app
from walkthroughs.database import embedded, migrations
from walkthroughs.publishing.text_index import note_words
from walkthroughs.settings import read_settings

WALKTHROUGHS, STEPS, PROGRESS, LEARNERS = 1_000, 20, 100_000, 10_000
_ROUNDS = 21
_OWNER = "owner@bench.example"
_REFERENCE = "/admin/account/"
_GOAL = "under 100 ms"
#: What it is, and its address.
_PAGES = (
    ("list of walkthroughs", "/o/bench/admin/walkthroughs/"),
    ("the same, most learners first", "/o/bench/admin/walkthroughs/?sort=learners"),
    ("the same, a word in a step", "/o/bench/admin/walkthroughs/?q=step+7+of+walkthrough+77"),
    ("the same, a word that no text has", "/o/bench/admin/walkthroughs/?q=zebra"),
    ("servers", "/o/bench/admin/servers/"),
    ("a server that offers all", "/o/bench/admin/servers/bench/"),
    ("editor", "/o/bench/admin/walkthroughs/wt77/"),
    ("learners", "/o/bench/admin/learners/"),
    ("learners who are under way", "/o/bench/admin/learners/?status=in_progress"),
    ("learners who have begun nothing", "/o/bench/admin/learners/?status=none"),
    ("learners of a server, active in 30 days", "/o/bench/admin/learners/?server=bench&since=30"),
    ("the table of progress", "/o/bench/admin/tables/walkthrough_progress/"),
    ("its page 100", "/o/bench/admin/tables/walkthrough_progress/?page=100"),
    ("a learner", "/o/bench/admin/learners/msu77/"),
)


def measure() -> list[tuple[str, float, float]]:
    """Return what, the median in milliseconds, and how many times the reference, of each page."""
    with empty_application() as app:
        return _measured(app)


@contextmanager
def empty_application() -> Iterator[Handrail]:
    """Yield the application with its pages, on a database of its own without rows."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "postgres"
        url = embedded.start(data)
        app = add_pages(
            create_app(read_settings({"DATABASE_URL": url, "HANDRAIL_DATA_DIR": folder}))
        )
        assert isinstance(app, Handrail)
        try:
            migrations.upgrade(app.extensions["handrail"].database)
            yield app
        finally:
            app.extensions["handrail"].database.close()
            embedded.stop(data)


def _measured(app: Handrail) -> list[tuple[str, float, float]]:
    database = app.extensions["handrail"].database
    with database.engine.begin() as connection:
        for statement in SEED:
            connection.execute(text(statement), _NUMBERS)
    while note_words(database, 100):
        pass
    with database.engine.begin() as connection:
        _analyze(connection)
    client = signed_in_owner(app)
    seconds: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        for _what, path in (("", _REFERENCE), *_PAGES):
            began = time.perf_counter()
            answer = client.get(path)
            seconds.setdefault(path, []).append(time.perf_counter() - began)
            assert answer.status_code == 200, path
    reference = statistics.median(seconds[_REFERENCE])
    medians = [(what, statistics.median(seconds[path])) for what, path in _PAGES]
    return [(what, 1000 * median, median / reference) for what, median in medians]


def signed_in_owner(app: Handrail) -> FlaskClient:
    """Return a client that is signed in as an owner of the organization `o`."""
    with app.app_context(), app.extensions["handrail"].database.transaction() as session:
        password = create_owner(session, "o", _OWNER) or ""
    client = app.test_client()
    page = client.get("/admin/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    form = {"email": _OWNER, "password": password, "csrf_token": token[1] if token else ""}
    assert client.post("/admin/login", data=form).status_code == 302
    return client


def _analyze(connection: Connection) -> None:
    connection.execute(text("ANALYZE"))


_NUMBERS = {
    "walkthroughs": WALKTHROUGHS, "steps": STEPS, "progress": PROGRESS, "learners": LEARNERS,
}  # fmt: skip
#: Statements that fill an empty database with an organization of that size.
SEED = (
    "INSERT INTO organization (id, slug, name, created_at) VALUES ('o', 'bench', 'Bench', 0)",
    """INSERT INTO mcp_servers (id, organization_id, slug, name, auth_type,
         walkthrough_tools_enabled, pace_seconds, created_at)
       VALUES ('srv', 'o', 'bench', 'Bench', 'personal_link', true, 0, 0)""",
    """INSERT INTO walkthroughs (id, organization_id, title, description, version, is_published,
         tags, step_count, external_id, digest, first_step_id, created_at, updated_at)
       SELECT 'wt' || w, 'o', 'Walkthrough ' || w, 'What people can do after number ' || w || '.',
              1, true, '["bench"]', :steps, 'w' || w, '', 'ws' || w || '_0', 0, w
         FROM generate_series(1, :walkthroughs) w""",
    """INSERT INTO walkthrough_steps (id, organization_id, walkthrough_id, title, content, verify,
         next_step_id, display_order, external_id, revision, created_at)
       SELECT 'ws' || w || '_' || n, 'o', 'wt' || w, 'Step ' || n,
              'Step ' || n || ' of walkthrough ' || w || '. '
              || repeat('Do this carefully, then look at what it printed. ', 40),
              'It runs.', CASE WHEN n < :steps - 1 THEN 'ws' || w || '_' || (n + 1) END, n,
              's' || n, 1, 0
         FROM generate_series(1, :walkthroughs) w, generate_series(0, :steps - 1) n""",
    """INSERT INTO walkthrough_versions (id, organization_id, walkthrough_id, number, level,
         summary, digest, step_ids, author, created_at)
       SELECT 'wv' || w, 'o', 'wt' || w, 1, 'structure', 'First version.', '', '[]',
              'ann@bench.example', 0
         FROM generate_series(1, :walkthroughs) w""",
    """INSERT INTO search_words (walkthrough_id, organization_id, version)
       SELECT 'wt' || w, 'o', 1 FROM generate_series(1, :walkthroughs) w""",
    """INSERT INTO mcp_server_walkthroughs (id, organization_id, mcp_server_id, walkthrough_id,
         display_order, is_enabled, assigned_at)
       SELECT 'msw' || w, 'o', 'srv', 'wt' || w, w, true, 0
         FROM generate_series(1, :walkthroughs) w""",
    """INSERT INTO mcp_server_user (id, organization_id, email, created_at)
       SELECT 'msu' || n, 'o', 'learner' || n || '@bench.example', 0
         FROM generate_series(1, :learners) n""",
    """INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
         mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
       SELECT 'wp' || p, 'o', 'msu' || (1 + p % :learners),
              'wt' || (1 + (p + p / :learners) % :walkthroughs), 'srv',
              'ws' || (1 + (p + p / :learners) % :walkthroughs) || '_3', 'in_progress',
              '["a", "b", "c"]', 0, 1, (extract(epoch FROM now()) * 1000)::bigint
              - p::bigint * 60000
         FROM generate_series(0, :progress - 1) p""",
)


def table() -> str:
    """Measure, and return a row for each page."""
    return "\n".join(
        f"| {what} | {milliseconds:.0f} ms | {times:.1f} | {_GOAL} |"
        for what, milliseconds, times in measure()
    )


def main() -> None:
    """Print the table of pages."""
    sys.stdout.write(f"{table()}\n")


if __name__ == "__main__":
    main()
