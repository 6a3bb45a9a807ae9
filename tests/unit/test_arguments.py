"""What assistants send for "not given" and for booleans is understood; the rest is named."""

import json

import pytest

from walkthroughs.mcp_server import tools
from walkthroughs.mcp_server.arguments import (
    ArgumentsInvalid,
    GetWalkthroughStatus,
    ListWalkthroughs,
    NextWalkthroughStep,
    ResetWalkthroughProgress,
    SelectWalkthrough,
    parse_arguments,
)

ONE = {"walkthrough_id": "wt_1"}


@pytest.mark.parametrize("nothing", [{}, {"current_step_id": None}, {"current_step_id": ""}, None])
def test_null_and_an_empty_id_stand_for_not_given(nothing):
    assert parse_arguments(NextWalkthroughStep, "next", nothing).current_step_id is None


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (None, True),
        ("true", True),
        ("False", False),
        ("FALSE", False),
        (False, False),
        (True, True),
    ],
)
def test_a_boolean_may_be_a_word_or_null(sent, meant):
    given = ONE | {"resume_if_exists": sent}
    assert parse_arguments(SelectWalkthrough, "select", given).resume_if_exists is meant


@pytest.mark.parametrize(
    ("model", "given", "names"),
    [
        (SelectWalkthrough, ONE | {"resume_if_exists": "no"}, "resume_if_exists"),
        (SelectWalkthrough, ONE | {"resume_if_exists": 1}, "resume_if_exists"),
        (SelectWalkthrough, {"walkthrough_id": ""}, "walkthrough_id"),
        (SelectWalkthrough, {"walkthrough_id": None}, "walkthrough_id"),
        (NextWalkthroughStep, {"current_step_id": "ws 1"}, "current_step_id"),
        (NextWalkthroughStep, {"current_step_id": ["ws_1"]}, "current_step_id"),
        (NextWalkthroughStep, {"step": None}, "step"),
        (ResetWalkthroughProgress, ONE | {"confirm": None}, "confirm"),
        (ResetWalkthroughProgress, ONE | {"confirm": "yes"}, "confirm"),
        (ListWalkthroughs, {"query": "x" * 10_000}, "query"),
        (ListWalkthroughs, {"page": 0}, "page"),
        (ListWalkthroughs, {"page": 10**30}, "page"),
        (GetWalkthroughStatus, ONE | {"position": "two"}, "position"),
    ],
)
def test_anything_else_is_named_with_what_fits(model, given, names):
    with pytest.raises(ArgumentsInvalid, match=f'"{names}": .*It takes .*call again') as raised:
        parse_arguments(model, "the tool", given)
    assert len(str(raised.value)) < 400


def test_schemas_are_what_every_client_keeps():
    for tool in tools.tool_definitions():
        schema = tool.input_schema
        assert "anyOf" not in json.dumps(schema)
        assert '"null"' not in json.dumps(schema)
        assert schema["required"] == [
            name for name in schema["properties"] if name in {"walkthrough_id", "confirm"}
        ]
        for name, field in schema["properties"].items():
            assert field["description"], name
            assert field["type"] in {"string", "boolean", "integer"}, name
