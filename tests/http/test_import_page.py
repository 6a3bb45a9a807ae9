"""Files are imported as drafts: shown first, stored when the member says so, and nobody else's."""

import io
import os
import re

import pytest
from sqlalchemy import select

from tests.dashboard import Visitor, app, owner, said, site
from tests.pictures import picture_file, stored_picture
from tests.uploads import MANIFEST, TEA, zipped
from walkthroughs.models import AuditEvent, Walkthrough, WalkthroughDraft, WalkthroughImage

__all__ = ["app", "owner", "site"]
NEW, IMPORT = "/o/acme/admin/walkthroughs/new/", "/o/acme/admin/walkthroughs/import/"
WRONG = TEA | {"walkthroughs/tea/steps/brew.md": b"---\nid: brew\n---\n![](gone.png)\n"}


def token(visitor, path=NEW):
    return re.search(r'name="csrf_token" value="([^"]+)"', said(visitor.get(path)))[1]


def send(visitor, *files, path=IMPORT):
    """Send files, each (name, bytes), and return the answer."""
    data = {
        "csrf_token": token(visitor, "/admin/account/"),
        "files": [(io.BytesIO(data), name) for name, data in files],
    }
    return visitor.client.post(path, data=data)


def shown(visitor, *files):
    """Send files; return the page that says what came out, and its address."""
    answer = send(visitor, *files)
    assert answer.status_code == 303, said(answer)
    return visitor.get(answer.location), answer.location


def store(visitor, address, **fields):
    data = {"csrf_token": token(visitor, address), "upload": address.partition("upload=")[2]}
    return visitor.client.post(f"{IMPORT}store", data=data | fields)


@pytest.fixture
def stored(database, site):
    """Return the walkthroughs of the organization that are drafts, by author id."""

    def read():
        with database.transaction() as session:
            rows = session.execute(
                select(Walkthrough.external_id, Walkthrough.id, WalkthroughDraft.content)
                .join(WalkthroughDraft, WalkthroughDraft.walkthrough_id == Walkthrough.id)
                .where(Walkthrough.organization_id == site["acme"][0], Walkthrough.version == 0)
            )
            return {row.external_id: row for row in rows}

    return read


def uploads(settings):
    return sorted((settings.data_dir / "uploads").iterdir())


def test_a_zip_is_shown_first_and_becomes_a_draft_with_its_pictures_when_the_member_says_so(
    owner, stored, database, settings
):
    files = TEA | {
        "walkthroughs/tea/steps/fox.png": picture_file(),
        "walkthroughs/tea/steps/brew.md": b"---\nid: brew\ntitle: Brew\n---\n![A fox](fox.png)\n",
    }
    page, address = shown(owner, ("guides.zip", zipped(files)))
    assert "1 walkthrough with 2 steps and 1 picture" in said(page)
    assert "Nothing is stored yet" in said(page)
    assert stored() == {}

    answer = store(owner, address, take="0")
    assert answer.status_code == 303
    row = stored()["tea"]
    assert answer.location == f"/o/acme/admin/walkthroughs/{row.id}/"
    assert row.content["details"]["title"] == "Make tea"
    assert [each["id"] for each in row.content["steps"]] == ["boil", "brew"]
    assert stored_picture().name in row.content["steps"][1]["text"]
    with database.transaction() as session:
        assert session.query(WalkthroughImage).filter_by(walkthrough_id=row.id).count() == 1
        event = session.query(AuditEvent).filter_by(verb="walkthrough.import").one()
        assert (event.title, event.actor) == ("Make tea", "owner@acme.example")
    assert uploads(settings) == []
    assert "Imported as a draft." in said(owner.get(answer.location))


def test_the_files_of_a_folder_keep_their_paths(owner, stored):
    page, address = shown(owner, *((f"guides/{path}", data) for path, data in TEA.items()))
    assert "walkthroughs/tea" in said(page)
    store(owner, address, take="0")

    assert list(stored()) == ["tea"]


def test_mistakes_are_told_by_file_and_line_and_the_member_may_take_them_along(owner, stored):
    page, address = shown(owner, ("x.zip", zipped(WRONG)))
    assert re.search(r"walkthroughs/tea/steps/brew.md:\d+</code> [^<]*gone.png", said(page))
    assert "Import as draft: Make tea" in said(page)
    assert not re.search(r'name="take" value="0" checked', said(page))
    assert "Tick what shall be imported" in said(store(owner, address))
    assert stored() == {}

    assert store(owner, address, take="0").status_code == 303
    assert "gone.png" in stored()["tea"].content["steps"][1]["text"]


def test_an_id_that_exists_is_told_and_a_free_one_is_offered(owner, stored, database, site):
    row = site["acme"][2]
    files = {path.replace("tea", "deploy"): data for path, data in TEA.items()}
    files["walkthroughs/deploy/walkthrough.yml"] = MANIFEST.replace(b"id: tea", b"id: deploy")
    page, address = shown(owner, ("x.zip", zipped(files)))
    assert f'/walkthroughs/{row}/">Deploy at acme</a> has' in said(page)
    assert 'name="id-0" value="deploy-2"' in said(page)
    for own, told in (
        ("deploy", "Deploy at acme"),
        ("A b", "small letters"),
        ("", "small letters"),
    ):
        answer = store(owner, address, take="0", **{"id-0": own})
        assert (answer.status_code, told in said(answer)) == (422, True), own
    assert stored() == {}

    store(owner, address, take="0", **{"id-0": "deploy-again"})
    assert list(stored()) == ["deploy-again"]


def test_what_is_not_ticked_is_not_stored(owner, stored):
    files = TEA | {path.replace("tea/", "two/"): data for path, data in TEA.items()}
    page, address = shown(owner, ("x.zip", zipped(files)))
    assert 'name="id-1" value="tea-2"' in said(page)
    store(owner, address, take="1")

    assert list(stored()) == ["tea-2"]


def test_what_cannot_be_taken_is_told_on_the_page_of_new(owner, stored):
    for files, told in (
        ([], "Choose a zip or a folder first."),
        ([("x.zip", b"<html>")], "no zip file"),
        ([("x.zip", zipped({"../x.md": b"# x\n"}))], "leads out of it"),
        ([("x.txt", b"x")], "no Markdown with text"),
    ):
        answer = send(owner, *files)
        assert answer.location == f"{NEW}#files"
        assert told in said(owner.get(NEW))
    assert stored() == {}


def test_an_upload_is_nobody_elses_and_is_gone_after_an_hour(app, owner, site, settings, stored):
    other = Visitor(app)
    other.sign_in("owner@other.example", site["other"][3])
    _, address = shown(owner, ("x.zip", zipped(TEA)))
    for path in (address, address.replace("acme", "other")):
        assert "Make tea" not in said(other.get(path))
    for wrong in ("", "..%2f..%2fsecret-key", "0" * 32):
        assert owner.get(f"{IMPORT}?upload={wrong}").location == f"{NEW}#files"
    (kept,) = uploads(settings)
    assert kept.stat().st_mode & 0o077 == 0
    old = kept.stat().st_mtime - 3601
    os.utime(kept, (old, old))

    assert store_gone(owner, address).location == f"{NEW}#files"
    assert "wait for an hour" in said(owner.get(NEW))
    shown(owner, ("x.zip", zipped(TEA)))
    assert len(uploads(settings)) == 1
    assert stored() == {}


def store_gone(visitor, address):
    data = {"csrf_token": token(visitor), "upload": address.partition("upload=")[2], "take": "0"}
    return visitor.client.post(f"{IMPORT}store", data=data)


def test_a_member_keeps_few_uploads(owner, settings):
    for _ in range(5):
        shown(owner, ("x.zip", zipped(TEA)))

    assert len(uploads(settings)) == 3


def test_an_upload_beyond_the_limit_is_refused_and_a_visitor_may_not_send_even_a_small_one(
    app, owner, site
):
    kind = "multipart/form-data; boundary=x"
    answer = owner.client.post(IMPORT, data=b"0" * 34 * 1024 * 1024, content_type=kind)
    assert answer.status_code == 413
    assert "32 MiB" in said(answer)
    small = b"0" * 4 * 1024 * 1024
    assert Visitor(app).client.post(IMPORT, data=small, content_type=kind).status_code == 413
