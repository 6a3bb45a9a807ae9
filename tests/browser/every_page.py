"""The demo with a row in each table, and the addresses of all pages of its dashboard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from admin.access.invitations import invite
from admin.demo import prepare
from tests.builders import content, sign_in, step, walkthrough
from tests.drafts import change, request
from tests.pictures import stored_picture
from walkthroughs.addresses import is_dashboard
from walkthroughs.database.pool import Database
from walkthroughs.enums import Role
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    Base,
    ContentSource,
    McpServer,
    McpServerUser,
    SyncRun,
    User,
    Walkthrough,
)
from walkthroughs.publishing import drafts, proposal_drafts
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.runtime import runtime

OWNER = "owner@acme.example"
_FOX = stored_picture()
#: Endpoints that answer GET with something else than a page of their own, and with what.
_NO_PAGES = {
    "last_used": "leads to a page",
    "admin.index": "leads to a page",
    "server_settings.index": "leads to a page",
    "audit.export": "CSV",
    "analytics.export": "CSV",
    "analytics.walkthrough_export": "CSV",
    "learners.export": "JSON",
    "walkthrough_list.export": "a zip",
    "pictures.picture": "a picture",
    "servers.last_call": "a part of a page",
    "editor.shown_step": "a part of a page",
    "new_walkthrough.own_id": "a part of a page",
    "live.index": "a stream",
    "source_settings.delivery": "a part of a page",
    "security.verify": "is switched off",
    "handrail.static": "files",
    "admin.static": "files",
    "security.static": "files",
}
#: Pages of a table that it may lack: they lead elsewhere, or are 404.
_VIEWS_OF_TABLES = {"create_view", "edit_view", "details_view", "remove_view"}
#: Pages for those who are not signed in.
_SIGNED_OUT = {"security.login", "lost_password.ask", "password.choose", "invitation.show"}


@dataclass(frozen=True)
class Address:
    """A page: its path, whether it is shown to visitors, and whether it may be missing."""

    endpoint: str
    path: str
    is_for_visitors: bool
    may_lack: bool

    @property
    def is_import(self) -> bool:
        """Whether it shows files that must be sent first."""
        return self.endpoint == "import_walkthroughs.index"


class Everything:
    """What the demo holds, and what is added to it so that no page is empty."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        with app.app_context():
            prepare(runtime())
            self._fill()

    def _fill(self) -> None:
        with self.database.transaction() as session:
            srv = session.scalars(select(McpServer).where(McpServer.slug == "acme")).one()
            academy = session.scalars(select(McpServer).where(McpServer.slug == "academy")).one()
            lea = session.scalars(select(McpServerUser)).one()
            owner = session.scalars(select(User).where(User.email == OWNER)).one()
            org, of_git = srv.organization_id, session.scalars(select(Walkthrough)).first()
            steps = (
                step("one", section="Begin", agent_instructions="Ask first.", verify="It runs."),
                step("two", section="Begin"),
                step("three", section="End", content="> Said by others.\n\n`code`\n"),
            )
            tea = walkthrough(session, org, content(id="tea", title="Make tea", steps=steps),
                              server_id=srv.id)  # fmt: skip
            store_pictures(session, org, tea, [_FOX])
            changed = drafts.read(session, org, tea).draft.steps[0]
            said = f"Boil it.\n\n![A fox](i/{_FOX.name})"
            drafts.save(session, org, tea, request(change(changed.id, said, changed.text)), OWNER)
            proposal_drafts.begin(session, org, of_git.id, OWNER)
            sign_in(session, academy, lea)
            invited = invite(session, org, ["ben@acme.example"], Role.EDITOR, owner.id)
            run = session.scalars(select(SyncRun)).first()
            source = session.scalars(select(ContentSource)).one()
            self.values = {
                "organization_slug": "acme", "slug": "academy", "walkthrough_id": tea,
                "learner_id": lea.id, "source_id": source.id, "picture_name": _FOX.name,
            }  # fmt: skip
            self.tokens = {"invitation.show": invited["ben@acme.example"]}
            self.of_git, self.git_step = of_git.id, of_git.first_step_id
            self.run, first = run.id, changed.id
            caller = Caller(org, srv.id, lea.id)
        begun = progress.select(self.database, ContentCache(), caller, tea, resume=True)
        progress.advance(self.database, ContentCache(), caller, begun.step.id)
        self._queries = {
            "editor.index": (
                "",
                "?view=assistant",
                f"?step={first}&view=preview",
                f"?step={first}&view=text",
            ),
            "step_file.index": (f"?step={first}",),
            "history.index": ("", "?a=0&b=1"),
            "play.index": ("", f"?of=draft&at={first}&as=returning&from=1"),
            "servers.server": ("", "?tab=connect", "?tab=settings"),
            "git.source": ("", "?tab=runs", "?tab=problems", "?tab=settings"),
            "git.back": (f"?run={self.run}",),
            "walkthrough_list.index": ("", "?q=nothing", "?state=archived"),
            "learners.index": ("", "?q=nobody"),
            "audit.index": ("", "?who=nobody"),
        }

    def addresses(self) -> list[Address]:
        """Return all pages of the dashboard that GET answers; fail if one has no values."""
        rules = [each for each in self.app.url_map.iter_rules() if is_dashboard(each.rule)]
        known = {each.endpoint for each in rules}
        assert set(_NO_PAGES) | set(self._queries) | _SIGNED_OUT <= known, "one is gone"
        found = [self._of_rule(each) for each in rules if "GET" in (each.methods or ())]
        of_git = {
            "editor.index": f"walkthroughs/{self.of_git}/",
            "walkthroughs.details_view": f"tables/walkthroughs/details/?id={self.of_git}",
            "walkthrough_steps.details_view": f"tables/walkthrough_steps/details/?id={self.git_step}",
        }
        more = [
            Address(name, f"/o/acme/admin/{path}", False, False) for name, path in of_git.items()
        ]
        return sorted(chain(*found, more), key=lambda each: each.path)

    def _of_rule(self, rule: Rule) -> list[Address]:
        endpoint, view = rule.endpoint, rule.endpoint.partition(".")[2]
        if endpoint in _NO_PAGES or view in {"export", "ajax_lookup"}:
            return []
        values = dict(self.values)
        if endpoint in self.tokens:
            values["token"] = self.tokens[endpoint]
        if endpoint == "propose.index":
            values["walkthrough_id"] = self.of_git
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values[name[1]], rule.rule)
        queries = self._queries.get(endpoint, (self._query(endpoint, view),))
        visitor, lacks = endpoint in _SIGNED_OUT, view in _VIEWS_OF_TABLES
        return [Address(endpoint, path + each, visitor, lacks) for each in queries]

    def _query(self, endpoint: str, view: str) -> str:
        table = "member" if endpoint == "members.remove" else endpoint.partition(".")[0]
        if view in {"edit_view", "details_view", "remove_view", "remove"} and (
            table in Base.metadata.tables
        ):
            columns = Base.metadata.tables[table].columns
            with self.database.transaction() as session:
                return f"?id={session.scalar(select(columns.id).order_by(columns.id.desc()))}"
        return ""
