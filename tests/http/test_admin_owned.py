"""What Git owns cannot be written in the dashboard, and the pages say where it can."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.dashboard import app, owner, said, site
from tests.waiting import until
from walkthroughs.models import (
    ContentSource,
    Walkthrough,
)
from walkthroughs.publishing import writer

__all__ = ["app", "owner", "site"]


EDIT = "https://github.com/acme/guides/edit/main/docs/walkthroughs/to%20deploy/walkthrough.yml"


@pytest.fixture
def owned(site, database):
    """A source that owns Acme's walkthrough: the walkthrough's id and its first step's."""
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="git", url="ssh://git@github.com/acme/guides.git", path="docs"
        )
        session.add(source)
        session.flush()
        found = session.get(Walkthrough, row)
        found.source_id, found.folder = source.id, "to deploy"
        return row, found.first_step_id


def test_what_git_owns_is_not_written_here(owner, owned):
    row, step = owned
    page = f"/o/acme/admin/tables/walkthroughs/details/?id={row}"
    other_form = "/o/acme/admin/tables/mcp_servers/new/"
    for path in (
        f"/o/acme/admin/tables/walkthroughs/edit/?id={row}",
        f"/o/acme/admin/tables/walkthroughs/remove/?id={row}",
        f"/o/acme/admin/tables/walkthroughs/restore/?id={row}",
        f"/o/acme/admin/tables/walkthrough_steps/edit/?id={step}",
        f"/o/acme/admin/tables/walkthrough_steps/remove/?id={step}",
        f"/o/acme/admin/tables/walkthrough_steps/move/?id={step}",
        "/o/acme/admin/tables/walkthrough_steps/new/",
        "/o/acme/admin/tables/walkthroughs/delete/",
    ):
        answer = owner.post(
            path, page=other_form, title="Mine now", content="Mine now", walkthrough_id=row, id=row
        )
        assert answer.status_code == 409, path
        assert "managed by the Git repository “git”" in said(answer)
        assert f'href="{EDIT}"' in said(answer)

    assert f'href="{EDIT}"' in said(owner.get(page))
    assert "Mine now" not in said(owner.get("/o/acme/admin/tables/walkthroughs/"))


def test_forms_for_what_git_owns_lead_to_its_page_which_leads_to_its_file(owner, owned):
    row, step = owned
    for path, table in (
        (f"walkthroughs/edit/?id={row}", "walkthroughs"),
        (f"walkthroughs/remove/?id={row}", "walkthroughs"),
        (f"walkthrough_steps/new/?walkthrough_id={row}", "walkthroughs"),
        (f"walkthrough_steps/edit/?id={step}", "walkthrough_steps"),
        (f"walkthrough_steps/remove/?id={step}", "walkthrough_steps"),
    ):
        answer = owner.get(f"/o/acme/admin/tables/{path}")
        assert answer.status_code == 302, path
        assert f"/o/acme/admin/tables/{table}/details/" in answer.location
        assert f'href="{EDIT}"' in said(owner.get(answer.location))


def test_a_page_says_how_the_linked_file_belongs_to_the_row(owner, owned):
    row, step = owned

    assert f'The file to edit is <a href="{EDIT}"' in said(
        owner.get(f"/o/acme/admin/tables/walkthroughs/details/?id={row}")
    )
    assert f'Its file is one of those listed in <a href="{EDIT}"' in said(
        owner.get(f"/o/acme/admin/tables/walkthrough_steps/details/?id={step}")
    )


def test_what_git_comes_to_own_while_a_form_is_saved_is_answered_alike(owner, site, database):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(organization_id=org, name="git", url="https://x.example/x")
        session.add(source)
    path = f"/o/acme/admin/tables/walkthroughs/edit/?id={row}"
    owner.get(path)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            writer.adopt(session, org, row, source.id)
            session.flush()
            saving = pool.submit(owner.post, path, title="Mine now")
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            until(lambda: session.scalar(waiting))
        answer = saving.result()

    assert answer.status_code == 409
    assert "managed by the Git repository “git”" in said(answer)
    assert "Mine now" not in said(owner.get("/o/acme/admin/tables/walkthroughs/"))


def test_a_file_at_a_host_that_nobody_knows_is_told_without_a_link(owner, owned, database):
    row, _ = owned
    with database.transaction() as session:
        source = session.query(ContentSource).one()
        source.url = "https://git.acme.example/acme/guides.git"
    page = said(owner.get(f"/o/acme/admin/tables/walkthroughs/details/?id={row}"))

    assert "<code>docs/walkthroughs/to deploy/walkthrough.yml</code>" in page
    assert "git.acme.example" not in page
