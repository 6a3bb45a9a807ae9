"""Offer the organization's own rows in a select field."""

from __future__ import annotations

from typing import Any

from flask import g

from walkthroughs.models import db


def set_choices(field: Any, model: Any, label: Any) -> None:  # noqa: ANN401  a select field, a table, a column
    """Let *field* offer the organization's own rows of *model*, and no others."""
    rows = db.session.query(model).filter(model.organization_id == g.organization_id)
    field.choices = [(row.id, str(row)) for row in rows.order_by(label)]
