"""The pictures of a walkthrough: taken from the editor, and shown to members."""

from __future__ import annotations

from flask import Response, abort, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import (
    MAX_PICTURE_BYTES,
    MEDIA_TYPES,
    PICTURE_NAME,
    PictureRefused,
)
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import db
from walkthroughs.publishing.draft_pictures import add_picture
from walkthroughs.publishing.pictures import read_pictures


class PicturesPage(Page):
    """Store a picture for a draft, and show those that are stored."""

    reads = frozenset({"picture"})

    def __init__(self) -> None:
        super().__init__("Pictures", "pictures", "walkthroughs/<walkthrough_id>/pictures")

    @expose("/", methods=("POST",))
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
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
