"""Import walkthroughs from files: what came out is shown first, and stored when that is right."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from werkzeug.datastructures import FileStorage

from admin.pages.page import Page
from admin.pages.walkthroughs import kept_uploads
from admin.pages.walkthroughs.import_plan import ImportRow, as_chosen, rows_of, store
from admin.saving import write_transaction
from sync.importing.read import ImportPlan, converted, read_upload
from sync.importing.upload import MAX_UPLOAD_BYTES, Upload, UploadedFile, UploadRefused, take
from sync.importing.zip_file import read_zip, reopen_zip, write_zip
from walkthroughs.content.wording import count_of
from walkthroughs.errors import HandrailError
from walkthroughs.models import db
from walkthroughs.runtime import runtime

#: Texts are read by one thread at a time: a large upload would keep all of them from pages.
_READING = threading.Lock()
_WAIT_SECONDS = 15
_GONE = "These files are not here any more: they wait for an hour. Choose them again."


class ImportPage(Page):
    """Nothing is stored before the member has seen what came out."""

    reads = frozenset[str]()

    def __init__(self) -> None:
        super().__init__("Import", "import_walkthroughs", "walkthroughs/import")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Take files, or show what came out of those that were taken."""
        try:
            if request.method == "POST":
                return redirect(url_for(".index", upload=_kept(_sent())), code=303)
            plan = _plan(request.args.get("upload", ""))
        except UploadRefused as error:
            flash(str(error), "error")
            return redirect(url_for("new_walkthrough.index", _anchor="files"), code=303)
        rows = rows_of(db.session(), g.organization_id, plan)
        return self._show(plan, rows, request.args["upload"])

    @expose("/store", methods=("POST",))
    def store(self) -> ResponseReturnValue:
        """Store what is ticked, as drafts."""
        token = request.form.get("upload", "")
        try:
            plan = _plan(token)
        except UploadRefused as error:
            flash(str(error), "error")
            return redirect(url_for("new_walkthrough.index", _anchor="files"), code=303)
        shown = rows_of(db.session(), g.organization_id, plan)
        ids = {row.key: request.form.get(f"id-{row.key}", row.id) for row in shown}
        chosen = request.form.getlist("take")
        rows = as_chosen(db.session(), g.organization_id, shown, chosen, ids)
        if not any(row.is_chosen for row in rows):
            return self._show(plan, rows, token, "Tick what shall be imported.")
        if any(row.fault for row in rows):
            return self._show(plan, rows, token, "An id needs a change; nothing is stored yet.")
        try:
            with write_transaction() as session:
                made = store(session, g.organization_id, rows, current_user.email)
        except HandrailError as error:
            return self._show(plan, rows, token, str(error))
        kept_uploads.forget(_folder(), _owner(), token)
        said = "Imported as a draft." if len(made) == 1 else f"Imported {len(made)} drafts."
        undo = {"undo": url_for("walkthrough_list.change"), "change": " ".join(["archive", *made])}
        flash({"text": f"{said} Nothing of it is live yet.", **undo}, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
        if len(made) == 1:
            return redirect(url_for("editor.index", walkthrough_id=made[0]), code=303)
        return redirect(url_for("walkthrough_list.index"), code=303)

    def _show(
        self, plan: ImportPlan, rows: tuple[ImportRow, ...], token: str, fault: str = ""
    ) -> ResponseReturnValue:
        steps = sum(len(row.found.draft.steps) for row in rows if row.found.draft)
        pictures = sum(len(row.found.pictures) for row in rows)
        counts = (
            count_of(len(rows), "walkthrough"),
            count_of(steps, "step"),
            count_of(pictures, "picture"),
        )
        values = {"plan": plan, "rows": rows, "upload": token, "fault": fault, "counts": counts}
        page = str(self.render("handrail/import.html", **values))
        return page, 422 if fault else 200


def _sent() -> Upload:
    """Return the files of the request: a zip, or those of a folder.

    Raises:
        UploadRefused: there are none, or they cannot be taken.
    """
    files = [each for each in request.files.getlist("files") if each.filename]
    if not files:
        raise UploadRefused("Choose a zip or a folder first.")
    is_zip = len(files) == 1 and str(files[0].filename).lower().endswith(".zip")
    if is_zip:
        return read_zip(files[0].stream.read(MAX_UPLOAD_BYTES + 1), str(files[0].filename))
    return take("Imported", [_uploaded(each) for each in files])


def _uploaded(file: FileStorage) -> UploadedFile:
    size = file.stream.seek(0, 2)

    def read() -> bytes:
        file.stream.seek(0)
        return file.stream.read()

    return UploadedFile(str(file.filename), size, read)


def _kept(upload: Upload) -> str:
    """Keep an upload, as walkthroughs, for this member; return its token."""
    with _turn():
        data = write_zip(converted(upload))
    return kept_uploads.keep(_folder(), _owner(), data)


def _plan(token: str) -> ImportPlan:
    data = kept_uploads.read(_folder(), _owner(), token)
    if data is None:
        raise UploadRefused(_GONE)
    with _turn():
        return read_upload(reopen_zip(data))


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for the turn to read texts.

    Raises:
        UploadRefused: others take too long.
    """
    if not _READING.acquire(timeout=_WAIT_SECONDS):
        raise UploadRefused("Another import is being read. Try again in a moment.")
    try:
        yield
    finally:
        _READING.release()


def _folder() -> Path:
    return runtime().settings.data_dir / "uploads"


def _owner() -> str:
    return f"{g.organization_id} {current_user.id}"
