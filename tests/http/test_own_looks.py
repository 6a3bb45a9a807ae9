"""Select, status and a repeated step are answered beside the SDK: with the same bytes."""

from __future__ import annotations

import json

import pytest

from tests.http.test_own_answers import Sides, sides
from tests.step_requests import MODERN, VERSIONS, Sent

__all__ = ["sides"]
SELECT, STATUS, NEXT = "select_walkthrough", "get_walkthrough_status", "next_walkthrough_step"


def look(sides: Sides, version: str | None, way: str, name: str, **arguments: object) -> Sent:
    sent = sides.ordinary(version, way)
    sent.message["params"] |= {"name": name, "arguments": arguments}
    if version == MODERN:
        sent.header(b"mcp-name", name.encode())
    return sent


def answered(sides: Sides, sent: Sent) -> list[object]:
    """What each side answers a learner on the second step, and how they stand then."""
    sides.rewind()
    for side in range(2):
        sides.send(side, sides.ordinary(MODERN))
    return [(sides.send(side, sent), sides.stands(side)) for side in range(2)]


def test_what_shows_the_step_or_the_place_again_is_the_sdks_answer_kept(sides: Sides) -> None:
    calls = [
        (SELECT, {"walkthrough_id": sides.row}, True),
        (SELECT, {"walkthrough_id": sides.row, "resume_if_exists": "true"}, True),
        (STATUS, {"walkthrough_id": sides.row}, True),
        (STATUS, {"walkthrough_id": sides.row, "position": 2}, True),
        (STATUS, {"walkthrough_id": sides.row, "step_id": sides.first}, True),
        (STATUS, {"walkthrough_id": sides.row, "position": 3}, True),
        (NEXT, {"current_step_id": sides.first}, True),
        (STATUS, {"walkthrough_id": sides.row, "position": 9}, False),
        (STATUS, {"walkthrough_id": "elsewhere"}, False),
        (SELECT, {"walkthrough_id": sides.row, "resume_if_exists": False}, False),
        (SELECT, {"walkthrough_id": 1}, False),
        (STATUS, {"walkthrough_id": sides.row, "note": NEXT}, False),
    ]
    for version in (None, "2025-11-25", MODERN):
        for way in ("link", "bearer"):
            for name, arguments, is_kept in calls:
                sent = look(sides, version, way, name, **arguments)
                for request_id in (1, "b-2"):
                    sent.message["id"] = request_id
                    ours, theirs = answered(sides, sent)
                    assert ours == theirs, (version, way, name, arguments)
                    assert json.loads(ours[0][2])["id"] == request_id
                sides.asked.clear()
                again = sides.send(0, sent)
                assert bool(sides.asked) != is_kept, (name, arguments)
                assert again == ours[0] or not is_kept


@pytest.mark.parametrize("version", VERSIONS)
def test_an_ended_link_shows_nothing_though_the_request_names_a_step_call(sides, version):
    sent = look(sides, version, "ended", STATUS, walkthrough_id=sides.row)
    for way in ("ended", "link"):
        sent.way = way
        if version == MODERN:
            sent.message["params"]["_meta"]["someone/note"] = NEXT
        ours, theirs = answered(sides, sent)
        assert ours == theirs
        assert (NEXT.encode() in ours[0][2]) == (way == "link")
