"""Pictures that are put into a draft, from the editor's script to the learner's answer."""

import io
import re
from html import unescape

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from tests.http.test_editor_page import draft, edit, live, page_of
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


NO_PICTURES = [
    (b"x" * 5_000_000, 413, "a picture 1 MiB"),
    (b"\x89PNG\r\n\x1a\n" + b"x" * (1024 * 1024 - 8), 422, "damaged"),
    (b"<html><script>alert(1)</script>", 422, "no PNG, JPEG, WebP or GIF"),
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 422, "no PNG, JPEG, WebP or GIF"),
    (b"", 422, "no PNG, JPEG, WebP or GIF"),
    (announced(30_000, 30_000), 422, "30,000 by 30,000 points"),
]


def test_what_is_no_picture_for_learners_is_refused_with_a_sentence(
    owner, site, database, subtests
):
    for data, code, words in NO_PICTURES:
        with subtests.test(case=words):
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


def fill_in(owner, row, rest="", data=None, kind="image/png", **fields):
    """Send one of the forms of the page of pictures; return the page that follows."""
    page = said(owner.get(page_of(row, "pictures/")))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    if data is not None:
        fields["file"] = (io.BytesIO(data), "picture.png", kind)
    address = page_of(row, f"pictures/{rest}")
    answer = owner.client.post(address, data=fields | {"csrf_token": token})
    assert answer.status_code == 303, said(answer)
    return unescape(said(owner.get(answer.location)))


def test_pictures_are_listed_with_size_words_and_where_they_are_used(owner, site):
    row = site["acme"][2]
    assert "There are no pictures yet" in said(owner.get(page_of(row, "pictures/")))
    shown = fill_in(owner, row, "add", picture_file())
    assert "The picture is stored." in shown
    assert "Not used." in shown
    edit(owner, row, "one", **{"step-text": f"![A fox](i/{FOX.name})"})
    shown = said(owner.get(page_of(row, "pictures/")))
    assert f'data-picture="{FOX.name}" data-alt="A fox"' in shown
    assert f"{len(FOX.data)} Bytes" in shown
    assert re.search(r"step=one\">One</a>, the draft", shown)


def test_a_picture_is_replaced_everywhere_in_the_draft_and_the_old_one_can_go(
    owner, site, database
):
    row, other = site["acme"][2], stored_picture(1)
    fill_in(owner, row, "add", picture_file())
    for step in ("one", "two"):
        edit(owner, row, step, **{"step-text": f"![A fox](i/{FOX.name}) i/{FOX.name}"})
    shown = fill_in(owner, row, f"i/{FOX.name}/delete")
    assert "The picture is used: “One” (the draft), “Two” (the draft)." in shown
    shown = fill_in(owner, row, f"i/{FOX.name}/replace", picture_file(colour=1))
    assert "in 2 texts of the draft" in shown
    assert draft(database, site).steps[0].text == f"![A fox](i/{other.name}) i/{other.name}"
    assert "The picture is deleted." in fill_in(owner, row, f"i/{FOX.name}/delete")
    assert [sha256 for sha256, _ in stored(database)] == [other.sha256]
    for gone in ("delete", "replace"):
        shown = fill_in(owner, row, f"i/{FOX.name}/{gone}", picture_file())
        assert "There is no such picture any more." in shown
    assert [sha256 for sha256, _ in stored(database)] == [other.sha256]


@pytest.mark.parametrize(
    ("data", "words"),
    [(None, "choose a file"), (b"<svg/>", "no PNG")],
)
def test_a_form_without_a_picture_says_why_nothing_is_stored(owner, site, database, data, words):
    assert words in fill_in(owner, site["acme"][2], "add", data)
    assert stored(database) == []


def test_a_preview_shows_the_words_of_pictures_in_their_place(owner, site):
    row = site["acme"][2]
    fill_in(owner, row, "add", picture_file())
    words = 'A &lt;b> "x" > all'
    edit(owner, row, "one", **{"step-text": f"![{words}](i/{FOX.name})"})
    for rest in ("shown-step?step=one&", "?step=one&", "preview/?"):
        with_it, without = (
            said(owner.get(page_of(row, rest + more))) for more in ("", "pictures=no")
        )
        assert f"i/{FOX.name}" in with_it
        assert "With pictures" in without
        shown = re.search(r'<span class="picture-words">(.*?)</span>', without)[1]
        assert unescape(shown) == unescape(words)
        assert "<b>" not in shown
