"""The pictures of a walkthrough: taken from the editor, and shown to members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy.orm import Session

from admin.git_lock import locked_by_git
from admin.pages.editor.own_draft import draft_or_404
from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import (
    MAX_PICTURE_BYTES,
    MEDIA_TYPES,
    PICTURE_NAME,
    Picture,
    PictureRefused,
)
from walkthroughs.errors import HandrailError, NotFound, WalkthroughNotFound
from walkthroughs.models import db
from walkthroughs.publishing.draft_pictures import add_picture
from walkthroughs.publishing.picture_library import delete_picture, read_library, replace_picture
from walkthroughs.publishing.pictures import read_pictures


class PicturesPage(Page):
    """The pictures of a walkthrough: store, show, replace and delete them."""

    reads = frozenset({"index", "picture"})

    def __init__(self) -> None:
        super().__init__("Pictures", "pictures", "walkthroughs/<walkthrough_id>/pictures")

    @expose("/")
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """List the pictures, with where each is used."""
        row = draft_or_404(walkthrough_id)
        values: dict[str, Any] = {
            "row": row,
            "walkthrough": row.walkthrough,
            "pictures": read_library(db.session(), row),
            "base": picture_base(walkthrough_id),
            "writes": self.may_write() and row.locked is None,
            "locked": locked_by_git(row.walkthrough),
        }
        return str(self.render("handrail/pictures.html", **values))

    @expose("/", methods=("POST",))
    def store(self, walkthrough_id: str) -> ResponseReturnValue:
        """Store the file that is the body; answer how a text names it, or why not, as JSON."""
        request.max_content_length = MAX_PICTURE_BYTES
        try:
            picture = read_picture(request.get_data(cache=False))
            with write_transaction() as session:
                add_picture(session, g.organization_id, walkthrough_id, picture)
        except NotFound:
            abort(404)
        except PictureRefused as refused:
            return jsonify(error=f"{refused}."), 422
        except HandrailError as error:
            return jsonify(error=str(error)), 403
        return jsonify(path=f"i/{picture.name}")

    @expose("/add", methods=("POST",))
    def add(self, walkthrough_id: str) -> ResponseReturnValue:
        """Store the file of a form."""

        def work(session: Session) -> str:
            add_picture(session, g.organization_id, walkthrough_id, _sent_picture())
            return "The picture is stored. Copy its line into a text."

        return self._changed(walkthrough_id, work)

    @expose("/i/<picture_name>/replace", methods=("POST",))
    def replace(self, walkthrough_id: str, picture_name: str) -> ResponseReturnValue:
        """Put the file of a form in the place of a picture, in all texts of the draft."""

        def work(session: Session) -> str:
            place, picture = (session, g.organization_id, walkthrough_id), _sent_picture()
            changed = replace_picture(*place, picture_name, picture, current_user.email)
            add_picture(*place, picture)
            texts = f"{changed} text{'' if changed == 1 else 's'} of the draft"
            return f"The new picture is in {texts}. Published versions keep the old one."

        return self._changed(walkthrough_id, work)

    @expose("/i/<picture_name>/delete", methods=("POST",))
    def delete(self, walkthrough_id: str, picture_name: str) -> ResponseReturnValue:
        """Delete a picture that nothing names; else say what does."""

        def work(session: Session) -> str:
            delete_picture(session, g.organization_id, walkthrough_id, picture_name)
            return "The picture is deleted."

        return self._changed(walkthrough_id, work)

    def _changed(self, walkthrough_id: str, work: Callable[[Session], str]) -> ResponseReturnValue:
        """Do one change, say what became of it, and list the pictures again."""
        try:
            with write_transaction() as session:
                told = work(session)
            flash(told, "success")
        except WalkthroughNotFound:
            abort(404)
        except PictureRefused as refused:
            flash(f"Not stored: {refused}.", "error")
        except HandrailError as error:
            flash(str(error), "error")
        return redirect(url_for(".index", walkthrough_id=walkthrough_id), code=303)

    @expose("/i/<picture_name>")
    def picture(self, walkthrough_id: str, picture_name: str) -> ResponseReturnValue:
        """Show one of the walkthrough's pictures."""
        if PICTURE_NAME.fullmatch(picture_name) is None:
            abort(404)
        found = read_pictures(db.session(), g.organization_id, walkthrough_id, [picture_name])
        if not found:
            abort(404)
        answer = Response(found[0].data, mimetype=MEDIA_TYPES[found[0].extension])
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer


def picture_base(walkthrough_id: str) -> str:
    """Return what the addresses of the walkthrough's pictures begin with, for its members."""
    return url_for("pictures.index", walkthrough_id=walkthrough_id).rstrip("/")


def _sent_picture() -> Picture:
    """Return the file of a form.

    Raises:
        PictureRefused: there is none, or it is no picture that learners are shown.
    """
    file = request.files.get("file")
    if file is None or not file.filename:
        raise PictureRefused("choose a file first")
    return read_picture(file.stream.read(MAX_PICTURE_BYTES + 1))
