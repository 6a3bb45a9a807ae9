"""The pages of numbers: the organization, and one walkthrough, each also as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin import queries
from admin.formats import duration, learner_name, share_of
from admin.pages.analytics import files, pictures
from admin.pages.analytics.figures import (
    DELETED,
    OfWalkthrough,
    Overview,
    Trend,
    as_of,
    read_overview,
    read_walkthrough,
)
from admin.pages.analytics.filter import PERIODS, WantedNumbers
from admin.pages.page import Page
from walkthroughs.events import analytics, step_numbers
from walkthroughs.events.scope import FLOW_DAYS, NEWEST, SILENT_DAYS, Counts, Scope
from walkthroughs.ids import now_ms
from walkthroughs.models import db

#: With more marks than that there is no room for a word beside each.
_MOST_WORDS = 3
#: Kinds of events in words, with the step in the middle where there is one.
FEED_WORDS = {
    "started": "started, at", "resumed": "came back, at", "restarted": "began again, at",
    "step": "completed", "completed": "finished", "reset": "was reset", "hurried": "hurried at",
}  # fmt: skip


class AnalyticsPage(Page):
    """How many start, how far they come, and what they take next. Everybody may read it."""

    reads = frozenset({"index", "export", "walkthrough", "walkthrough_export"})

    def __init__(self) -> None:
        super().__init__("Analytics", "analytics", "analytics")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show the organization; the part with the numbers alone if a script asks for it."""
        question = _Question()
        shown = question.overview() if analytics.has_any(db.session(), g.organization_id) else None
        picture = pictures.flow(shown.pairs, shown.labels) if shown else ""
        return self._show("analytics", question, shown, flow=picture, flow_days=FLOW_DAYS)

    @expose("/export.csv")
    def export(self) -> ResponseReturnValue:
        """Send a table of the organization as CSV."""
        table = queries.choice(request.args, "table", files.OVERVIEW, files.OVERVIEW[0])
        return _file(files.overview_csv(_Question().overview(), table), f"analytics-{table}")

    @expose("/walkthroughs/<walkthrough_id>/")
    def walkthrough(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show one walkthrough, which may have been deleted since."""
        question = _Question(walkthrough_id)
        shown = question.of_walkthrough() if question.was_used() else None
        return self._show(
            "analytics_walkthrough",
            question,
            shown,
            title=question.title or DELETED,
            is_there=question.title is not None,
            walkthrough_id=walkthrough_id,
            newest=NEWEST,
            silent_days=SILENT_DAYS,
            feed_among=analytics.FEED_AMONG,
            feed_words=FEED_WORDS,
            name_of=self._name_of,
            ordered=question.ordered,
        )

    @expose("/walkthroughs/<walkthrough_id>/export.csv")
    def walkthrough_export(self, walkthrough_id: str) -> ResponseReturnValue:
        """Send a table of one walkthrough as CSV."""
        question = _Question(walkthrough_id)
        table = queries.choice(request.args, "table", files.WALKTHROUGH, files.WALKTHROUGH[0])
        return _file(files.walkthrough_csv(question.of_walkthrough(), table), f"analytics-{table}")

    def _show(
        self,
        template: str,
        question: _Question,
        shown: Overview | OfWalkthrough | None,
        **more: Any,  # noqa: ANN401  what the template takes
    ) -> str:
        wanted, view = question.wanted, str(request.endpoint)
        part = request.headers.get("HX-Target") == "numbers"

        def address(to: str = view, **changed: Any) -> str:  # noqa: ANN401  any field
            own = request.view_args or {}
            return url_for(to, **own, **wanted.query(), **changed)

        return str(
            self.render(
                f"handrail/{template}{'_numbers' if part else ''}.html",
                wanted=wanted,
                shown=shown,
                scope=question.scope,
                periods=PERIODS,
                servers=[(slug, name) for slug, name in question.servers.values()],
                as_of=as_of(db.session(), g.organization_id, question.now),
                address=address,
                bar=pictures.bar,
                lines=_lines(shown.trend) if shown else "",
                share=share_of,
                duration=duration,
                now_minutes=analytics.NOW_MINUTES,
                **more,
            )
        )

    def _name_of(self, email: str | None, learner_id: str | None) -> str:
        """Return what the member may call who did something."""
        if learner_id is None:
            return "(erased)"
        return learner_name(email, learner_id, is_whole=self.may_write())


class _Question:
    """What the address asks for. It is 404 for a walkthrough that the organization never had."""

    def __init__(self, walkthrough_id: str = "") -> None:
        session, wanted = db.session(), WantedNumbers.parse(request.args)
        self.now, self.walkthrough_id = now_ms(), walkthrough_id
        self.title: str | None = None
        if walkthrough_id:
            titles = analytics.read_titles(session, g.organization_id, [walkthrough_id])
            self.title = titles.get(walkthrough_id)
            if self.title is None and not self.was_used():
                abort(404)
        else:
            wanted = replace(wanted, version=0)  # versions of different walkthroughs say nothing
        self.servers = analytics.read_server_names(session, g.organization_id)
        ids = {slug: key for key, (slug, _) in self.servers.items()}
        if wanted.server not in ids:
            wanted = replace(wanted, server="")
        self.wanted = wanted
        today = datetime.fromtimestamp(self.now / 1000, UTC).date()
        self.scope: Scope = wanted.scope(
            g.organization_id, today, ids.get(wanted.server, ""), walkthrough_id
        )

    def was_used(self) -> bool:
        """Return whether anybody ever did anything in the walkthrough."""
        return analytics.has_any(db.session(), g.organization_id, self.walkthrough_id)

    def ordered(
        self, steps: Sequence[step_numbers.StepNumbers]
    ) -> list[tuple[int, step_numbers.StepNumbers]]:
        """Return each step with its number, in the order that is asked for."""
        numbered = list(enumerate(steps, 1))
        if self.wanted.worst_first:
            numbered.sort(key=lambda each: -each[1].stopped)
        return numbered

    def overview(self) -> Overview:
        return read_overview(db.session(), self.scope, self.now)

    def of_walkthrough(self) -> OfWalkthrough:
        return read_walkthrough(db.session(), self.scope, self.now, self.servers)


def _lines(trend: Trend) -> str:
    series: dict[str, list[int]] = {
        name: [count(each.counts) for each in trend.days] for name, count in _SERIES.items()
    }
    marks = {at: each.published for at, each in enumerate(trend.days) if each.published}
    if len(marks) <= _MOST_WORDS:
        marks = {at: f"{versions} published" for at, versions in marks.items()}
    return pictures.lines(series, marks)


_SERIES: dict[str, Callable[[Counts], int]] = {
    "started": lambda counts: counts.started,
    "finished": lambda counts: counts.finished,
}


def _file(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response(text, mimetype="text/csv", headers=headers)
