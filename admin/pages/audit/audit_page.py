"""The page of the audit: who did what to what, when, and from where."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin import audit_words
from admin.access.roles import OWNERS
from admin.formats import escape_formula
from admin.pages.audit.filter import AuditFilter, read_events
from admin.pages.page import Page
from walkthroughs.enums import AuditPlace
from walkthroughs.ids import utc_text
from walkthroughs.models import AuditEvent, db

PAGE_SIZE = 50
_EXPORT_ROWS = 10_000
_HEAD = ("when (UTC)", "who", "did", "kind", "id", "title", "from", "before", "after")


class AuditPage(Page):
    """Every change of the organization, newest first."""

    reads = frozenset({"index", "export"})
    readers = OWNERS
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Audit", "audit", "audit")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show a page of the changes that the address asks for."""
        wanted = AuditFilter.parse(request.args)
        found = read_events(db.session(), g.organization_id, wanted, PAGE_SIZE + 1)
        shown, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
        older = shown[-1] if has_more else None
        return str(
            self.render(
                "handrail/audit.html",
                events=shown,
                wanted=wanted,
                older=url_for(".index", **wanted.query(older)) if older else None,
                newest=url_for(".index", **wanted.query()) if wanted.before else None,
                export=url_for(".export", **wanted.query()),
                kinds=audit_words.KINDS,
                places=list(AuditPlace),
                words=audit_words.words,
                differences=audit_words.differences,
                utc=utc_text,
            )
        )

    @expose("/export.csv")
    def export(self) -> ResponseReturnValue:
        """Return the changes that the address asks for as CSV; of too many, the newest."""
        wanted = AuditFilter.parse(request.args)
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(_HEAD)
        for event in read_events(db.session(), g.organization_id, wanted, _EXPORT_ROWS):
            rows.writerow([escape_formula(cell) for cell in _cells(event)])
        headers = {"Content-Disposition": "attachment; filename=audit.csv"}
        return Response(text.getvalue(), mimetype="text/csv", headers=headers)


def _cells(event: AuditEvent) -> tuple[str, ...]:
    return (
        utc_text(event.happened_at), event.actor, event.verb, event.kind, event.target_id,
        event.title, event.place, _json(event.before), _json(event.after),
    )  # fmt: skip


def _json(values: dict[str, Any] | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)
