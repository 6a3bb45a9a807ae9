"""Pictures that nothing names are deleted after 30 days; others never are."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.draft_room import ANN, Room
from tests.drafts import change
from tests.pictures import stored_picture
from walkthroughs.errors import DraftLocked, NotFound, PictureUsed
from walkthroughs.ids import now_ms
from walkthroughs.models import (
    AuditEvent,
    Walkthrough,
    WalkthroughDraft,
    WalkthroughImage,
    WalkthroughStep,
    WalkthroughVersion,
)
from walkthroughs.publishing import kept_copies
from walkthroughs.publishing.draft_pictures import add_picture
from walkthroughs.publishing.picture_library import delete_picture, read_library
from walkthroughs.publishing.picture_sweep import KEPT_DAYS, sweep_pictures
from walkthroughs.publishing.pictures import store_pictures

PICTURES = [stored_picture(colour) for colour in range(4)]
FOX, OWL = PICTURES[:2]
#: Everything that may name a picture.
PLACES = (
    "content", "agent_instructions", "verify", "archived", "version", "draft", "copy", "discarded",
)  # fmt: skip
NOW, DAY = 2_000_000_000_000, int(timedelta(days=1).total_seconds() * 1000)


@pytest.fixture
def room(database):
    return Room(database)


def stored(room):
    with room.database.transaction() as session:
        return {sha256 for (sha256,) in session.query(WalkthroughImage.sha256)}


def name_in(session, room, place, words, number):
    """Write *words* where *place* says, as publishing, drafts and copies would."""
    steps = session.query(WalkthroughStep).filter_by(walkthrough_id=room.row)
    if place == "archived":
        values = {"organization_id": room.org, "walkthrough_id": room.row, "title": "Old"}
        old = WalkthroughStep(
            **values, content=words, external_id=f"old{number}", archived_at=5, display_order=9
        )
        session.add(old)
    elif place == "version":
        session.add(
            WalkthroughVersion(
                organization_id=room.org, walkthrough_id=room.row, number=100 + number, level="minor",
                summary="", digest="", step_ids=[], content={"steps": [{"content": words}]},
            )
        )  # fmt: skip
    elif place == "draft":
        draft = session.get(WalkthroughDraft, room.row)
        draft.content = {"steps": [*(draft.content or {"steps": []})["steps"], {"text": words}]}
    elif place in {"copy", "discarded"}:
        content = {"text": words} if place == "copy" else {"draft": {"steps": [{"check": words}]}}
        kept_copies.keep(
            session, room.org, room.row, content, reason="conflict", author=f"{ANN}{number}",
            field="text" if place == "copy" else None,
        )  # fmt: skip
    else:
        step = steps.filter_by(archived_at=None).first()
        setattr(step, place, f"{getattr(step, place) or ''}\n\n{words}")


def reset(session, room):
    session.query(WalkthroughImage).delete()
    session.query(WalkthroughVersion).filter(WalkthroughVersion.number >= 100).delete()
    session.query(WalkthroughStep).filter_by(archived_at=5).delete()
    session.query(kept_copies.KeptCopy).delete()
    session.query(WalkthroughDraft).delete()
    session.add(
        WalkthroughDraft(
            organization_id=room.org, walkthrough_id=room.row, base_version=1, revision=1,
            updated_by=ANN,
        )
    )  # fmt: skip
    plain = {"content": "Do it.", "agent_instructions": None, "verify": None}
    session.query(WalkthroughStep).update(plain)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, *PLACES]), st.integers(0, 2 * KEPT_DAYS)),
        min_size=len(PICTURES),
        max_size=len(PICTURES),
    )
)
def test_exactly_the_old_pictures_that_nothing_names_are_deleted(room, drawn):
    with room.database.transaction() as session:
        reset(session, room)
        store_pictures(session, room.org, room.row, PICTURES)
        for number, (picture, (place, days)) in enumerate(zip(PICTURES, drawn, strict=True)):
            session.query(WalkthroughImage).filter_by(sha256=picture.sha256).update(
                {"created_at": NOW - days * DAY - 1}
            )
            if place:
                name_in(session, room, place, f"See ![it](i/{picture.name}).", number)
    expected = {
        picture.sha256
        for picture, (place, days) in zip(PICTURES, drawn, strict=True)
        if place or days < KEPT_DAYS
    }

    assert sweep_pictures(room.database, NOW) == len(PICTURES) - len(expected)
    assert stored(room) == expected


def test_a_walkthrough_that_is_being_written_is_left_for_the_next_time(room):
    with room.database.transaction() as session:
        store_pictures(session, room.org, room.row, [FOX])
        session.query(WalkthroughImage).update({"created_at": 5})
    with room.database.transaction() as session:
        session.query(Walkthrough).with_for_update(key_share=True).all()
        assert sweep_pictures(room.database, NOW) == 0
    assert sweep_pictures(room.database, NOW) == 1


def test_a_picture_that_is_stored_again_counts_as_new(room):
    room.call(add_picture, FOX)
    with room.database.transaction() as session:
        session.query(WalkthroughImage).update({"created_at": 5})
    room.call(add_picture, FOX)
    assert sweep_pictures(room.database, now_ms() + DAY) == 0
    assert stored(room) == {FOX.sha256}


def test_a_picture_is_deleted_once_no_text_names_it_and_the_audit_says_so(room):
    for picture in (FOX, OWL):
        room.call(add_picture, picture)
    room.save(ANN, change("one", f"![A fox](i/{FOX.name})", "Do one."))
    with pytest.raises(PictureUsed, match=r"“One” \(the draft\)"):
        room.call(delete_picture, FOX.name)
    room.call(delete_picture, OWL.name)
    with pytest.raises(NotFound):
        room.call(delete_picture, OWL.name)
    assert stored(room) == {FOX.sha256}
    with room.database.transaction() as session:
        assert "picture.remove" in [event.verb for event in session.query(AuditEvent)]
        (shown,) = read_library(session, room.read())
    assert (shown.name, shown.alt, shown.bytes) == (FOX.name, "A fox", len(FOX.data))
    assert [(use.where, use.step) for use in shown.uses] == [("the draft", "one")]


def test_a_picture_of_an_earlier_version_is_kept_and_what_git_manages_is_not_touched(room):
    room.call(add_picture, FOX)
    with room.database.transaction() as session:
        name_in(session, room, "version", f"![A fox](i/{FOX.name})", 7)
    with pytest.raises(PictureUsed, match="version 107"):
        room.call(delete_picture, FOX.name)
    room.adopt()
    with pytest.raises(DraftLocked):
        room.call(delete_picture, FOX.name)
