"""Pictures that are put into a draft, from the editor's script to the learner's answer."""

import re

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from tests.http.test_editor_page import edit, live, page_of
from tests.pictures import SECRET, announced, picture_file, stored_picture
from walkthroughs.enums import Role
from walkthroughs.models import Member, Walkthrough, WalkthroughImage
from walkthroughs.publishing import draft_pictures

__all__ = ["app", "owner", "site"]

FOX = stored_picture()


def send(visitor, row, data, slug="acme", kind="image/png"):
    page = visitor.client.get("/admin/", follow_redirects=True)  # signed out: that to sign in
    token = re.search(r'csrf[-_]token"[^>]*(?:content|value)="([^"]+)"', said(page))
    headers = {"X-CSRFToken": token[1], "Accept": "application/json", "Content-Type": kind}
    address = f"/o/{slug}/admin/walkthroughs/{row}/pictures/"
    return visitor.client.post(address, data=data, headers=headers)


def stored(database):
    with database.transaction() as session:
        return session.query(WalkthroughImage.sha256, WalkthroughImage.data).all()


def test_a_picture_is_stored_without_metadata_and_shown_to_members_alone(owner, site, database):
    row, foreign = site["acme"][2], site["other"][2]
    answer = send(owner, row, picture_file(secret=True))
    assert answer.status_code == 200, said(answer)
    assert SECRET not in stored(database)[0].data
    edit(owner, row, "one", **{"step-text": f"Look: ![A fox]({answer.json['path']})"})
    address = re.search(r'<img src="([^"]+)" alt="A fox">', said(owner.get(page_of(row))))[1]
    for shown in (page_of(row, "shown-step?step=one"), page_of(row, "preview/")):
        assert address in said(owner.get(shown))
    picture = owner.get(address)
    assert (picture.mimetype, picture.data) == ("image/png", stored(database)[0].data)
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    stranger = Visitor(owner.client.application)
    stranger.sign_in("owner@other.example", site["other"][3])
    name = address.rpartition("/")[2]
    for path in (address, f"/o/other/admin/walkthroughs/{foreign}/pictures/i/{name}"):
        assert stranger.get(path).status_code == 404
    for odd in ("x.png", f"{name[:-3]}jpg", f"{'0' * 64}.png"):
        assert owner.get(address.replace(name, odd)).status_code == 404


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"x" * 5_000_000, 413, "a picture 1 MiB"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * (1024 * 1024 - 8), 422, "damaged"),
        (b"<html><script>alert(1)</script>", 422, "no PNG, JPEG, WebP or GIF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 422, "no PNG, JPEG, WebP or GIF"),
        (b"", 422, "no PNG, JPEG, WebP or GIF"),
        (announced(30_000, 30_000), 422, "30,000 by 30,000 points"),
    ],
    ids=["5 MB", "damaged", "html", "svg", "empty", "bomb"],
)
def test_what_is_no_picture_for_learners_is_refused_with_a_sentence(
    owner, site, database, data, code, words
):
    answer = send(owner, site["acme"][2], data)
    assert answer.status_code == code
    assert words in answer.json["error"]
    assert stored(database) == []


def test_the_same_picture_twice_is_one_and_all_together_have_a_limit(
    owner, site, database, monkeypatch
):
    row = site["acme"][2]
    paths = {send(owner, row, picture_file()).json["path"] for _ in range(2)}
    assert paths == {f"i/{FOX.name}"}
    assert len(stored(database)) == 1
    monkeypatch.setattr(draft_pictures, "MAX_STORED_BYTES", len(FOX.data) + 9)
    assert send(owner, row, picture_file()).status_code == 200
    assert "together" in send(owner, row, picture_file(colour=1)).json["error"]
    assert len(stored(database)) == 1


def test_nobody_else_stores_a_picture(app, owner, site, database):
    row, foreign = site["acme"][2], site["other"][2]
    assert send(owner, foreign, picture_file()).status_code == 404
    assert send(Visitor(app), row, picture_file()).status_code == 401
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update(
            {"role": Role.VIEWER}
        )
    assert send(owner, row, picture_file()).status_code == 404
    with database.transaction() as session:
        session.query(Member).update({"role": Role.EDITOR})
        session.query(Walkthrough).filter_by(id=row).update({"archived_at": 5})
    assert send(owner, row, picture_file()).status_code == 403
    assert stored(database) == []


def test_a_picture_without_a_text_is_not_published(owner, site, database):
    row = site["acme"][2]
    path = send(owner, row, picture_file()).json["path"]
    edit(owner, row, "one", **{"step-text": f"![]({path})"})
    shown = said(owner.get(page_of(row, "publish/")))
    assert "a picture without a text" in shown
    fields = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
    owner.client.post(page_of(row, "publish/"), data=fields)
    assert live(database, site).steps[0].content == "Do one."
    edit(owner, row, "one", **{"step-text": f"![A fox]({path})"})
    shown = said(owner.get(page_of(row, "publish/")))
    fields = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
    owner.client.post(page_of(row, "publish/"), data=fields)
    assert live(database, site).steps[0].content == f"![A fox]({path})"


def test_pictures_of_other_hosts_are_shown_as_their_text(owner, site):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": "![Far away](https://x.example/a.png)"})
    for shown in ("shown-step?step=one", "preview/"):
        assert '<img alt="Far away">' in said(owner.get(page_of(row, shown)))


def test_a_picture_of_another_walkthrough_is_a_mistake_of_the_step_that_names_it(
    owner, site, database
):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": f"![A fox](i/{FOX.name})"})
    shown = page_of(row), page_of(row, "publish/")
    words = "a picture that this walkthrough does not have"
    assert all(words in said(owner.get(path)) for path in shown)
    assert send(owner, row, picture_file()).status_code == 200
    assert not any(words in said(owner.get(path)) for path in shown)
