"""Add a content source step by step. Each step is tried before the next; the last one stores it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import func, select

from admin.access.actors import current_actor
from admin.access.roles import OWNERS
from admin.pages.git.rows import ProblemLine, problem_line
from admin.pages.git.sealed import Access, Owner, SealBroken, seal, unseal
from admin.pages.git.trials import find_folders, trial, try_access, try_address, with_token
from admin.pages.page import Page
from sync.git.access import host_access, host_page, name_of_repository, ssh_address
from sync.git.host_keys import public_key
from sync.preview import Preview, preview_new_source
from sync.sources import add_source, refuse_odd_name
from walkthroughs.enums import OnRewrite
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, db
from walkthroughs.runtime import runtime

#: The steps in order; the last one is the page of the source's webhook.
STEPS = {
    "address": "Address",
    "access": "Access",
    "branch": "Branch and folder",
    "plan": "What comes in",
    "webhook": "Webhook",
}
#: Those that a member may go back to.
_EARLIER = ("address", "access", "branch")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A step that is shown: what is known by now, and what was wrong with the form."""

    step: str
    access: Access
    fault: str | None = None
    preview: Preview | None = None
    problems: tuple[ProblemLine, ...] = ()


class NewSourcePage(Page):
    """Add a content source. Between its pages nothing is stored: their forms hold what is known."""

    reads = frozenset[str]()
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Git", "new_source", "git/new")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Show the first step; try what a step's form says, and show the next one."""
        if request.method == "GET":
            return self._page(_Shown("address", Access()))
        form = request.form
        owner = Owner(g.organization_id, current_user.id)
        try:
            access = unsealed(form.get("sealed", ""), owner) if form.get("sealed") else Access()
        except SealBroken as broken:
            return self._page(_Shown("address", Access(), str(broken)), owner), 422
        step = form.get("step", "")
        if form.get("do") in _EARLIER:
            return self._page(_Shown(form["do"], access), owner)
        if step == "plan" and access.is_planned:
            return self._add(access, owner)
        shown = _try_step(step, access, form)
        return self._page(shown, owner), 422 if shown.fault else 200

    def _add(self, access: Access, owner: Owner) -> ResponseReturnValue:
        actor, parts, slug = current_actor(), runtime(), g.organization_slug
        db.session.rollback()
        columns = {
            "name": access.name, "url": access.url, "branch": access.branch, "path": access.path
        }  # fmt: skip
        held_by = actor.name if request.form.get("do") == "hold" else None
        try:
            source_id = add_source(
                parts.database, parts.settings, slug, columns, access.secret_files,
                held_by=held_by, actor=actor,
            )  # fmt: skip
        except HandrailError as error:
            return self._page(_Shown("branch", access, str(error)), owner), 422
        ends = "It is held: resume it when you like what it would change." if held_by else ""
        flash(f"“{access.name}” is added. {ends or 'It is being read now.'}", "success")
        return redirect(url_for("source_settings.webhook", source_id=source_id, new=1), code=303)

    def _page(self, shown: _Shown, owner: Owner | None = None) -> str:
        access = shown.access
        sealed = seal(access, owner, runtime().settings.secret_key, now_ms()) if owner else ""
        values = {
            "step": shown.step, "steps": STEPS, "fault": shown.fault, "sealed": sealed,
            "preview": shown.preview, "problems": shown.problems, **access_values(access),
        }  # fmt: skip
        return str(self.render("handrail/git_new.html", **values))


def unsealed(sealed: str, owner: Owner, source_id: str = "") -> Access:
    """Return what a form of *owner* brought back, about that source.

    Raises:
        SealBroken: it is not theirs, too old, or about another source.
    """
    access = unseal(sealed, owner, runtime().settings.secret_keys, now_ms())
    if access.source_id != source_id:
        raise SealBroken
    return access


def access_values(access: Access) -> dict[str, Any]:
    """Return what the step that chooses the access shows."""
    host = host_access(access.url)
    return {
        "access": access,
        "host": host,
        "key_page": host_page(access.url, host.keys_path),
        "public_key": public_key(access.key) if access.key else "",
        "takes_token": access.url.startswith("https://"),
        "takes_key": bool(access.url) and ssh_address(access.url) is not None,
        "suggested_name": access.name or name_of_repository(access.url),
    }


def _try_step(step: str, access: Access, form: Mapping[str, str]) -> _Shown:
    """Try what the form of *step* says; return the next step, or the same with what is wrong."""
    next_step: Callable[[Access, str], _Shown]
    match step:
        case "address":
            typed, next_step = Access(url=form.get("url", "").strip()[:2000]), _after_address
        case "access":
            typed = replace(with_token(access, form.get("token", "")), way=form.get("way", ""))
            next_step = _after_access
        case "branch":
            typed, next_step = _with_place(access, form), _after_branch
            if fault := _name_fault(typed.name):
                return _Shown(step, typed, fault)
        case _:
            return _Shown("address", Access())
    # Read before: while hosts are waited for, nothing is asked of the database.
    organization_id = g.organization_id
    try:
        with trial():
            return next_step(typed, organization_id)
    except HandrailError as error:
        # Here nobody tries it again but the member.
        return _Shown(step, typed, str(error).removesuffix(" It is tried again."))


def _after_address(typed: Access, _organization_id: str) -> _Shown:
    settings = runtime().settings
    found = try_address(settings, typed.url)
    if found.way == "none":
        return _Shown("branch", find_folders(settings, found))
    return _Shown("access", found)


def _after_access(typed: Access, _organization_id: str) -> _Shown:
    settings = runtime().settings
    return _Shown("branch", find_folders(settings, try_access(settings, typed, typed.way)))


def _after_branch(typed: Access, organization_id: str) -> _Shown:
    parts = runtime()
    source = ContentSource(
        id="src_new", organization_id=organization_id, on_rewrite=OnRewrite.WARN,
        name=typed.name, url=typed.url, branch=typed.branch, path=typed.path,
    )  # fmt: skip
    preview = preview_new_source(parts.database, parts.settings, source, typed.credential)
    lines = tuple(problem_line(source, each) for each in preview.plan.problems)
    return _Shown("plan", replace(typed, is_planned=True), preview=preview, problems=lines)


def _with_place(access: Access, form: Mapping[str, str]) -> Access:
    return replace(
        access,
        branch=form.get("branch", "").strip()[:200],
        path=form.get("path", "").strip().strip("/")[:1000],
        name=form.get("name", "").strip()[:101],
        is_planned=False,
    )


def _name_fault(name: str) -> str | None:
    """Return why a new source cannot be called so."""
    try:
        refuse_odd_name(name)
    except HandrailError as error:
        return str(error)
    query = select(func.count()).where(
        ContentSource.organization_id == g.organization_id, ContentSource.name == name
    )
    return (
        f"There is a source “{name}” already. Choose another name."
        if db.session.scalar(query)
        else None
    )
