"""Play a walkthrough through as an assistant would teach it. Nobody's progress is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from admin.pages.editor.own_draft import draft_or_404
from admin.pages.editor.pictures_page import picture_base
from admin.pages.editor.play_choice import DRAFT, END, NEW, RETURNING, Played, read_choice
from admin.pages.page import Page
from walkthroughs.addresses import server_base
from walkthroughs.content.draft_content import problems
from walkthroughs.content.markdown import to_html
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.play_through import (
    Call,
    about_tokens,
    answer_to,
    play,
    taught,
)
from walkthroughs.learning.views import StepView
from walkthroughs.mcp_server.results import VIEW, step_result
from walkthroughs.mcp_server.texts import step_text
from walkthroughs.models import McpServer, McpServerWalkthrough, db
from walkthroughs.runtime import runtime

#: Earlier calls that the chat shows.
_CALLS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """One call and its answer, for people and as the assistant reads it.

    Attributes:
        view: the answer.
        html: the text for the learner, safe to show.
        check: what must be true before going on, likewise.
        call: what the assistant sent, as JSON.
        answer: the text of the answer, word for word.
        facts: the answer for programs, as JSON.
        tokens: of that text, estimated.
        tokens_so_far: of all answers up to this one.
    """

    view: StepView
    html: str
    check: str
    call: str
    answer: str
    facts: str
    tokens: int
    tokens_so_far: int


class PlayPage(Page):
    """The chat on one side, the very answers on the other; the address holds where it is."""

    def __init__(self) -> None:
        super().__init__("Preview", "play", "walkthroughs/<walkthrough_id>/preview")

    @expose("/")
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show one call: `of` and `as` say of what and for whom, `at` where."""
        row = draft_or_404(walkthrough_id)
        played = read_choice(request.args, row)
        values: dict[str, Any] = {
            "row": row,
            "walkthrough_id": walkthrough_id,
            "played": played,
            "choice": played.choice,
            "names": {"DRAFT": DRAFT, "END": END, "NEW": NEW, "RETURNING": RETURNING},
            "writes": self.may_write() and row.locked is None,
        }
        if played.content.steps:
            values |= _played(walkthrough_id, played)
            step = values["shown"].view.step
            if played.choice.of == DRAFT and step is not None:
                values["problems"] = problems(row.draft, {step.id})
        return str(self.render("handrail/play.html", **values))


def _played(walkthrough_id: str, played: Played) -> dict[str, Any]:
    """Return the calls up to the one that is shown, and where one can go from it."""
    choice = played.choice
    published = taught(played.content, walkthrough_id, played.version)
    walk = play(played.content, walkthrough_id, played.version, returning=played.returning)
    calls, following = _calls(walk, choice.at)
    before, here = calls[:-1], calls[-1]
    base = _base_of_pictures(walkthrough_id)
    done_before = calls[0].completed

    def address(at: str | None, **more: str) -> str:
        query: dict[str, Any] = choice.parameters(at=END if at is None else at, **more)
        return url_for("play.index", walkthrough_id=walkthrough_id, **query)

    return {
        "shown": _shown(walkthrough_id, published, calls, base),
        "place": here,
        "earlier_calls": [
            (each, published.by_id.get(each.step_id or ""), address(each.step_id))
            for each in before[-_CALLS_SHOWN:]
        ],
        "more_calls": max(0, len(before) - _CALLS_SHOWN),
        "back": address(before[-1].step_id) if before else None,
        "following": address(following.step_id) if following else None,
        "failed": address(here.step_id, failed="1"),
        "reset": address(""),
        "other_pictures": address(here.step_id, pictures="" if choice.hides_pictures else "no"),
        "jumps": [
            (step, step.id in done_before, step.id == here.step_id) for step in published.steps
        ],
        "has_base": bool(base),
        "problems": (),
    }


def _calls(walk: Iterator[Call], at: str) -> tuple[list[Call], Call | None]:
    """Return the calls up to the one that answers the step *at*, and the one behind it.

    For a step that is not on the way it is the first call, as for none.
    """
    taken: list[Call] = []
    for call in walk:
        taken.append(call)
        if at in {"", call.step_id}:
            return taken, next(walk, None)
    if at == END:
        return taken, None
    return taken[:1], taken[1] if len(taken) > 1 else None


def _shown(walkthrough_id: str, published: PublishedVersion, calls: list[Call], base: str) -> Shown:
    here = calls[-1]
    view = answer_to(here, published)
    # Without a server there is no address yet: the text stays as it is stored.
    result = step_result(view if base else replace(view, has_pictures=False), base)
    answer = result.content[0].text  # type: ignore[union-attr]  # a step is always text
    pictures, step = picture_base(walkthrough_id), view.step
    return Shown(
        view,
        to_html(step.content, pictures) if step else "",
        to_html(step.verify, pictures) if step and step.verify else "",
        json.dumps({"name": here.tool, "arguments": here.arguments}, indent=2, ensure_ascii=False),
        answer,
        json.dumps((result.meta or {}).get(VIEW), indent=2, ensure_ascii=False, default=str),
        about_tokens(answer),
        sum(about_tokens(step_text(answer_to(each, published))) for each in calls),
    )


def _base_of_pictures(walkthrough_id: str) -> str:
    """Return what the addresses of pictures begin with on the first server that offers it."""
    assigned = McpServerWalkthrough
    slug = db.session.scalar(
        select(McpServer.slug)
        .join(assigned, assigned.mcp_server_id == McpServer.id)
        .where(
            McpServer.organization_id == g.organization_id,
            assigned.organization_id == g.organization_id,
            assigned.walkthrough_id == walkthrough_id,
            assigned.is_enabled,
        )
        .order_by(McpServer.name, McpServer.id)
        .limit(1)
    )
    return server_base(runtime().settings.base_url, slug) if slug else ""
