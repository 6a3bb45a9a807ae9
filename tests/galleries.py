"""A served course with a picture, at the public address that its clients are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.authors import Course
from tests.builders import content, new_course, step
from tests.pictures import picture_file, stored_picture
from tests.serving import free_port, served
from walkthroughs.content.pictures import Picture
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.database.pool import Database
from walkthroughs.identity.links import create_link
from walkthroughs.learning.caller import Caller
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.pictures import Pictures
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.settings import Settings

FOX = stored_picture()


def pictured(picture: Picture = FOX) -> WalkthroughContent:
    """A walkthrough whose texts name a picture, for the learner and for the assistant."""
    shown, told = f"![A fox](i/{picture.name})", f"It looks like i/{picture.name} here."
    steps = (step("look", content=shown, agent_instructions=told, verify=told), step("go"))
    return content(steps=steps)


@dataclass
class Gallery:
    """A served course with a picture, at the public origin that it is told of."""

    origin: str
    port: int
    database: Database
    caller: Caller
    walkthrough_id: str
    token: str
    pictures: Pictures
    course: Course | None = None

    @property
    def sending(self) -> int:
        """How many pictures the server is sending."""
        return self.pictures._sending._working

    def get(
        self, path: str = f"/s/acme/i/{FOX.name}", host: str | None = None, method="GET", **headers
    ):
        named = {"host": host or f"localhost:{self.port}"}
        return httpx.request(method, self.origin + path, headers=named | headers)

    def set(self, table, **values):
        with self.database.transaction() as session:
            for name, value in values.items():
                setattr(session.query(table).first(), name, value)


@pytest.fixture
def gallery(database: Database, settings: Settings) -> Iterator[Gallery]:
    with database.transaction() as session:
        caller, row = new_course(session, pictured())
        store_pictures(session, caller.organization_id, row, [FOX])
    with _served(database, settings, caller, row) as made:
        yield made


@pytest.fixture
def committed(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Gallery]:
    """A gallery whose picture an author has committed beside the step."""
    course = Course(database, settings, tmp_path / "content")
    course.author.write(("look", "", "![A fox](fox.png)"), "go")
    beside = course.author.folder / "walkthroughs" / "deploy" / "steps" / "fox.png"
    beside.write_bytes(picture_file())
    course.sync()
    with _served(database, settings, course.caller, course.row().id) as made:
        made.course = course
        yield made
    course.author.repository.close()


@contextmanager
def _served(database: Database, settings: Settings, caller: Caller, row: str) -> Iterator[Gallery]:
    port = free_port()
    endpoint = build_endpoint(database, replace(settings, base_url=f"http://localhost:{port}"))
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")
    with served(app, port=port) as origin:
        (pictures,) = {each.endpoint for each in app.routes if isinstance(each.endpoint, Pictures)}
        yield Gallery(origin, port, database, caller, row, token, pictures)
