"""The pages of learners: who is found, where they are, and who may do what with them."""

import json
import re
from datetime import date

import pytest
from flask_security import hash_password

from admin.pages.learners import found
from tests.builders import DASHBOARD, content, learner, sign_in, walkthrough
from tests.dashboard import Visitor, app, counted, owner, said, site
from tests.events import move_all
from walkthroughs.audit.record import without_learners
from walkthroughs.enums import Role
from walkthroughs.identity.links import create_link
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    AuditEvent,
    McpServer,
    McpServerUser,
    Member,
    PersonalLink,
    User,
    WalkthroughProgress,
    WalkthroughStep,
)
from walkthroughs.publishing import assignments, writer
from walkthroughs.publishing.count_learners import count_learners

__all__ = ["app", "owner", "site"]
LIST = "/o/acme/admin/learners/"


def member(app, database, site, role):
    """Return a signed-in member of acme with this role."""
    with app.app_context(), database.transaction() as session:
        user = User(email="m@x.example", password=hash_password("a long password"),
                    fs_uniquifier="m")  # fmt: skip
        session.add(user)
        session.flush()
        session.add(Member(organization_id=site["acme"][0], user_id=user.id, role=role))
    visitor = Visitor(app)
    visitor.sign_in("m@x.example", "a long password")
    return visitor


@pytest.fixture
def people(site, database):
    """Lea is in the middle of one walkthrough; Max has begun nothing; Eve is of another place."""
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        lea = learner(session, org, "lea@x.example")
        ids = {"lea": lea.id, "max": learner(session, org, "max@x.example").id,
               "none": learner(session, org, None).id,
               "eve": learner(session, site["other"][0], "eve@x.example").id}  # fmt: skip
        create_link(session, "acme", "lea@x.example")
        sign_in(session, session.get_one(McpServer, srv), lea, "Claude Code")
    caller = Caller(org, srv, ids["lea"])
    first = progress.select(database, ContentCache(), caller, row, resume=True)
    progress.advance(database, ContentCache(), caller, first.step.id)
    move_all(database)
    return ids | {"caller": caller, "walkthrough": row}


def names(answer):
    return re.findall(r'/admin/learners/msu_[^/]+/">([^<]+)</a>', said(answer))


def place(database, who):
    with database.transaction() as session:
        row = session.query(WalkthroughProgress).filter_by(mcp_server_user_id=who).one_or_none()
        return row and (row.current_step_id, row.status.value, row.completed_steps)


def steps(database, walkthrough_id):
    with database.transaction() as session:
        rows = session.query(WalkthroughStep).filter_by(walkthrough_id=walkthrough_id)
        return [s.id for s in rows.order_by(WalkthroughStep.display_order)]


def told(database, verb):
    """Return who did that to whom, as the audit has it."""
    with database.transaction() as session:
        rows = session.query(AuditEvent).filter_by(verb=verb)
        return [(each.actor, each.target_id) for each in rows]


def post(visitor, who, view, **fields):
    page = "/o/acme/admin/walkthroughs/new/"
    return visitor.post(f"{LIST}{who}/{view}", page=page, **fields)


#: What is asked, and which learners are found.
QUERIES = (
    ("q=LEA", ["lea@x.example"]),
    ("q=%25", []),  # no wildcard
    ("q=ea@x", []),  # the beginning alone
    ("q=eve@x.example", []),
    ("server=acme", ["lea@x.example"]),
    ("server=other", []),
    ("status=in_progress", ["lea@x.example"]),
    ("status=completed", []),
    ("status=none&q=max", ["max@x.example"]),
    ("since=7", ["lea@x.example"]),
    ("walkthrough=nonsense", []),
    ("server=acme&status=in_progress&since=1&q=@x.ex", ["lea@x.example"]),
    ("page=9", []),
    ("status=nonsense&since=nonsense&page=nonsense&q=lea@", ["lea@x.example"]),
)


def test_learners_are_found_by_address_id_server_walkthrough_status_and_activity(
    owner, people, database
):
    assert names(owner.get(LIST)) == ["lea@x.example", "max@x.example", people["none"]]
    assert names(owner.get(f"{LIST}?q={people['none']}")) == [people["none"]]
    assert names(owner.get(f"{LIST}?walkthrough={people['walkthrough']}")) == ["lea@x.example"]
    for query, expected in QUERIES:
        answer = owner.get(f"{LIST}?{query}")
        assert answer.status_code == 200
        assert names(answer) == expected, query
    with database.transaction() as session:
        session.query(WalkthroughProgress).update({"active_at": 5})
    assert names(owner.get(f"{LIST}?since=30")) == ["lea@x.example"]
    assert names(owner.get(f"{LIST}?since=30&server=acme")) == []
    with database.transaction() as session:
        session.query(McpServerUser).update({"active_on": date(2020, 1, 1)})
    assert names(owner.get(f"{LIST}?since=30")) == []
    part = said(owner.client.get(f"{LIST}?q=max", headers={"HX-Target": "people"}))
    assert "max@x.example" in part
    assert "<html" not in part


def test_a_number_says_whether_there_may_be_more_and_when_it_was_counted(
    owner, people, site, database, monkeypatch
):
    monkeypatch.setattr(found, "PAGE_SIZE", 1)
    org, srv, row, _ = site["acme"]
    for number in range(3):
        with database.transaction() as session:
            late = Caller(org, srv, learner(session, org, f"z{number}@x.example").id)
        progress.select(database, ContentCache(), late, row, resume=True)
    move_all(database)

    def number(query):
        text = said(owner.get(f"{LIST}?{query}"))
        (words,) = re.findall(r'role="status">(.*?)</p>', text)
        return re.sub("<[^>]*>", "", words)

    queries = ("", "status=in_progress", "since=1", "since=7&server=acme", "status=none", "q=z")
    exact = [f"{count} learners" for count in (6, 4, 4, 4, 2, 3)]
    assert [number(query) for query in queries] == exact
    of_walkthrough = f"walkthrough={row}"
    assert number(of_walkthrough) == "4 learners"
    assert [names(owner.get(f"{LIST}?{of_walkthrough}&page={n}")) for n in (1, 4)] == [
        ["z2@x.example"], ["lea@x.example"],
    ]  # fmt: skip  # who began last is first

    monkeypatch.setattr(found, "MAX_COUNTED", 2)
    monkeypatch.setattr(found, "_FEWER", 2)
    assert number("") == number("q=z") == number("since=1") == "2+ learners"
    assert re.fullmatch(r"[123]\+ learners?", number("status=in_progress"))
    assert re.fullmatch(r"[123]\+ learners?", number("since=7&server=acme"))
    assert number("q=z&page=4") == "2+ learners"  # nobody is on it
    assert number("status=in_progress&page=4").endswith("learners")
    monkeypatch.undo()
    monkeypatch.setattr(found, "PAGE_SIZE", 1)

    assert count_learners(database, many=0, many_places=0)
    for more, count in (("", 4), ("&server=acme&since=1", 4), ("&status=in_progress", 4)):
        assert number(of_walkthrough + more).startswith(f"{count} learners, counted at 20")
    assert number(f"{of_walkthrough}&status=completed") == "0 learners"
    assert number(f"{of_walkthrough}&server=nonsense") == "0 learners"


def test_a_learners_page_shows_each_step_and_no_secret(owner, people, database):
    with database.transaction() as session:
        secret = session.query(PersonalLink).one().token_hash
    shown = said(owner.get(f"{LIST}{people['lea']}/"))
    assert re.findall(r'<rect class="is-(\w+)"', shown) == ["done", "here", "open"]
    assert "1 of 3 done; now at step 2, “Two”" in shown
    assert "Claude Code on acme" in shown
    assert "Personal link on Acme" in shown
    assert secret not in shown
    assert "id-of-" not in shown


def test_a_step_that_is_gone_is_shown_as_archived(owner, people, site, database):
    with database.transaction() as session:
        writer.change(session, site["acme"][0], people["walkthrough"],
                      lambda live: content("two", "three", title=live.title), DASHBOARD)  # fmt: skip
    shown = said(owner.get(f"{LIST}{people['lea']}/"))
    assert re.findall(r'<rect class="is-(\w+)"', shown) == ["here", "open", "archived"]
    assert "1 more that they did is archived" in shown
    assert "(live is 2)" in shown


def test_a_learner_is_moved_to_a_step_and_goes_on_from_there(app, people, site, database):
    eddi = member(app, database, site, Role.EDITOR)
    one, two, three = steps(database, people["walkthrough"])
    move = {"walkthrough": people["walkthrough"]}
    post(eddi, people["lea"], "move", step=three, **move)
    assert place(database, people["lea"]) == (three, "in_progress", [one])
    progress.advance(database, ContentCache(), people["caller"], three)
    post(eddi, people["lea"], "move", step=one, **move)
    assert place(database, people["lea"]) == (one, "in_progress", [three])
    assert "They continue at step 1" in said(eddi.get(f"{LIST}{people['lea']}/"))
    again = progress.select(database, ContentCache(), people["caller"], people["walkthrough"],
                            resume=True)  # fmt: skip
    assert again.step.id == one
    view = progress.advance(database, ContentCache(), people["caller"], one)
    assert view.step.id == two
    view = progress.advance(database, ContentCache(), people["caller"], two)
    assert view.progress.status == "completed"
    post(eddi, people["lea"], "move", step=two, **move)
    assert place(database, people["lea"])[1] == "in_progress"
    post(eddi, people["lea"], "move", step="nonsense", **move)
    assert "There is no step" in said(eddi.get(f"{LIST}{people['lea']}/"))
    assert post(eddi, people["max"], "move", step=two, **move).status_code == 404
    assert (
        told(database, "learner.relocate") == [("m@x.example", without_learners(people["lea"]))] * 3
    )


def test_a_reset_forgets_one_walkthrough_and_says_when_it_is_not_offered(
    owner, people, site, database
):
    org, srv, *_ = site["acme"]
    fields = {"walkthrough": people["walkthrough"]}
    with database.transaction() as session:
        assignments.switch(session, org, srv, people["walkthrough"], is_enabled=False)
    post(owner, people["lea"], "reset", **fields)
    assert "does not offer the walkthrough now" in said(owner.get(f"{LIST}{people['lea']}/"))
    assert place(database, people["lea"]) is not None
    with database.transaction() as session:
        assignments.switch(session, org, srv, people["walkthrough"], is_enabled=True)
    post(owner, people["lea"], "reset", **fields)
    assert place(database, people["lea"]) is None
    assert told(database, "learner.reset") == [
        ("owner@acme.example", without_learners(people["lea"]))
    ]
    assert "has begun nothing yet" in said(owner.get(f"{LIST}{people['lea']}/"))


def test_an_owner_exports_a_learner_and_erases_one_whose_address_was_typed(owner, people, database):
    answer = owner.get(f"{LIST}{people['lea']}/export")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{people["lea"]}.json"'
    facts = json.loads(said(answer))
    assert facts["learner"]["email"] == "lea@x.example"
    assert "hash" not in said(answer)
    post(owner, people["lea"], "erase", typed="max@x.example")
    assert "Nothing is erased" in said(owner.get(f"{LIST}{people['lea']}/"))
    post(owner, people["lea"], "erase", typed="LEA@x.example ")
    assert "Erased lea@x.example. 1 attempt(s) stay" in said(owner.get(LIST))
    assert owner.get(f"{LIST}{people['lea']}/").status_code == 404


def test_an_editor_neither_exports_nor_erases_nor_ends(app, people, site, database):
    eddi = member(app, database, site, Role.EDITOR)
    shown = said(eddi.get(f"{LIST}{people['lea']}/"))
    assert "lea@x.example" in shown
    for words in ("Erase", "Export", ">End<"):
        assert words not in shown
    assert eddi.get(f"{LIST}{people['lea']}/export").status_code == 404
    assert post(eddi, people["lea"], "erase", typed="lea@x.example").status_code == 404
    with database.transaction() as session:
        assert session.get(McpServerUser, people["lea"]) is not None


def test_a_viewer_sees_addresses_masked_and_finds_them_by_the_whole_alone(
    app, people, site, database
):
    vera = member(app, database, site, Role.VIEWER)
    assert names(vera.get(LIST)) == ["l…@x.example", "m…@x.example", people["none"]]
    assert names(vera.get(f"{LIST}?q=lea@x.example")) == ["l…@x.example"]
    assert names(vera.get(f"{LIST}?q=lea")) == []
    shown = said(vera.get(f"{LIST}{people['lea']}/"))
    assert "l…@x.example" in shown
    assert "lea@" not in shown
    assert 'method="post" action="/o/' not in shown


def test_learners_of_another_organization_are_on_no_page(owner, people, database):
    assert "eve@" not in said(owner.get(LIST))
    for view in ("", "export"):
        assert owner.get(f"{LIST}{people['eve']}/{view}").status_code == 404
    for view in ("move", "reset", "erase"):
        assert post(owner, people["eve"], view, typed="eve@x.example").status_code == 404
    assert owner.get(f"{LIST}lea@x.example/").status_code == 404


def test_the_pages_ask_no_more_for_many_rows_than_for_few(app, owner, people, site, database):
    org, srv, *_ = site["acme"]

    def queries():
        counts = []
        for path in (LIST, f"{LIST}{people['lea']}/"):
            with counted(app) as asked:
                assert owner.get(path).status_code == 200
            counts.append(len(asked))
        return counts

    queries()  # the first request of a session asks more
    few = queries()
    for number in range(4):
        with database.transaction() as session:
            row = walkthrough(session, org, content(id=f"w{number}"), server_id=srv)
            learner(session, org, f"l{number}@x.example")
            create_link(session, "acme", "lea@x.example")
        progress.select(database, ContentCache(), people["caller"], row, resume=True)

    assert queries() == few
    assert few[0] <= 8
    assert few[1] <= 12
