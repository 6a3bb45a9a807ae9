"""The published schema of walkthrough.yml, for editors that check files while they are written."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

SCHEMAS = Path(__file__).parent / "schema"

schema_pages = Blueprint("schema", __name__)


@schema_pages.get("/schema/walkthrough-1.json")
def walkthrough_schema() -> Response:
    """Return the JSON schema of format 1."""
    return send_from_directory(SCHEMAS, "walkthrough-1.json", mimetype="application/schema+json")
