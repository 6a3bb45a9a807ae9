"""A step as one text: written, taken apart, and refused where it would not come back the same."""

import re

from tests.dashboard import app, owner, said, site
from tests.http.test_editor_page import draft, edit, form_of, page_of, second

__all__ = ["app", "owner", "second", "site"]

WHOLE = "Boil it.\n\n:::{agent}\nWarn.\n:::\n\n:::{verify}\nIt bubbles.\n:::\n"


def form(visitor, row):
    answer = visitor.get(page_of(row, "file/?step=one"))
    text = re.search(r'<textarea id="whole"[^>]*>\n(.*?)</textarea>', said(answer), re.S)[1]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', said(answer)))
    return fields | {"whole": text}


def send(visitor, row, fields, whole):
    data = fields | {"whole": whole.replace("\n", "\r\n")}
    return visitor.client.post(page_of(row, "file/?step=one"), data=data)


def test_a_step_is_written_as_one_text_and_each_part_goes_to_its_field(owner, site, database):
    row = site["acme"][2]
    fields = form(owner, row)
    assert fields["whole"].strip() == "Do one."
    answer = send(owner, row, fields, WHOLE)
    assert answer.status_code == 303, said(answer)
    first = draft(database, site).steps[0]
    assert (first.text, first.assistant, first.check) == ("Boil it.", "Warn.", "It bubbles.")
    again = form(owner, row)
    assert again["whole"] == WHOLE
    revision = draft(database, site).revision
    send(owner, row, again, WHOLE)
    assert draft(database, site).steps[0] == first
    send(owner, row, form(owner, row), "Boil it.\n")
    first = draft(database, site).steps[0]
    assert (first.text, first.assistant, first.check) == ("Boil it.", "", "")
    assert draft(database, site).revision > revision


def test_what_somebody_else_wrote_meanwhile_is_shown_and_not_lost(owner, second, site, database):
    row = site["acme"][2]
    fields = form(owner, row)
    edit(second, row, "one", **{"step-text": "Theirs."})
    met = send(owner, row, fields, WHOLE)
    assert met.status_code == 409
    assert "owner@other.example changed a text meanwhile" in said(met)
    assert "Warn." in said(met)
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', said(met)))
    assert send(owner, row, again, WHOLE).status_code == 303
    assert draft(database, site).steps[0].text == "Boil it."


def test_a_step_with_a_block_that_is_not_closed_stays_in_its_fields(owner, site):
    row = site["acme"][2]
    edit(owner, row, "one", **{"step-text": "```\nopen", "step-assistant": "Warn."})
    shown = said(owner.get(page_of(row, "file/?step=one")))
    assert "cannot be shown as one file" in shown
    assert "<textarea" not in shown
    assert "All as one file" in said(owner.get(page_of(row, "?step=one")))
    assert form_of(owner.get(page_of(row, "?step=one")), page_of(row, "save"))
