"""What is done to walkthroughs from their list: one, or several at once, and taken back."""

import io
import re
import zipfile

import pytest
from sqlalchemy import select

from sync.importing.read import converted, read_upload
from sync.importing.zip_file import read_zip
from tests.builders import content, server, step, walkthrough
from tests.dashboard import Visitor, app, counted, owner, said, site
from tests.pictures import stored_picture
from walkthroughs.content.draft import Details, Draft, DraftStep
from walkthroughs.enums import Role
from walkthroughs.models import (
    AuditEvent,
    ContentSource,
    McpServerWalkthrough,
    Member,
    Walkthrough,
    WalkthroughDraft,
    WalkthroughImage,
)
from walkthroughs.publishing.begin import begin
from walkthroughs.publishing.pictures import store_pictures

__all__ = ["app", "owner", "site"]
LIST = "/o/acme/admin/walkthroughs/"
CHANGE, EXPORT, COPY = f"{LIST}change", f"{LIST}export", f"{LIST}duplicate"
FOX = stored_picture()


@pytest.fixture
def shelf(site, database):
    """Row ids by name: two of the dashboard, one of Git, one that was never published."""
    org, srv, *_ = site["acme"]
    with database.transaction() as session:
        server(session, org, "acme-two")
        source = ContentSource(organization_id=org, name="guides", url="https://x.example/x")
        session.add(source)
        session.flush()
        fox = step("one", content=f"![A fox](i/{FOX.name})")
        rows = {
            "tea": walkthrough(session, org, content(id="tea", title="Tea", steps=(fox,)), server_id=srv),
            "git": walkthrough(session, org, content(id="git", title="Coffee")),
            "new": begin(session, org, Draft(Details("Juice"), (DraftStep("s1", "Squeeze", text="Squeeze."),)), "a@x.example"),
        }  # fmt: skip
        store_pictures(session, org, rows["tea"], [FOX])
        session.query(Walkthrough).filter_by(id=rows["git"]).update({"source_id": source.id})
    return rows | {"deploy": site["acme"][2]}


@pytest.fixture
def state(database, site):
    """Return how a walkthrough is: archived, shown to learners."""

    def read(row_id):
        with database.transaction() as session:
            row = session.get_one(Walkthrough, row_id)
            return row.archived_at is not None, row.is_published

    return read


def press(visitor, change, *ids, **fields):
    """Press a button of the list; return the page that follows."""
    answer = visitor.post(CHANGE, LIST, change=change, id=list(ids), **fields)
    assert answer.status_code == 303, said(answer)
    return said(visitor.get(answer.location))


def undo(visitor, page):
    change = re.search(r'name="change" value="([^"]+)">\s*<button', page)[1]
    return press(visitor, change)


def test_several_are_archived_at_once_what_was_not_possible_is_told_and_it_is_taken_back(
    owner, shelf, state
):
    ids = [shelf[name] for name in ("tea", "git", "new", "deploy")]
    page = press(owner, "archive", *ids, "wt_unknown")
    assert "Archived: 3 walkthroughs." in page
    assert "Not done: “Coffee” (managed by Git: change its files)." in page
    assert [state(each)[0] for each in ids] == [True, False, True, True]

    assert "Restored: 3 walkthroughs." in undo(owner, page)
    assert [state(each)[0] for each in ids] == [False] * 4


def test_a_draft_that_comes_back_from_the_archive_is_still_no_version(owner, shelf, database):
    undo(owner, press(owner, f"archive {shelf['new']}"))
    with database.transaction() as session:
        assert session.get_one(Walkthrough, shelf["new"]).version == 0


def test_what_is_hidden_is_not_seen_by_learners_until_it_is_shown(owner, shelf, state):
    page = press(owner, "hide", shelf["tea"], shelf["new"])
    assert "Hidden: “Tea”." in page
    assert "“Juice” (never published: learners do not see it)" in page
    assert state(shelf["tea"]) == (False, False)
    assert "Nothing was changed: “Tea” (hidden already)." in press(owner, f"hide {shelf['tea']}")

    assert "Shown to learners: “Tea”." in undo(owner, press(owner, "restore") and page)
    assert state(shelf["tea"]) == (False, True)


def test_several_are_put_on_a_server_those_of_git_too_and_taken_off_again(
    owner, shelf, site, database
):
    page = press(owner, "assign", *(shelf[n] for n in ("tea", "git", "deploy")), server="acme")
    assert "Put on Acme: “Coffee”." in page
    assert "“Tea” (on it already); “Deploy at acme” (on it already)" in page
    assert "Taken off Acme: “Coffee”." in undo(owner, page)
    with database.transaction() as session:
        rows = session.query(McpServerWalkthrough).filter_by(mcp_server_id=site["acme"][1])
        assert {row.walkthrough_id for row in rows} == {shelf["tea"], shelf["deploy"]}
    page = press(owner, f"assign:acme-two {shelf['tea']}")
    assert "Put on Acme-Two: “Tea”." in page
    assert "no such server" in press(owner, "assign", shelf["tea"], server="other")
    press(owner, f"archive {shelf['tea']}")
    page = press(owner, "assign", shelf["tea"], server="acme-two")
    assert "“Tea” (archived: restore it first)" in page


def test_a_button_without_a_tick_and_one_that_means_nothing_change_nothing(owner, shelf, state):
    assert "Tick a walkthrough first." in press(owner, "archive")
    assert "At most 100" in press(owner, "archive", *(f"wt_{n}" for n in range(101)))
    for change in ("", "delete", "delete wt_1", ":"):
        answer = owner.post(CHANGE, LIST, change=change, id=shelf["tea"])
        assert answer.status_code == 400, change
    assert state(shelf["tea"]) == (False, True)


def test_the_page_that_follows_is_the_same_list(owner, shelf):
    answer = owner.post(f"{CHANGE}?state=live&q=tea&page=2", LIST, change=f"archive {shelf['tea']}")
    assert answer.location == f"{LIST}?q=tea&state=live&page=2"


def test_walkthroughs_of_others_are_passed_over(owner, shelf, site, state):
    foreign = site["other"][2]
    page = press(owner, "archive", foreign, shelf["tea"])
    assert "Archived: “Tea”." in page
    assert "other" not in page
    assert state(foreign) == (False, True)
    assert owner.get(f"{EXPORT}?id={foreign}").status_code == 404
    assert owner.post(COPY, LIST, of=foreign).status_code == 404


def test_many_take_as_many_statements_as_few(app, owner, site, database):
    org = site["acme"][0]
    with database.transaction() as session:
        ids = [
            walkthrough(session, org, content(id=f"w{n}", title=f"W{n}", steps=(step("one", content=f"![F](i/{FOX.name})"),)))
            for n in range(20)
        ]  # fmt: skip
        for row_id in ids:
            store_pictures(session, org, row_id, [FOX])
    form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', said(owner.get(LIST)))[1]}
    for address, fields in (
        (CHANGE, {"change": "hide"}), (CHANGE, {"change": "assign", "server": "acme"}),
        (CHANGE, {"change": "archive"}), (CHANGE, {"change": "restore"}), (EXPORT, {}),
    ):  # fmt: skip
        counts = []
        for some in (ids[:2], ids[2:]):
            with counted(app) as asked:
                answer = owner.client.post(address, data=form | fields | {"id": some})
            assert answer.status_code in {200, 303}
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 14, (fields, counts)


def test_what_is_exported_is_what_is_live_or_the_draft_of_what_never_was(owner, shelf):
    ids = "&".join(f"id={shelf[name]}" for name in ("tea", "git", "new"))
    answer = owner.get(f"{EXPORT}?{ids}")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert f"walkthroughs/tea/steps/i/{FOX.name}" in archive.namelist()
    found = {
        each.draft.details.title: each
        for each in read_upload(converted(read_zip(answer.data, "x.zip"))).walkthroughs
    }

    assert set(found) == {"Tea", "Coffee", "Juice"}
    assert found["Tea"].pictures == (FOX,)
    assert [each.text for each in found["Juice"].draft.steps] == ["Squeeze."]
    assert not any(each.problems for each in found.values())


def test_two_of_one_id_are_exported_under_two(owner, shelf, site, database):
    with database.transaction() as session:
        twin = walkthrough(session, site["acme"][0], content(id="tea", title="Tea twice"))
    answer = owner.get(f"{EXPORT}?id={shelf['tea']}&id={twin}")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "walkthroughs/tea-2/walkthrough.yml" in archive.namelist()


def test_a_copy_is_a_draft_of_its_own_with_the_pictures(owner, shelf, site, database):
    answer = owner.post(COPY, LIST, of=shelf["tea"])
    row_id = answer.location.rstrip("/").rpartition("/")[2]
    assert answer.status_code == 303
    with database.transaction() as session:
        row = session.get_one(Walkthrough, row_id)
        assert (row.title, row.version, row.is_published) == ("Copy of Tea", 0, False)
        draft = session.get_one(WalkthroughDraft, row_id)
        assert FOX.name in draft.content["steps"][0]["text"]
        assert session.query(WalkthroughImage).filter_by(walkthrough_id=row_id).count() == 1
        verbs = session.scalars(select(AuditEvent.verb).where(AuditEvent.target_id == row_id)).all()
        assert verbs == ["walkthrough.copy"]
    assert re.search(r"Copy of Tea</a>.{500,2500}1 step ·", said(owner.get(LIST)), re.DOTALL)


def test_new_offers_copies_of_git_managed_ones_too_with_the_title_that_is_typed(
    owner, shelf, database
):
    new = f"{LIST}new/"
    assert f'<option value="{shelf["git"]}" >Coffee' in said(owner.get(new))
    answer = owner.post(new, title="Espresso", starter="copy", copy=shelf["git"])
    row_id = answer.location.rstrip("/").rpartition("/")[2]
    with database.transaction() as session:
        row = session.get_one(Walkthrough, row_id)
        assert (row.title, row.source_id) == ("Espresso", None)
    answer = owner.post(new, title="Espresso", starter="copy", copy="wt_unknown")
    assert answer.status_code == 422


def test_a_viewer_exports_and_finds_nothing_else_to_press(app, owner, shelf, database):
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=session.get_one(Walkthrough, shelf["tea"]).organization_id).update({"role": Role.VIEWER})  # fmt: skip
    page = said(owner.get(LIST))
    assert "Export" in page
    assert "Archive<" not in page
    assert 'class="pick"' not in page
    assert owner.get(f"{EXPORT}?id={shelf['tea']}").status_code == 200


def test_the_way_to_the_first_learner_has_its_ticks(app, site, database):
    owner = Visitor(app)
    owner.sign_in("owner@acme.example", site["acme"][3])
    org = site["acme"][0]
    page = said(owner.get(LIST))
    assert page.count('<li class="is-done">') == 2  # written, and offered by a server
    with database.transaction() as session:
        session.query(McpServerWalkthrough).filter_by(organization_id=org).delete()
    assert said(owner.get(LIST)).count('<li class="is-done">') == 1
    press(owner, f"archive {site['acme'][2]}")
    page = said(owner.get(LIST))
    assert page.count('<li class="is-done">') == 0
    for door in ("Start from a template", "Connect a repository", "Import a folder"):
        assert door in page
