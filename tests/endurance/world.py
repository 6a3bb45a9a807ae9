"""An installation that things are done to: two processes, one embedded database, one repository."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.authors import Author
from tests.builders import organization, server
from tests.processes import FlaskServe
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import connect
from walkthroughs.identity.links import create_links
from walkthroughs.models import ContentSource, McpServer, Walkthrough
from walkthroughs.publishing import assignments

STEPS = tuple(f"s{number:02}" for number in range(1, 31))


class World:
    """Two organizations, each with a server and a course of thirty steps from Git."""

    def __init__(self, folder: Path, learners: int) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.database = connect(lambda: embedded.start(self.data / "postgres"))
        migrations.upgrade(self.database)
        self.author = Author(folder / "content")
        self.links: dict[str, list[str]] = {}
        with self.database.transaction() as session:
            for slug in ("acme", "other"):
                owner = organization(session, slug).id
                server(session, owner, slug)
                people = [f"{number}@{slug}.example" for number in range(learners)]
                self.links[slug] = list(create_links(session, slug, people).values())
                session.add(
                    ContentSource(
                        organization_id=owner, name="content", url=str(folder / "content")
                    )
                )
        self.write("1")
        settings = {
            "HANDRAIL_DATA_DIR": str(self.data),
            "HANDRAIL_ALLOW_LOCAL_REPOSITORIES": "1",
            "HANDRAIL_POLL_SECONDS": "1",
            "DATABASE_URL": "",
            "PYTHONFAULTHANDLER": "1",
        }
        self.processes = [FlaskServe(folder, settings) for _ in range(2)]
        for process in self.processes:
            process.start()
        for process in self.processes:
            process.wait_until_ready(400)
        self.walkthroughs = {slug: self._wait_for_course(slug) for slug in ("acme", "other")}

    def write(self, words: str) -> None:
        """Commit a course whose texts hold *words*; ids and titles stay."""
        steps = [(each, "", f"Do {each}. {words}") for each in STEPS]
        self.author.write(*steps, name="course", head="status: published")
        self.author.commit()

    def _wait_for_course(self, slug: str) -> str:
        for _ in range(600):
            with self.database.transaction() as session:
                owner = session.query(McpServer).filter_by(slug=slug).one()
                row = (
                    session.query(Walkthrough)
                    .filter_by(organization_id=owner.organization_id, external_id="course")
                    .one_or_none()
                )
                if row is not None and row.is_published:
                    assignments.assign(session, owner.organization_id, owner.id, [row.id])
                    return row.id
            time.sleep(0.1)
        raise TimeoutError("the course did not come in")

    def database_process(self) -> psutil.Process:
        """Return the main process of the embedded PostgreSQL."""
        lines = (self.data / "postgres" / "postmaster.pid").read_text().split()
        return psutil.Process(int(lines[0]))

    def kill_database(self, *, with_children: bool) -> None:
        parent = self.database_process()
        children = parent.children() if with_children else []
        for process in (parent, *children):
            try:
                process.send_signal(signal.SIGKILL)
            except psutil.Error:
                continue

    def close(self) -> None:
        for process in self.processes:
            process.stop()
        self.database.close()
        embedded.stop(self.data / "postgres")
        self.author.repository.close()


@contextmanager
def beside(work: threading.Thread, stop: threading.Event) -> Iterator[None]:
    """Run a thread while the block runs."""
    work.start()
    try:
        yield
    finally:
        stop.set()
        work.join()
