"""The settings of a server in its own page: saved as by the table's form, and deletion."""

import json
import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.builders import content, learner, server, walkthrough
from tests.dashboard import app, owner, said, site
from walkthroughs.enums import AuthType, Role
from walkthroughs.identity import learner_export
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.links import create_link
from walkthroughs.identity.providers import add_provider
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    AuditEvent,
    McpServer,
    Member,
    PersonalLink,
    Walkthrough,
    WalkthroughAttempt,
    WalkthroughProgress,
)
from walkthroughs.publishing import assignments

__all__ = ["app", "owner", "site"]
TAB = "/o/acme/admin/servers/acme/?tab=settings"
SETTINGS = "/o/acme/admin/servers/acme/settings"
ALL = {
    "name": "Acme", "slug": "acme", "custom_domain": "", "instructions": "", "pace_seconds": "0",
    "auth_type": "personal_link", "provider": "", "sign_in": "at_connect",
    "walkthrough_tools_enabled": "y",
}  # fmt: skip


def save(owner, **fields):
    return owner.post(f"{SETTINGS}/save", page=TAB, **(ALL | fields))


def stored(database, site):
    with database.transaction() as session:
        row = session.get(McpServer, site["acme"][1])
        session.expunge(row)
        return row


def with_link(app, database, email="lea@x.example"):
    with app.app_context(), database.transaction() as session:
        create_link(session, "acme", email)


def test_all_settings_are_saved_in_one_form_and_the_audit_tells_what_changed(owner, site, database):
    answer = save(
        owner, name="Learn", instructions="Be short.\r\nBe kind.", pace_seconds="9",
        custom_domain="Learn.Acme.Example",
    )  # fmt: skip
    assert answer.status_code == 303, said(answer)
    row = stored(database, site)
    assert (row.name, row.instructions, row.pace_seconds) == ("Learn", "Be short.\nBe kind.", 9)
    assert row.custom_domain == "learn.acme.example"
    assert row.walkthrough_tools_enabled
    shown = said(owner.get(TAB))
    assert re.search(r"About \d tokens of yours, 1\d\d with Handrail", shown)
    assert "Be kind." in re.search(r'<pre class="letter">(.*?)</pre>', shown, re.S)[1]
    assert f'<code id="proof">{row.id}</code>' in shown
    with database.transaction() as session:
        event = session.query(AuditEvent).filter_by(verb="server.change").one()
        assert event.actor == "owner@acme.example"
        assert event.after == {
            "name": "Learn", "instructions": "Be short.\nBe kind.", "pace_seconds": 9,
            "custom_domain": "learn.acme.example",
        }  # fmt: skip


def test_what_cannot_be_saved_keeps_what_was_typed(owner, site, database):
    for fields, words in (
        ({"name": ""}, "It cannot be empty."),
        ({"slug": "www"}, "is reserved"),
        ({"slug": "other"}, "Another server has that slug"),
        ({"pace_seconds": "121"}, "between 0 and 120"),
        ({"auth_type": "oauth"}, "Set HANDRAIL_SMTP_URL"),
        ({"auth_type": "oidc"}, "flask providers add"),
        ({"provider": "nobody"}, "Not a valid choice"),
    ):
        answer = save(owner, **({"instructions": "Typed with care."} | fields))
        assert answer.status_code == 422, fields
        assert words in said(answer), fields
        assert "Typed with care." in said(answer)
        row = stored(database, site)
        assert (row.name, row.slug, row.instructions) == ("Acme", "acme", None)


def test_learners_sign_in_at_the_provider_that_is_chosen(owner, site, database, settings):
    org = site["acme"][0]
    with database.transaction() as session:
        for name in ("One", "Two"):
            add_provider(
                session, settings, org, name,
                issuer=f"https://{name.lower()}.example", client_id="x", secret="s",
            )  # fmt: skip
    assert "several providers" in said(save(owner, auth_type="oidc"))
    assert save(owner, auth_type="oidc", provider="Two").status_code == 303
    assert re.search(r'<option selected value="Two">', said(owner.get(TAB)))
    assert save(owner, auth_type="oidc", provider="One").status_code == 303
    with database.transaction() as session:
        row = session.get_one(McpServer, site["acme"][1])
        assert (row.auth_type, str(row.oidc_provider)) == (AuthType.OIDC, "One")
    assert save(owner).status_code == 303
    assert stored(database, site).oidc_provider_id is None


@pytest.mark.parametrize("form", ["page", "table"])
def test_another_slug_is_saved_when_the_owner_has_read_whose_addresses_stop(
    app, owner, site, database, form
):
    for email in ("lea@x.example", "leo@x.example", "lea@x.example"):
        with_link(app, database, email)
    table = f"/o/acme/admin/tables/mcp_servers/edit/?id={site['acme'][1]}"

    def change(**fields):
        if form == "page":
            return save(owner, **fields)
        return owner.post(table, **(ALL | fields))

    assert "2 people have an address with it" in said(owner.get(TAB if form == "page" else table))
    refused = said(change(slug="learn"))
    assert "Change the slug: 2 people&#39;s addresses stop" in refused.replace("'", "&#39;")
    assert 'value="learn"' in refused
    assert stored(database, site).slug == "acme"
    assert change(name="Named").status_code in {302, 303}  # the slug is as it was
    assert change(slug="learn", confirm_slug="y").status_code in {302, 303}
    assert stored(database, site).slug == "learn"


def test_a_server_is_deleted_by_typing_its_slug_and_walkthroughs_and_learners_stay(
    app, owner, site, database
):
    with_link(app, database)
    asked = said(owner.get(f"{SETTINGS}/delete"))
    for line in ("The address of 1 person", "1 assignment", "1 personal link"):
        assert line in asked
    wrong = owner.post(f"{SETTINGS}/delete", slug="acm")
    assert wrong.status_code == 422
    assert "Nothing is deleted" in said(wrong)
    assert stored(database, site)
    assert owner.post(f"{SETTINGS}/delete", slug="acme").status_code == 303
    with database.transaction() as session:
        assert session.get(McpServer, site["acme"][1]) is None
        assert session.query(PersonalLink).count() == 0
        assert session.get(Walkthrough, site["acme"][2]) is not None
        assert session.query(AuditEvent).filter_by(verb="server.remove").one().title == "Acme"
        assert session.query(McpServer).one().slug == "other"
    assert owner.get(f"{SETTINGS}/delete").status_code == 404


def test_places_outlive_the_server_on_which_they_were_begun(owner, site, database):
    org, gone, row, _ = site["acme"]
    with database.transaction() as session:
        lea, max_ = (learner(session, org, f"{name}@x.example").id for name in ("lea", "max"))
        second = server(session, org, "second").id
        alone = walkthrough(session, org, content(id="alone", title="Alone"), server_id=gone)
        assignments.assign(session, org, second, [row])
    cache = ContentCache()
    for who in (lea, max_):
        progress.select(database, cache, Caller(org, gone, who), row, resume=True)
    there, elsewhere = Caller(org, gone, lea), Caller(org, second, lea)
    progress.select(database, cache, there, alone, resume=True)
    view = progress.select(database, cache, there, row, resume=True)
    here = progress.advance(database, cache, there, view.step.id).step
    begun_again = progress.select(database, cache, Caller(org, gone, max_), row, resume=True)
    progress.advance(database, cache, Caller(org, gone, max_), begun_again.step.id)
    progress.select(database, cache, Caller(org, gone, max_), row, resume=False)

    asked = said(owner.get(f"{SETTINGS}/delete"))
    assert "2 learners began 3 walkthroughs here, and go on" in asked
    assert "1 of these are in walkthroughs that no other server offers now." in asked
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text("DELETE FROM mcp_servers WHERE slug = 'acme'"))
    with database.transaction() as session:
        session.get_one(McpServer, second).walkthrough_tools_enabled = False
    assert "No other server offers them now." in said(owner.get(f"{SETTINGS}/delete"))
    assert owner.post(f"{SETTINGS}/delete", slug="acme").status_code == 303

    assert progress.select(database, cache, elsewhere, row, resume=True).step == here
    assert progress.advance(database, cache, elsewhere, here.id).step.title == "Three"
    page = said(owner.get(f"/o/acme/admin/learners/{lea}/"))
    assert "on a deleted server" in page
    for fields, words in (
        ({"walkthrough": row, "step": here.id}, "They continue at step 2"),
        ({"walkthrough": alone, "step": "x"}, "does not offer the walkthrough now"),
    ):
        owner.post(f"/o/acme/admin/learners/{lea}/move", f"/o/acme/admin/learners/{lea}/", **fields)
        assert words in said(owner.get(f"/o/acme/admin/learners/{lea}/"))
    with database.transaction() as session:
        attempt = session.query(WalkthroughAttempt).one()
        assert (attempt.mcp_server_user_id, attempt.mcp_server_id) == (max_, None)
        assert session.query(WalkthroughProgress).filter_by(mcp_server_id=None).count() == 3
    with database.transaction() as session:
        exported = "".join(learner_export.export(session, org, lea))
    assert json.loads(exported)["walkthrough_progress"][0]["mcp_server_id"] is None
    with database.transaction() as session:
        assert erase(session, org, max_) == 2


def test_an_editor_reads_the_settings_and_has_no_form(owner, site, database):
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update(
            {"role": Role.EDITOR}
        )
        learner(session, site["acme"][0])
    shown = said(owner.get(TAB))
    assert "Owners can change these" in shown
    assert "Save settings" not in shown
    assert "Delete" not in shown
    assert (
        owner.post(f"{SETTINGS}/save", page="/o/acme/admin/servers/acme/", **ALL).status_code == 404
    )
