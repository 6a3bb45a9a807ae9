"""The editor without scripts, and what its scripts are answered."""

import html
import json
import re

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.content.draft import text_hash
from walkthroughs.enums import Role
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.models import ContentSource, KeptCopy, Member, Walkthrough, WalkthroughVersion
from walkthroughs.publishing import drafts, read

__all__ = ["app", "owner", "site"]


def page_of(row, rest=""):
    return f"/o/acme/admin/walkthroughs/{row}/{rest}"


def form_of(answer, action):
    """Return the fields of the form that goes to *action*, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', said(answer), re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<input id="[^"]+" name="([^"]+)"[^>]*? value="([^"]*)"', form))
    texts = re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.S)
    return fields | {name: text.replace("\n", "\r\n") for name, text in texts}


def edit(owner, row, step="", **changed):
    """Open the editor, change fields and send the form."""
    shown = owner.get(page_of(row, f"?step={step}"))
    fields = form_of(shown, page_of(row, "save")) | changed
    return owner.client.post(page_of(row, "save"), data=fields)


def draft(database, site):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        return drafts.read(session, org, row).draft


def live(database, site):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        return read.read_content(session, org, row)


@pytest.fixture
def second(app, site, database):
    """Another editor of the same organization."""
    with database.transaction() as session:
        foreign = session.query(Member).filter_by(organization_id=site["other"][0]).one()
        session.add(
            Member(organization_id=site["acme"][0], user_id=foreign.user_id, role=Role.EDITOR)
        )
    visitor = Visitor(app)
    assert visitor.sign_in("owner@other.example", site["other"][3]).status_code == 302
    return visitor


def test_a_walkthrough_is_begun_written_and_published_without_scripts(owner, site, database):
    org, srv, *_ = site["acme"]
    answer = owner.post(
        "/o/acme/admin/walkthroughs/new/", title="Make tea", goal="Tea.", starter="setup"
    )
    assert answer.status_code == 303
    row, step = re.search(r"walkthroughs/([\w-]+)/\?step=(\w+)", answer.location).groups()
    for changed in (
        {"step-title": "Boil", "step-text": "Boil it.\r\n\r\n:::{agent}\r\nWarn.\r\n:::\r\n"},
        {"do": f"add {step}"},
        {"do": f"delete {step}"},
    ):
        assert edit(owner, row, step, **changed).status_code == 303
    with database.transaction() as session:
        written = drafts.read(session, org, row).draft
    assert [each.title for each in written.steps] == ["", "Set it up", "See that it works"]
    new = written.steps[0].id
    edit(owner, row, new, **{"step-title": "Brew", "step-text": "Brew it."})
    assert row not in {card.id for card in list_walkthroughs(database, Caller(org, srv)).cards}
    published = page_of(row, "publish/")
    shown = owner.get(published)
    assert "The first version: 3 steps" in said(shown)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', said(shown)))
    fields = {name: fields[name] for name in ("csrf_token", "fingerprint", "servers")}
    answer = owner.client.post(published, data=fields | {f"server-{srv}": "on", "note": "First"})
    assert answer.status_code == 303, said(answer)
    cards = list_walkthroughs(database, Caller(org, srv)).cards
    assert [(card.title, card.total_steps) for card in cards][-1] == ("Make tea", 3)
    assert "First version, 3 steps" in said(owner.get(page_of(row, "history/")))


def test_a_part_for_the_assistant_goes_to_its_field(owner, site, database):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": "Do it.\r\n\r\n:::{agent}\r\nWarn.\r\n:::\r\n"})
    first = draft(database, site).steps[0]
    assert (first.text.strip(), first.assistant.strip()) == ("Do it.", "Warn.")
    assert "was moved to" in said(owner.get(page_of(row)))


def test_a_form_that_is_sent_twice_adds_one_step(owner, site, database):
    row = site["acme"][2]
    fields = form_of(owner.get(page_of(row)), page_of(row, "save")) | {"do": "add one"}
    answers = [owner.client.post(page_of(row, "save"), data=fields) for _ in range(2)]
    assert [answer.location for answer in answers] == [answers[0].location] * 2
    assert len(draft(database, site).steps) == 4


def test_two_editors_of_different_fields_both_keep_what_they_wrote(owner, second, site, database):
    row = site["acme"][2]
    mine = form_of(owner.get(page_of(row, "?step=one")), page_of(row, "save"))
    theirs = form_of(second.get(page_of(row, "?step=two")), page_of(row, "save"))
    for visitor, fields in ((second, theirs), (owner, mine)):
        fields["step-text"] = f"By {fields['step']}."
        assert visitor.client.post(page_of(row, "save"), data=fields).status_code == 303
    assert [step.text for step in draft(database, site).steps[:2]] == ["By one.", "By two."]


def test_two_editors_of_one_text_see_both_and_nothing_is_lost(owner, second, site, database):
    row = site["acme"][2]
    mine = form_of(owner.get(page_of(row, "?step=one")), page_of(row, "save"))
    edit(second, row, "one", **{"step-text": "Theirs."})
    met = owner.client.post(page_of(row, "save"), data=mine | {"step-text": "Mine."})
    assert met.status_code == 409
    assert "owner@other.example changed this text meanwhile" in said(met)
    assert draft(database, site).steps[0].text == "Theirs."
    again = form_of(met, page_of(row, "save"))
    assert again["step-text"] == "Mine."
    assert owner.client.post(page_of(row, "save"), data=again).status_code == 303
    assert draft(database, site).steps[0].text == "Mine."
    with database.transaction() as session:
        assert session.query(KeptCopy).one().content == {"text": "Theirs."}


def test_a_text_that_is_too_long_is_refused_whole_and_stays_in_the_page(owner, site, database):
    row, long = site["acme"][2], "x" * 65_537
    answer = edit(owner, row, "one", **{"step-text": long})
    assert answer.status_code == 413
    assert "65,537" in said(answer)
    assert long in said(answer)
    assert draft(database, site).steps[0].text == "Do one."


def save(owner, row, *changes, **rest):
    token = re.search(r'name="csrf-token" content="([^"]+)"', said(owner.get(page_of(row))))[1]
    body = {"request_id": "r1", "base": 0, "changes": list(changes)} | rest
    headers = {"X-CSRFToken": token}
    return owner.client.post(page_of(row, "draft"), json=body, headers=headers)


def text_of(value, before="Do one.", step="one"):
    return {
        "kind": "set_step", "step": step, "field": "text", "value": value, "seen": text_hash(before),
    }  # fmt: skip


def test_scripts_are_answered_what_became_of_their_changes(owner, second, site, database):
    row = site["acme"][2]
    saved = save(owner, row, text_of("Once."))
    assert saved.status_code == 200
    assert saved.json["has_changes"] is True
    met = save(second, row, text_of("Twice."), request_id="r2")
    assert met.status_code == 409
    assert met.json["conflicts"] == [
        {"step": "one", "field": "text", "mine": "Twice.", "theirs": "Once.",
         "by": "owner@acme.example"}
    ]  # fmt: skip
    for bad in ({"changes": 1}, {"base": "x"}, {"changes": [{"kind": "drop"}] * 3000}):
        refused = save(owner, row, **bad)
        assert (refused.status_code, "error" in refused.json) == (422, True)
    token = re.search(r'content="([^"]+)"', said(owner.get(page_of(row))).split("csrf-token")[1])[1]
    refused = owner.client.post(
        page_of(row, "draft"), data=b"{", headers={"X-CSRFToken": token}, content_type="text/json"
    )
    assert refused.status_code == 422


def test_scripts_are_told_what_else_changes_on_the_page_if_that_is_one_step_alone(
    owner, second, site, database
):
    row = site["acme"][2]
    new = text_of("Do **this**. ![a](missing.png)")
    shown = save(owner, row, new).get_json()["shown"]
    assert (shown["step"], shown["marks"]) == ("one", ["changed", "problem"])
    assert shown["by"] == "owner@acme.example"
    assert "<strong>this</strong>" in shown["preview"]
    assert "Do **this**." in shown["preview"]  # what the assistant gets

    goal = {"kind": "set_detail", "field": "description", "value": "x", "seen": text_hash("")}
    assert save(owner, row, goal, base=1, request_id="r2").get_json()["shown"]["step"] is None
    title = {"kind": "set_step", "step": "one", "field": "title", "value": "1", "seen": text_hash("One")}  # fmt: skip
    add = {"kind": "add_step", "step": "four", "after": None}
    agent = text_of("Do.\n\n:::{agent}\nWarn.\n:::", new["value"])
    other = text_of("Other.", "Do two.", "two")
    several = ((title,), (add,), (other, text_of("3", "Do three.", "three")), (agent,))
    for number, more in enumerate(several, 3):
        base = draft(database, site).revision
        answer = save(owner, row, *more, base=base, request_id=f"r{number}")
        assert (answer.status_code, answer.get_json()["shown"]) == (200, None), more
    base = draft(database, site).revision
    late = save(second, row, text_of("Twice.", "Other.", "two"), base=base - 1, request_id="r9")
    assert (late.status_code, late.get_json()["shown"]) == (200, None)


@pytest.mark.parametrize("where", ["git", "archive"])
def test_what_is_not_the_dashboards_is_shown_and_not_changed(owner, site, database, where):
    org, _, row, _ = site["acme"]
    fields = form_of(owner.get(page_of(row, "?step=one")), page_of(row, "save"))
    saved = save(owner, row, text_of("Kept."))
    assert saved.status_code == 200
    with database.transaction() as session:
        source = ContentSource(organization_id=org, name="guides", url="https://x.example/x")
        session.add(source)
        session.flush()
        values = {"source_id": source.id} if where == "git" else {"archived_at": 5}
        session.query(Walkthrough).filter_by(id=row).update(values)
    shown = owner.get(page_of(row))
    assert 'data-save-url="' not in said(shown)
    assert "readonly" in said(shown)
    refused = owner.client.post(page_of(row, "save"), data=fields | {"step-text": "Typed."})
    assert refused.status_code == 409
    assert "The draft is kept." in said(refused)
    assert draft(database, site).steps[0].text == "Kept."


def test_publishing_does_what_was_shown_and_can_be_taken_back(owner, second, site, database):
    _, srv, row, _ = site["acme"]
    before = live(database, site)
    edit(owner, row, "one", **{"step-text": "Do one well."})
    shown = said(owner.get(page_of(row, "publish/")))
    assert "<ins>" in shown
    fields = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
    fields |= {"servers": "1", f"server-{srv}": "on", "level-one": "again"}
    edit(second, row, "two", **{"step-text": "Do two well."})
    refused = owner.client.post(page_of(row, "publish/"), data=fields)
    assert "Something changed since this was shown" in said(refused)
    assert live(database, site) == before
    again = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', said(refused)))
    assert 'name="level-one" value="again" checked' in said(refused)
    assert owner.client.post(page_of(row, "publish/"), data=fields | again).status_code == 303
    after = live(database, site)
    assert [step.content for step in after.steps[:2]] == ["Do one well.", "Do two well."]
    assert [step.revision for step in after.steps[:2]] == [2, 1]
    taken = {"csrf_token": again["csrf_token"], "change": "undo 2"}
    assert owner.client.post(page_of(row, "publish/undo"), data=taken).status_code == 303
    assert [step.content for step in live(database, site).steps] == [
        step.content for step in before.steps
    ]


def test_any_two_versions_are_compared_and_one_is_restored_into_the_draft(owner, site, database):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": "Second."})
    shown = said(owner.get(page_of(row, "publish/")))
    fields = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
    owner.client.post(page_of(row, "publish/"), data=fields)
    assert "<ins>Second</ins>" in said(owner.get(page_of(row, "history/?a=1&b=2")))
    assert "<del>Second</del>" in said(owner.get(page_of(row, "history/?a=2&b=1")))
    # The page links to what it compares: the same texts for whoever opens it, whenever that is.
    page = page_of(row, "history/")
    for opened, linked in (
        ("", "a=1&b=2"), ("?a=0&b=live", "a=0&b=2"), ("?a=live&b=draft", "a=2&b=draft"),
        ("?a=1", "a=1&b=2"), ("?b=1", "a=2&b=1"),
    ):  # fmt: skip
        shown = said(owner.get(f"{page}{opened}"))
        link = re.search(r'id="comparison" href="([^"]*)"', shown)[1]
        assert html.unescape(link) == f"{page}?{linked}", opened
    visitor = owner.client.application.test_client().get(f"{page}?a=1&b=2")
    assert "a%3D1%26b%3D2" in visitor.location  # is where a sign-in leads
    for odd in ("?a=9&b=1", "?a=x&b=draft", "?a=-1", "?a=1"):
        assert owner.get(page_of(row, f"history/{odd}")).status_code == 200
    restored = {"csrf_token": fields["csrf_token"], "version": "1"}
    assert owner.client.post(page_of(row, "history/restore"), data=restored).status_code == 303
    assert draft(database, site).steps[0].text == "Do one."
    assert live(database, site).steps[0].content == "Second."
    with database.transaction() as session:
        assert session.query(WalkthroughVersion).filter_by(walkthrough_id=row).count() == 2


def test_discarded_changes_come_back(owner, site, database):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": "Written."})
    token = form_of(owner.get(page_of(row)), page_of(row, "save"))["csrf_token"]
    owner.client.post(page_of(row, "discard"), data={"csrf_token": token})
    assert draft(database, site).steps[0].text == "Do one."
    undo = re.search(r'name="change" value="(undo [^"]+)"', said(owner.get(page_of(row))))[1]
    owner.client.post(page_of(row, "discard"), data={"csrf_token": token, "change": undo})
    assert draft(database, site).steps[0].text == "Written."


def test_a_session_that_has_ended_is_told_to_scripts_as_401(app, owner, site, database):
    row = site["acme"][2]
    for ended in ("row", "cookie"):
        visitor = Visitor(app)
        assert visitor.sign_in("owner@acme.example", site["acme"][3]).status_code == 302
        token = re.search(r'csrf-token" content="([^"]+)"', said(visitor.get(page_of(row))))[1]
        if ended == "cookie":
            visitor.client.delete_cookie("session")
        else:
            visitor.client.post("/admin/logout", data={"csrf_token": token})
        answer = visitor.client.post(
            page_of(row, "draft"), data=json.dumps({}), content_type="application/json",
            headers={"X-CSRFToken": token},
        )  # fmt: skip
        assert answer.status_code == 401, ended
        assert answer.json == {"error": "Sign in again."}


def test_script_and_html_in_every_field_are_shown_as_text(owner, site, database):
    row, evil = site["acme"][2], "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>"
    edit(owner, row, "one", **{
        "step-title": evil, "step-section": evil, "step-text": evil, "step-assistant": evil,
        "step-check": evil, "details-title": evil, "details-description": evil,
        "details-minutes": evil[:20], "details-tags": evil,
    })  # fmt: skip
    for path in ("", "publish/", "history/", "shown-step?step=one", "preview/?of=draft"):
        shown = said(owner.get(page_of(row, path)))
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "alert" in shown
