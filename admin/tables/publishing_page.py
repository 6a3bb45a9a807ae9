"""The base class of forms that change content through the publishing writer."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_security import current_user

from admin.access.roles import OWNERS
from admin.saving import write_transaction
from admin.tables.model_page import OrgModelView
from walkthroughs.publishing import writer
from walkthroughs.publishing.origin import Origin
from walkthroughs.publishing.writer import Edit


class ContentView(OrgModelView):
    """Publish what a form holds. A subclass turns the form into content."""

    creatable = True
    writers = OWNERS
    editable = True

    def create_model(self, form: Any) -> Any:  # noqa: ANN401  Flask-Admin's protocol
        """Create through the writer; return the new row, or false after showing the error."""
        row_id = ""
        with self.report_errors() as failed:
            row_id = self.create_content(form)
        return False if failed else self.get_one(row_id)

    def update_model(self, form: Any, model: Any) -> bool:  # noqa: ANN401
        """Publish the change as the next version."""
        with self.report_errors() as failed:
            self.update_content(form, model)
        return not failed

    def create_content(self, form: Any) -> str:  # noqa: ANN401
        """Create a row from *form*; return its id."""
        raise NotImplementedError

    def update_content(self, form: Any, row: Any) -> None:  # noqa: ANN401
        """Publish the change of *row* that *form* holds."""
        raise NotImplementedError


def origin() -> Origin:
    """Return the signed-in member as the author of a change."""
    return Origin(author=current_user.email)


def change(walkthrough_id: str, edit: Edit, *, is_published: bool | None = None) -> None:
    """Apply *edit* to the live content and publish it, as the signed-in member."""
    with write_transaction() as session:
        writer.change(
            session,
            g.organization_id,
            walkthrough_id,
            edit,
            origin(),
            is_published=is_published,
        )
