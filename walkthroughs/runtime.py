"""What the composition root made, for the commands and pages of the Flask application."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from walkthroughs.database.pool import Database
from walkthroughs.settings import Settings

_KEY = "handrail"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The settings and the one database of this process."""

    settings: Settings
    database: Database


def attach(app: Flask, parts: Runtime) -> None:
    """Make *parts* reachable from *app*'s commands and pages."""
    app.extensions[_KEY] = parts


def runtime() -> Runtime:
    """Return the parts of the current Flask application."""
    parts = current_app.extensions[_KEY]
    assert isinstance(parts, Runtime)  # noqa: S101  narrows the type
    return parts
