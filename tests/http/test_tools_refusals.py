"""What the tools say to a call that cannot be carried out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import content, new_course
from tests.serving import ServedServer, view_of
from tests.talking import call, text


@pytest.mark.behaviour("B9")
def test_anonymous_callers_may_list_and_are_told_how_to_go_on(course_server: ServedServer) -> None:
    listed = view_of(call(course_server.anonymous, "list_walkthroughs"))["walkthroughs"]
    result = call(
        course_server.anonymous, "select_walkthrough", walkthrough_id=course_server.walkthrough_id
    )

    assert [card["status"] for card in listed] == [None]
    assert result.is_error
    assert "personal link" in text(result)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("select_walkthrough", {}, '"walkthrough_id": Field required'),
        ("select_walkthrough", {"walkthrough_id": 7}, '"walkthrough_id"'),
        ("select_walkthrough", {"walkthrough_id": ""}, '"walkthrough_id"'),
        ("select_walkthrough", {"walkthrough_id": "wt_nowhere"}, "Call list_walkthroughs"),
        ("select_walkthrough", {"walkthrough_id": "x", "resume": True}, '"resume"'),
        ("next_walkthrough_step", {}, "no walkthrough is in progress"),
        ("next_walkthrough_step", {"current_step_id": "ws_nowhere"}, "select_walkthrough"),
        ("next_walkthrough_step", {"current_step_id": "\u0000'; --"}, '"current_step_id"'),
        ("get_walkthrough_status", {"walkthrough_id": "wt_nowhere"}, "Call list_walkthroughs"),
        ("reset_walkthrough_progress", {"walkthrough_id": "x"}, '"confirm"'),
        (
            "reset_walkthrough_progress",
            {"walkthrough_id": "wt_nowhere", "confirm": True},
            "Call list_walkthroughs",
        ),
    ],
)
@pytest.mark.behaviour("B7")
def test_a_bad_call_is_told_what_to_do(
    course_server: ServedServer, name: str, arguments: Any, says: str
) -> None:
    result = call(course_server.address, name, **arguments)

    assert result.is_error
    assert says in text(result)


@pytest.mark.behaviour("B12")
def test_reset_asks_before_it_forgets(course_server: ServedServer) -> None:
    wanted = {"walkthrough_id": course_server.walkthrough_id}
    call(course_server.address, "select_walkthrough", **wanted)
    asked = call(course_server.address, "reset_walkthrough_progress", **wanted, confirm=False)
    kept = call(course_server.address, "get_walkthrough_status", **wanted)
    done = call(course_server.address, "reset_walkthrough_progress", **wanted, confirm=True)
    gone = call(course_server.address, "get_walkthrough_status", **wanted)

    assert view_of(asked) == {"reset": False}
    assert kept.structured_content["status"] == "in_progress"
    assert view_of(done) == {"reset": True}
    assert gone.structured_content["status"] == "not_started"


@pytest.mark.behaviour("B6")
def test_equal_names_in_two_organizations_never_meet(course_server: ServedServer) -> None:
    database = course_server.database
    with database.transaction() as session:
        caller, row = new_course(session, content("alpha", "beta"), slug="other")
    other = ServedServer(course_server.origin, database, "other", caller, row)
    own = call(
        course_server.address, "select_walkthrough", walkthrough_id=course_server.walkthrough_id
    )
    step_id = view_of(own)["step"]["id"]
    foreign = {"walkthrough_id": course_server.walkthrough_id}
    unknown = {"walkthrough_id": "wt_nowhere"}

    def said(name: str, arguments: dict[str, Any]) -> str:
        result = call(other.address, name, **arguments)
        assert result.is_error
        return text(result)

    for name, extra in (
        ("select_walkthrough", {}),
        ("get_walkthrough_status", {}),
        ("reset_walkthrough_progress", {"confirm": True}),
    ):
        answers = said(name, foreign | extra), said(name, unknown | extra)
        assert answers[0].replace(course_server.walkthrough_id, "wt_nowhere") == answers[1]
    assert said("next_walkthrough_step", {"current_step_id": step_id}).replace(
        step_id, "ws_nowhere"
    ) == said("next_walkthrough_step", {"current_step_id": "ws_nowhere"})
    listed = view_of(call(other.address, "list_walkthroughs"))["walkthroughs"]
    assert [card["id"] for card in listed] == [row]
    mine = call(course_server.address, "get_walkthrough_status", **foreign).structured_content
    assert (mine["status"], mine["percent"]) == ("in_progress", 0)
