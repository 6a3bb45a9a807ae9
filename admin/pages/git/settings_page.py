"""Change a content source: its name, branch and folder, its access, its webhook; or remove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select

from admin.access.actors import current_actor
from admin.access.roles import OWNERS
from admin.pages.git.new_source_page import STEPS, access_values, unsealed
from admin.pages.git.rows import find_source, is_webhook_lost, tab_values
from admin.pages.git.sealed import Access, Owner, SealBroken, seal
from admin.pages.git.trials import trial, try_access, with_token
from admin.pages.page import Page
from sync import sources
from sync.git.access import host_access, host_page
from sync.git.credentials import DeployKey, decrypt_credential
from sync.git.host_keys import make_deploy_key
from sync.git.probe import check_folder
from walkthroughs.addresses import webhook_address
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Walkthrough, db
from walkthroughs.runtime import runtime


class SourceSettingsPage(Page):
    """What owners change of a source. What is new is tried before it is stored."""

    reads = frozenset[str]()
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Git", "source_settings", "git/<source_id>/settings")

    @expose("/", methods=("POST",))
    def index(self, source_id: str) -> ResponseReturnValue:
        """Change name, branch and folder."""
        row = find_source(source_id)
        names = ("name", "branch", "path")
        typed = {name: request.form.get(name, "").strip()[:1000] for name in names}
        typed["path"] = typed["path"].strip("/")
        fault = _refused(lambda: _change(row, typed))
        if fault is None:
            flash("Saved. The source is being read now.", "success")
            return _to_settings(source_id)
        values = tab_values(find_source(source_id), "settings") | {"typed": typed, "fault": fault}
        return str(self.render("handrail/git_settings.html", **values)), 422

    @expose("/access", methods=("GET", "POST"))
    def access(self, source_id: str) -> ResponseReturnValue:
        """Give the source another token or key; the present one stays until the host takes it."""
        row = find_source(source_id)
        owner = Owner(g.organization_id, current_user.id)
        if request.method == "GET":
            return self._access_page(row, _present_access(row), owner), 200
        try:
            access = unsealed(request.form.get("sealed", ""), owner, source_id)
        except SealBroken as broken:
            return self._access_page(row, _present_access(row), owner, str(broken)), 422
        access = replace(
            with_token(access, request.form.get("token", "")), way=request.form.get("way", "")
        )
        fault = _refused(lambda: _change_access(row, access))
        if fault is None:
            flash("The new access works, and is used from now on.", "success")
            return _to_settings(source_id)
        return self._access_page(find_source(source_id), access, owner, fault), 422

    def _access_page(
        self, row: ContentSource, access: Access, owner: Owner, fault: str | None = None
    ) -> str:
        sealed = seal(access, owner, runtime().settings.secret_key, now_ms())
        values = access_values(access) | {"source": row, "sealed": sealed, "fault": fault}
        return str(self.render("handrail/git_access.html", **values))

    @expose("/webhook", methods=("GET", "POST"))
    def webhook(self, source_id: str) -> ResponseReturnValue:
        """Make a secret for push notifications, shown once; wait for the first one."""
        row, secret = find_source(source_id), None
        if request.method == "POST":
            actor, parts = current_actor(), runtime()
            db.session.rollback()
            secret = sources.new_webhook_secret(parts.database, parts.settings, row, actor)
            db.session.rollback()  # the page shows the source as it is since
            row = find_source(source_id)
        host = host_access(row.url, row.host_kind)
        values = {
            "source": row, "secret": secret, "host": host, "steps": STEPS, "step": "webhook",
            "hooks_page": host_page(row.url, host.hooks_path), "is_new": "new" in request.args,
            "address": webhook_address(runtime().settings.base_url, row.id),
            "has_lost_webhook": is_webhook_lost(row),
        }  # fmt: skip
        return str(self.render("handrail/git_webhook.html", **values))

    @expose("/delivery")
    def delivery(self, source_id: str) -> ResponseReturnValue:
        """Show whether a notification has come: a part of a page, which asks for it again."""
        row = find_source(source_id)
        values = {"source": row, "has_lost_webhook": is_webhook_lost(row)}
        return str(self.render("handrail/git_delivery.html", **values))

    @expose("/remove", methods=("GET", "POST"))
    def remove(self, source_id: str) -> ResponseReturnValue:
        """Say what goes with the source; remove it if its name was typed."""
        row, fault = find_source(source_id), None
        if request.method == "POST":
            if request.form.get("name", "").strip() == row.name:
                fault = _refused(lambda: _remove(row))
                if fault is None:
                    return redirect(url_for("git.index"), code=303)
            else:
                fault = f"Type “{row.name}” to remove it."
        values = {"source": row, "fault": fault, "owned_words": _owned_words(_count_owned(row))}
        page = str(self.render("handrail/git_remove.html", **values))
        return page, 422 if fault else 200


def _remove(row: ContentSource) -> None:
    actor, parts, name = current_actor(), runtime(), row.name
    db.session.rollback()
    owned = sources.remove_source(parts.database, parts.settings, row, wait=False, actor=actor)
    flash(f"“{name}” is removed. {_owned_words(owned)}", "success")


def _change(row: ContentSource, typed: dict[str, str]) -> None:
    sources.refuse_odd_name(typed["name"])
    parts, actor = runtime(), current_actor()
    credential = decrypt_credential(parts.settings.secret_keys, row.credential)
    place = (typed["branch"], typed["path"])
    with trial(row):
        if place != (row.branch, row.path):
            check_folder(parts.settings, row.url, *place, credential)
        sources.change_source(
            parts.database, parts.settings, row, typed, {}, wait=False, actor=actor
        )


def _change_access(row: ContentSource, access: Access) -> None:
    parts, actor = runtime(), current_actor()
    with trial(row):
        tried = try_access(parts.settings, access, access.way)
        sources.change_source(
            parts.database, parts.settings, row, {"url": tried.url}, tried.secret_files,
            wait=False, actor=actor,
        )  # fmt: skip


def _present_access(row: ContentSource) -> Access:
    """Return where a change of the access begins: a new key, and the host's keys as they are."""
    try:
        stored = decrypt_credential(runtime().settings.secret_keys, row.credential)
    except HandrailError:
        stored = None  # that is why another one is wanted
    hosts = stored.known_hosts if isinstance(stored, DeployKey) else ""
    way = "key" if row.url.startswith("ssh://") else "token"
    return Access(
        source_id=row.id, url=row.url, way=way, key=make_deploy_key(), known_hosts=hosts,
        branch=row.branch, path=row.path, name=row.name,
    )  # fmt: skip


def _refused(work: Callable[[], None]) -> str | None:
    """Do it; return why it was refused."""
    try:
        work()
    except HandrailError as error:
        return str(error).removesuffix(" It is tried again.")
    return None


def _count_owned(row: ContentSource) -> int:
    query = select(func.count()).where(
        Walkthrough.organization_id == row.organization_id, Walkthrough.source_id == row.id
    )
    return db.session.scalar(query) or 0


def _owned_words(number: int) -> str:
    if number == 0:
        return "No walkthrough came from it."
    if number == 1:
        return "Its walkthrough stays as it is, with everybody's place, and is changed here now."
    return (
        f"Its {number} walkthroughs stay as they are, with everybody's place, and are changed "
        "here now."
    )


def _to_settings(source_id: str) -> ResponseReturnValue:
    return redirect(url_for("git.source", source_id=source_id, tab="settings"), code=303)
