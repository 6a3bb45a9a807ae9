"""The pages of servers: what each offers, in which order, and how to connect to it."""

import re

import pytest

from tests.builders import content, walkthrough
from tests.dashboard import app, owner, said, site
from walkthroughs.crypto import hash_token
from walkthroughs.enums import Role
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.models import (
    ContentSource,
    McpServerWalkthrough,
    Member,
    PersonalLink,
    Walkthrough,
)
from walkthroughs.publishing import assignments, writer

__all__ = ["app", "owner", "site"]
PAGE = "/o/acme/admin/servers/acme/"


@pytest.fixture
def two(site, database):
    org, _, first, _ = site["acme"]
    with database.transaction() as session:
        second = walkthrough(session, org, content(id="tea", title="Make tea"))
    return first, second


def offered(database, site):
    org, srv, *_ = site["acme"]
    return [card.title for card in list_walkthroughs(database, Caller(org, srv)).cards]


def post(owner, view, *, page=PAGE, **fields):
    answer = owner.post(f"{page}{view}", page="/o/acme/admin/tables/mcp_servers/new/", **fields)
    assert answer.status_code in {303, 404}, said(answer)
    return answer


def undo(owner):
    """Press the button "Undo" of the page."""
    shown = said(owner.get(PAGE))
    form = re.search(
        r'<form method="post" action="([^"]+)"[^>]*>((?:(?!</form>).)*Undo)', shown, re.S
    )
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2]))
    assert owner.client.post(form[1], data=fields).status_code == 303


def test_walkthroughs_are_added_moved_switched_and_removed_and_each_can_be_undone(
    owner, site, two, database
):
    first, second = two
    post(owner, "assign", walkthrough_id=second)
    assert offered(database, site) == ["Deploy at acme", "Make tea"]
    post(owner, "change", change=f"move {second}")
    assert offered(database, site) == ["Make tea", "Deploy at acme"]
    undo(owner)
    assert offered(database, site) == ["Deploy at acme", "Make tea"]
    post(owner, "change", change=f"off {first}")
    assert offered(database, site) == ["Make tea"]
    undo(owner)
    assert offered(database, site) == ["Deploy at acme", "Make tea"]
    post(owner, "change", change=f"remove {first}")
    assert offered(database, site) == ["Make tea"]
    undo(owner)
    assert offered(database, site) == ["Make tea", "Deploy at acme"]


def test_the_page_shows_what_assistants_see_and_why_something_is_not_served(
    owner, site, two, database
):
    _, second = two
    post(owner, "assign", walkthrough_id=second)
    with database.transaction() as session:
        session.query(Walkthrough).filter_by(id=second).update(
            {"is_published": False, "version": 2}
        )
    shown = said(owner.get(PAGE))
    assert "It is hidden: publish it" in shown
    assert "1 walkthrough(s) on offer" in shown
    assert "Serving 1 of 2" in said(owner.get("/o/acme/admin/servers/"))


def test_what_is_not_of_the_organization_is_neither_shown_nor_assigned(owner, site, two, database):
    foreign = site["other"][2]
    post(owner, "assign", walkthrough_id=foreign)
    assert "Choose a walkthrough to add" in said(owner.get(PAGE))
    for change in (f"on {foreign}", f"off {foreign}", f"remove {foreign}", f"move {foreign}"):
        foreign_page = "/o/acme/admin/servers/other/"
        assert post(owner, "change", page=foreign_page, change=change).status_code == 404
        post(owner, "change", change=change)
    assert post(owner, "change", change=f"assign {foreign}").status_code == 303
    assert owner.get("/o/acme/admin/servers/other/").status_code == 404
    post(owner, "change", change=f"move {foreign}")
    assert "no longer on this server" in said(owner.get(PAGE))
    with database.transaction() as session:
        assert session.query(McpServerWalkthrough).count() == 2


def test_a_viewer_sees_the_page_without_buttons(owner, site, two, database):
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update(
            {"role": Role.VIEWER}
        )
    for tab in ("walkthroughs", "connect", "settings", "nonsense"):
        shown = said(owner.get(f"{PAGE}?tab={tab}"))
        assert 'method="post" action="/o/' not in shown
        assert "New server" not in said(owner.get("/o/acme/admin/servers/"))


def test_the_connect_tab_gives_the_address_and_names_what_keeps_others_away(owner, site):
    shown = said(owner.get(f"{PAGE}?tab=connect"))
    assert "claude mcp add --transport http acme http://localhost:8000/s/acme/mcp" in shown
    assert "works only on the machine" in shown
    assert "cursor://anysphere.cursor-deeplink/mcp/install?name=acme" in shown


def test_an_editor_makes_a_link_for_one_person_and_it_is_shown_once(app, owner, site, database):
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update(
            {"role": Role.EDITOR}
        )
    refused = owner.post(f"{PAGE}link", page=f"{PAGE}?tab=connect", email="lea")
    assert refused.status_code == 422
    assert 'value="lea"' in said(refused)
    assert "is not an e-mail address" in said(refused)
    shown = said(owner.post(f"{PAGE}link", page=f"{PAGE}?tab=connect", email="Lea@x.example"))
    tokens = set(re.findall(r"/s/acme/mcp/u/([\w-]{40,})", shown))
    assert len(tokens) == 1
    assert "A message to send" in shown
    assert not tokens & set(re.findall(r"[\w-]{40,}", said(owner.get(f"{PAGE}?tab=connect"))))
    with database.transaction() as session:
        assert session.query(PersonalLink).one().token_hash == hash_token(tokens.pop())
    foreign = owner.post(
        "/o/acme/admin/servers/other/link", page=f"{PAGE}?tab=connect", email="a@b.c"
    )
    assert foreign.status_code == 404


def test_a_move_in_a_list_that_was_changed_elsewhere_is_merged_and_told(owner, site, two, database):
    first, second = two
    with database.transaction() as session:
        third = walkthrough(session, site["acme"][0], content(id="soup", title="Cook soup"))
    post(owner, "assign", walkthrough_id=second)
    seen = re.search(r'name="seen" value="(\w+)"', said(owner.get(PAGE)))[1]
    post(owner, "change", change=f"move {second}", seen=seen)
    assert "both changes are in" not in said(owner.get(PAGE))
    post(owner, "assign", walkthrough_id=third)
    post(owner, "change", change=f"move {first}", seen=seen)
    assert "Moved. The list had been changed elsewhere meanwhile" in said(owner.get(PAGE))
    assert offered(database, site) == ["Deploy at acme", "Make tea", "Cook soup"]


def test_a_hostile_title_is_text_in_every_part_of_a_row(owner, site, two, database):
    evil = '</a><script>"\'&<b x="1">'
    with database.transaction() as session:
        session.query(Walkthrough).update({"title": evil, "description": evil})
    shown = said(owner.get(PAGE))
    assert "<script>&#34;" not in shown
    assert evil not in shown
    assert "<b x" not in shown
    assert shown.count("&lt;b x=&#34;1&#34;&gt;") >= 6


def test_what_a_manifest_asked_for_is_from_git_and_can_be_switched_off(owner, site, database):
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(organization_id=org, name="guides", url="https://x.example/x")
        session.add(source)
        session.flush()
        writer.adopt(session, org, row, source.id)
        assignments.unassign(session, org, srv, row)
        assignments.assign(session, org, srv, [row], is_from_git=True)
    assert "from Git</span>" in said(owner.get(PAGE))
    post(owner, "change", change=f"off {row}")
    assert offered(database, site) == []
    with database.transaction() as session:
        # What Git asks for again stays off: it is assigned already.
        assignments.assign(session, org, srv, [row], is_from_git=True)
    assert offered(database, site) == []
    post(owner, "change", change=f"on {row}")
    assert offered(database, site) == ["Deploy at acme"]
