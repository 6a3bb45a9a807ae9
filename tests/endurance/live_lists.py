"""How soon listening clients hear of a change: `python -m tests.endurance.live_lists`.

Two processes serve one database. Official clients of both eras listen on both, and read their lists
again when they hear. Changes are published by a third process, and applied from Git by either of
the two. A learner of another organization must hear of nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from sync import queue
from tests.builders import DASHBOARD, content, new_course, walkthrough
from tests.endurance.world import World
from tests.outside.listening import PROGRAMS, ListeningClient, listening_client
from walkthroughs.identity.links import create_link
from walkthroughs.models import ContentSource, McpServer, Walkthrough
from walkthroughs.publishing import writer

_IN_TIME, _PATIENCE = 1.0, 60.0


def main() -> int:
    """Return 0 if every client heard of every change in time, and no stranger of any."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.live_lists")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--applies", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="handrail-live-") as folder, ExitStack() as stack:
        world = World(Path(folder), len(PROGRAMS))
        stack.callback(world.close)
        changes = Changes(world)
        mine, strangers = start_clients(world, stack)
        results: dict[str, list[tuple[str, float]]] = {}
        for kind, change, tries in (
            ("publish", changes.publish, given.tries),
            ("Git apply", changes.apply, given.applies),
        ):
            results[kind] = []
            for number in range(tries):
                results[kind] += tried(change, number, mine)
            report(kind, tries, mine, results[kind])
        time.sleep(2)  # whatever a stranger is told would have come by then
        heard = sum(len(each.heard) for each in strangers)
    print(f"strangers heard {heard} times")
    is_good = all(late <= _IN_TIME for found in results.values() for _, late in found)
    return 0 if is_good and not heard else 1


class Changes:
    """Makes a change that is seen in both lists; returns when it was made, in epoch seconds."""

    def __init__(self, world: World) -> None:
        self._world = world
        with world.database.transaction() as session:
            server = session.query(McpServer).filter_by(slug="acme").one()
            self._owner = server.organization_id
            self._tea = walkthrough(
                session, self._owner, content(id="tea", title="Tea"), server_id=server.id
            )
            source = session.query(ContentSource).filter_by(organization_id=self._owner).one()
            self._source = source.id

    def publish(self, words: str) -> float:
        began = time.time()
        with self._world.database.transaction() as session:
            wanted = content(id="tea", title="Tea", description=words)
            writer.publish(session, self._owner, self._tea, wanted, DASHBOARD)
        return began

    def apply(self, words: str) -> float:
        author = self._world.author
        head = f"status: published\ndescription: {words}"
        author.write("one", "two", name="course", head=head)
        author.commit()
        with self._world.database.transaction() as session:
            queue.request_sync(session, self._owner, self._source)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with self._world.database.transaction() as session:
                row = (
                    session.query(Walkthrough)
                    .filter_by(organization_id=self._owner, external_id="course")
                    .one()
                )
                if row.description == words:
                    return row.updated_at / 1000
            time.sleep(0.02)
        raise TimeoutError("the commit was not applied")


def start_clients(
    world: World, stack: ExitStack
) -> tuple[list[ListeningClient], list[ListeningClient]]:
    """Start a client of each kind, on either process in turn, and two of another organization."""
    with world.database.transaction() as session:
        new_course(session, content(), "quiet")
        quiet = create_link(session, "quiet", "lea@x.example")

    def start(number: int, name: str, slug: str, link: str) -> ListeningClient:
        address = f"{world.processes[number % 2].origin}/s/{slug}/mcp/u/{link}"
        for _ in range(5):  # on a busy machine the database may not answer in time
            client = stack.enter_context(listening_client(name, address))
            if client.is_ready.wait(60):
                return client
        raise TimeoutError(name)

    links = world.links["acme"]
    mine = [start(number, name, "acme", links[number]) for number, name in enumerate(PROGRAMS)]
    names = ("typescript-1", "typescript-2-auto")
    return mine, [start(number, name, "quiet", quiet) for number, name in enumerate(names)]


def tried(
    change: Callable[[str], float], number: int, clients: list[ListeningClient]
) -> Iterator[tuple[str, float]]:
    """Make a change; yield each client with the seconds until it had heard, and listed again."""
    words = f"{change.__name__} number {number}."
    at = change(words)
    for client in clients:
        until = time.monotonic() + _PATIENCE
        while (heard := client.first_after("prompts", at)) is None:
            if time.monotonic() > until:
                heard = float("inf")
                break
            time.sleep(0.01)
        yield client.name, heard - at


def report(
    kind: str, tries: int, clients: list[ListeningClient], found: list[tuple[str, float]]
) -> None:
    """Print how soon each client heard of changes of a *kind*."""
    for client in clients:
        times = sorted(late for name, late in found if name == client.name)
        in_time = sum(late <= _IN_TIME for late in times)
        print(
            f"{kind}, {client.name}: {in_time} of {tries} within {_IN_TIME:.0f} s; "
            f"median {statistics.median(times):.2f} s, worst {times[-1]:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
