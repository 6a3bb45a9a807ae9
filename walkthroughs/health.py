"""Plain pages: is the process up, does its database answer."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import text

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.runtime import runtime

pages = Blueprint("pages", __name__)


@pages.get("/healthz")
def healthz() -> str:
    """Answer that the process is up, whatever its database does."""
    return "ok\n"


@pages.get("/readyz")
def readyz() -> tuple[str, int]:
    """Answer 200 when the database answers, else 503."""
    try:
        with runtime().database.autocommit() as connection:
            connection.execute(text("SELECT 1"))
    except DatabaseUnavailable:
        return "the database does not answer\n", 503
    return "ready\n", 200
