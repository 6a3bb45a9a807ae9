"""The page of New: the id that is made of a title, chosen, and checked while one types."""

import html
import re

import pytest

from tests.builders import content, walkthrough
from tests.dashboard import app, owner, said, site
from walkthroughs.models import Member, Walkthrough

__all__ = ["app", "owner", "site"]
NEW = "/o/acme/admin/walkthroughs/new/"


def field(page, name):
    """Return what a field of the page holds."""
    found = re.search(rf'<input[^>]*name="{name}" value="([^"]*)"', page)
    return html.unescape(found[1]) if found else None


@pytest.fixture
def begin(owner, database):
    """Send the form; return the answer and the author ids that there are then."""

    def send(**fields):
        answer = owner.post(NEW, **({"starter": "blank"} | fields))
        with database.transaction() as session:
            return answer, {row.external_id for row in session.query(Walkthrough)}

    return send


def test_an_id_is_made_of_the_title_or_chosen_and_one_that_is_taken_or_none_is_told(
    owner, site, begin, database
):
    assert field(said(owner.get(NEW)), "own_id") == ""
    answer, ids = begin(title="Côte d'Azur!")
    assert answer.status_code == 303
    assert "cote-d-azur" in ids
    for fields, made in (
        ({"title": "Cote d Azur"}, "cote-d-azur-2"),
        ({"title": "沸かす"}, "walkthrough"),
        ({"title": "Late", "own_id": "lat", "suggested": "lat"}, "late"),  # the title went on
        ({"title": "Late", "own_id": " my-own "}, "my-own"),
        ({"title": "A copy", "starter": "copy", "copy": site["acme"][2]}, "a-copy"),
    ):
        answer, ids = begin(**fields)
        assert (answer.status_code, made in ids) == (303, True), fields
    for own, words in (
        ("my-own", "“Late” has this id. Choose another."),
        ("Mine", "Use 2 to 63 small letters"),
        ("x", "Use 2 to 63 small letters"),
        ('"><script>', "Use 2 to 63 small letters"),
    ):
        answer, after = begin(title="Kept", goal="Kept too.", own_id=own)
        page = said(answer)
        assert (answer.status_code, after) == (422, ids)
        assert f'<strong class="error">{words}' in page
        assert '<details class="fold more" open>' in page
        assert (field(page, "own_id"), field(page, "suggested")) == (own, "kept")
        assert field(page, "title") == "Kept"
        assert "<script>" not in page.split('id="own-id"')[1]


def test_a_script_asks_for_the_id_while_the_title_or_the_id_is_typed(owner, site, database):
    with database.transaction() as session:
        walkthrough(session, site["other"][0], content(id="tea", title="Tea"))

    def ask(target, **query):
        headers = {"HX-Target": target}
        return owner.client.get(f"{NEW}id", query_string=query, headers=headers)

    page = said(ask("same", title="deploy AT acme"))
    assert re.match(r"\s*There is one with this title: <a href=[^>]*>Deploy at acme</a>", page)
    assert (field(page, "own_id"), field(page, "suggested")) == ("deploy-at-acme", "deploy-at-acme")
    page = said(ask("same", title="Tea", own_id="te", suggested="te"))
    assert field(page, "own_id") == "tea"  # another organization's is not seen
    assert "There is one" not in page
    page = said(ask("same", title="Tea", own_id="mine", suggested="te"))
    assert (field(page, "own_id"), field(page, "suggested")) == (None, "tea")
    for own, words in (
        ("mine", "This id is free."),
        ("deploy", "“Deploy at acme” has this id"),
        ("Mine", "Use 2 to 63"),
    ):
        assert words in said(ask("own-id-told", title="Tea", own_id=own, suggested="tea"))
    page = said(ask("own-id-told", title="Tea", own_id="", suggested="tea"))
    assert "free" not in page
    assert '<code id="own-id-shown" hx-swap-oob="true">tea</code>' in page
    with database.transaction() as session:
        session.query(Member).filter_by(organization_id=site["acme"][0]).update({"role": "viewer"})
    assert ask("same", title="Tea").status_code == 404
