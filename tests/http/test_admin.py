"""The dashboard in a test browser of Flask's: signing in, writing content, and the walls."""

import re
from dataclasses import replace

from tests.builders import learner
from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.content.draft import Details, Draft
from walkthroughs.crypto import hash_token
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    McpServer,
    PersonalLink,
    Walkthrough,
)
from walkthroughs.publishing import read
from walkthroughs.publishing.begin import begin
from walkthroughs.publishing.origin import Origin

__all__ = ["app", "owner", "site"]


def test_a_visitor_is_sent_to_sign_in_and_sees_nothing(app, site):
    visitor = Visitor(app)
    for path in (
        "/admin/",
        "/o/acme/admin/tables/walkthroughs/",
        "/o/acme/admin/tables/walkthrough_steps/new/",
    ):
        answer = visitor.get(path)
        assert (answer.status_code, "login" in answer.location) == (302, True)


def test_an_owner_makes_a_walkthrough_with_steps_publishes_and_assigns_it(owner, site, database):
    org, srv, *_ = site["acme"]
    made = owner.post("/o/acme/admin/tables/walkthroughs/new/", title="Make tea", is_published="y")
    assert made.status_code == 302
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(title="Make tea").one().id
    for title, place in (("Brew", ""), ("Boil", "1")):
        answer = owner.post(
            "/o/acme/admin/tables/walkthrough_steps/new/",
            title=title, position=place, walkthrough_id=row, content=f"{title} it.",
        )  # fmt: skip
        assert answer.status_code == 302, said(answer)
    answer = owner.post(
        "/o/acme/admin/tables/mcp_server_walkthroughs/new/",
        mcp_server_id=srv, walkthrough_id=row, display_order="0", is_enabled="y",
    )  # fmt: skip
    assert answer.status_code == 302, said(answer)

    cards = catalog.list_walkthroughs(database, Caller(org, srv)).cards
    assert {card.title: card.total_steps for card in cards}["Make tea"] == 2
    with database.transaction() as session:
        stored = read.read_content(session, org, row)
        assert [step.title for step in stored.steps] == ["Boil", "Brew"]
        assert session.get(Walkthrough, row).version == 3


def test_editing_and_archiving_a_step_are_versions(owner, site, database):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        first = session.get(Walkthrough, row).first_step_id
    path = f"/o/acme/admin/tables/walkthrough_steps/edit/?id={first}"
    owner.post(path, title="One", content="New words.", position="3")
    owner.post(f"/o/acme/admin/tables/walkthrough_steps/remove/?id={first}")

    with database.transaction() as session:
        assert session.get(Walkthrough, row).version == 3
        stored = read.read_content(session, org, row)
    assert [step.title for step in stored.steps] == ["Two", "Three"]


def test_text_that_hides_is_refused_and_what_was_typed_is_kept(owner, site):
    answer = owner.post(
        "/o/acme/admin/tables/walkthrough_steps/new/",
        title="X", walkthrough_id=site["acme"][2], content="a\u202eb typed",
    )  # fmt: skip

    assert "U+202E cannot be seen" in said(answer)
    assert "typed</textarea>" in said(answer)


def test_an_origin_names_the_member(owner, site, database):
    owner.post(
        f"/o/acme/admin/tables/walkthroughs/edit/?id={site['acme'][2]}",
        title="Renamed",
        is_published="y",
    )

    assert "owner@acme.example" in said(owner.get("/o/acme/admin/tables/walkthrough_versions/"))
    assert Origin().author is None


def test_steps_move_up_and_down(owner, site, database):
    org, _, row, _ = site["acme"]

    def titles():
        with database.transaction() as session:
            return [step.title for step in read.read_content(session, org, row).steps]

    with database.transaction() as session:
        first = session.get(Walkthrough, row).first_step_id
    path, page = (
        f"/o/acme/admin/tables/walkthrough_steps/move/?id={first}",
        "/o/acme/admin/tables/mcp_servers/new/",
    )
    owner.post(path, page=page, to="down")
    assert titles() == ["Two", "One", "Three"]
    owner.post(path, page=page, to="up")
    assert titles() == ["One", "Two", "Three"]


def test_an_archived_walkthrough_is_out_of_sight_and_comes_back(owner, site):
    row = site["acme"][2]
    owner.post(f"/o/acme/admin/tables/walkthroughs/remove/?id={row}")
    owner.get("/o/acme/admin/tables/walkthroughs/")  # says once what was archived
    assert "Deploy at acme" not in said(
        owner.get("/o/acme/admin/tables/walkthroughs/?search=Deploy")
    )
    assert "Deploy at acme" in said(owner.get("/o/acme/admin/tables/walkthroughs/?archived=1"))
    owner.post(
        f"/o/acme/admin/tables/walkthroughs/restore/?id={row}",
        page="/o/acme/admin/tables/mcp_servers/new/",
    )

    assert "Deploy at acme" in said(owner.get("/o/acme/admin/tables/walkthroughs/?search=Deploy"))


def test_a_draft_that_was_archived_comes_back_as_a_draft(owner, site, database):
    with database.transaction() as session:
        row = begin(session, site["acme"][0], Draft(Details("Juice"), ()), "a@x.example")
    for path in ("remove", "restore"):
        owner.post(
            f"/o/acme/admin/tables/walkthroughs/{path}/?id={row}",
            page="/o/acme/admin/tables/mcp_servers/new/",
        )

    with database.transaction() as session:
        found = session.get(Walkthrough, row)
        assert (found.version, found.archived_at) == (0, None)


def test_a_personal_link_is_shown_once_and_ends_when_told(owner, site, database):
    server_id = site["acme"][1]
    shown = said(
        owner.post(
            "/o/acme/admin/tables/personal_links/new/",
            mcp_server_id=server_id,
            email="lea@x.example",
        )
    )
    token = re.search(r"/s/acme/mcp/u/([\w-]+)", shown)[1]
    listed = said(owner.get("/o/acme/admin/tables/personal_links/"))
    assert "lea@x.example" in listed
    assert token not in listed
    with database.transaction() as session:
        link = session.query(PersonalLink).one()
        assert link.token_hash == hash_token(token)
    owner.post(f"/o/acme/admin/tables/personal_links/remove/?id={link.id}")

    with database.transaction() as session:
        assert session.query(PersonalLink).one().revoked_at is not None


def test_an_owner_sets_the_pace_of_a_server_within_its_bounds(owner, site, database):
    _, srv, *_ = site["acme"]
    page = f"/o/acme/admin/tables/mcp_servers/edit/?id={srv}"

    def save(pace):
        return owner.post(page, name="Acme", slug="acme", pace_seconds=pace)

    assert save("30").status_code == 302
    for wrong in ("121", "-1", "soon"):
        assert save(wrong).status_code == 200
    with database.transaction() as session:
        assert session.get(McpServer, srv).pace_seconds == 30
    assert save("").status_code == 302
    with database.transaction() as session:
        assert session.get(McpServer, srv).pace_seconds == 5


def test_attempts_that_ended_and_calls_held_back_are_shown(owner, site, database):
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        caller = Caller(org, srv, learner(session, org, "lea@acme.example").id, pace_seconds=60)
    first = progress.select(database, ContentCache(), caller, row, resume=True).step.id
    progress.advance(database, ContentCache(), caller, first)
    progress.advance(database, ContentCache(), replace(caller, pace_seconds=0), first)
    progress.select(database, ContentCache(), caller, row, resume=False)

    held = said(owner.get("/o/acme/admin/tables/walkthrough_progress/"))
    ended = said(owner.get("/o/acme/admin/tables/walkthrough_attempts/"))
    assert "Calls held back" in held
    assert re.search(r"<td[^>]*>\s*1\s*</td>", held)
    assert "lea@acme.example" in ended
    assert "Deploy at acme" in ended


def test_a_learner_without_an_address_is_listed_by_id(owner, site, database):
    with database.transaction() as session:
        row = learner(session, site["acme"][0], None).id

    assert f">{row}</a>" in said(owner.get("/o/acme/admin/tables/mcp_server_user/"))
