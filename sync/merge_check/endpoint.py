"""What merging a folder would change, for those who have a source's token. Nothing is written."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from sync.format.parse import Surroundings, parse_repository
from sync.git.edit_link import view_address_of
from sync.layout import WALKTHROUGHS, FileData
from sync.merge_check.upload import MAX_BYTES, UploadInvalid, unpack
from sync.planning.build_plan import build_plan
from sync.planning.report import plan_facts
from walkthroughs.crypto import hash_token
from walkthroughs.database.pool import Database
from walkthroughs.models import ContentSource
from walkthroughs.runtime import runtime

checks = Blueprint("checks", __name__)

#: PostgreSQL itself refuses to write, and shows one state of the database to every question.
_READ_ONLY_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_REFUSED = "There is no such content source, or the token is not the one that was made last for it."
_EMPTY = (
    f"There is no file below {WALKTHROUGHS}/, and nothing is planned because of that: a merge "
    "would change nothing either. Send the folder that the content source reads."
)


@checks.post("/check/<source_id>")
def check(source_id: str) -> ResponseReturnValue:
    """Answer with the plan, as `flask sync plan --json` would print it after a merge."""
    database = runtime().database
    source = _authenticate(database, source_id, request.headers.get("Authorization", ""))
    if source is None:
        return {"error": _REFUSED}, 401
    request.max_content_length = MAX_BYTES
    try:
        files = unpack(request.get_data(cache=False))
    except UploadInvalid as error:
        return {"error": str(error)}, 400
    if not any(path.startswith(f"{WALKTHROUGHS}/") for path in files):
        return {"error": _EMPTY}, 400
    return plan_for_files(database, source, files)


def plan_for_files(
    database: Database, source: ContentSource, files: Mapping[str, FileData]
) -> dict[str, Any]:
    """Return the facts of the plan that a commit with *files*, all of them, would make."""
    around = Surroundings(web_address=partial(view_address_of, source))
    parsed = parse_repository(files, around=around)
    with database.transaction() as session:
        session.connection(execution_options=_READ_ONLY_SNAPSHOT)
        plan = build_plan(session, source, parsed)
    return plan_facts(source.name, plan)


def _authenticate(database: Database, source_id: str, authorization: str) -> ContentSource | None:
    """Return the source if the header holds its token."""
    kind, _, token = authorization.partition(" ")
    given = hash_token(token.strip()) if kind.lower() == "bearer" else ""
    with database.transaction() as session:
        source = session.scalar(select(ContentSource).where(ContentSource.id == source_id))
    stored = source.check_token_hash if source is not None else None
    fits = hmac.compare_digest(given.encode(), (stored or hash_token("")).encode())
    return source if stored and fits else None
