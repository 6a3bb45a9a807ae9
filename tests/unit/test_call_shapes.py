"""A call that is written like an earlier one is read as if there had been no earlier one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from walkthroughs.mcp_server import call_shapes
from walkthroughs.mcp_server.call_shapes import CallShapes
from walkthroughs.mcp_server.step_call import read_known_call

HEADERS = {b"content-type": b"application/json", b"accept": b"application/json"}
STEP, SELECT = "next_walkthrough_step", "select_walkthrough"
#: The id is <A>, the id of the step or of the walkthrough is <S>, one more value is <T>.
TEMPLATES = (
    '{"jsonrpc": "2.0", "id": <A>, "method": "tools/call", "params": {"name": "STEP",'
    ' "arguments": {"current_step_id": <S>}}}',
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>},'
    '"_meta":{"progressToken":<T>}},"jsonrpc":"2.0","id":<A>}',
    '{"method":"tools/call","params":{"name":"SELECT","arguments":{"walkthrough_id":<S>},'
    '"_meta":{"progressToken":1,"x":{"progressToken":<T>}}},"jsonrpc":"2.0","id":<A>}',
    # The names of ids where they are not those of the request and of the argument.
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>},'
    '"_meta":{"id":<T>}},"jsonrpc":"2.0","id" : <A>}',
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>},'
    '"_meta":{"id":<T>}},"jsonrpc":"2.0","id":<A>}',
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>},'
    '"_meta":{"id":<A>}},"jsonrpc":"2.0","\\u0069d":<T>}',
    '{"method":"tools/call","params":{"name":"SELECT","arguments":{"walkthrough_id":<S>,'
    '"current_step_id":<T>}},"jsonrpc":"2.0","id":<A>}',
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>,'
    '"current_step_id":<T>}},"jsonrpc":"2.0","id":<A>}',
    '{"id":<T>,"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>}},'
    '"jsonrpc":"2.0","id":<A>}',
    '{"method":"tools/call","params":{"name":"STEP","arguments":{"current_step_id":<S>},'
    '"_meta":{"x":"\\"id\\":<A>,"}},"jsonrpc":"2.0","id":<T>}',
)
VALUES = st.sampled_from(
    ["5", "7", "-3", "0", "-0", "05", "5.0", "1e3", "123456789012345", "1234567890123456", "null",
     '"5"', '"a"', '"ws_1"', '"a b"', '"é"', '"a\\u0062"', '"' + "a" * 81 + '"', '""', "true", "[1]", "{}"]
)  # fmt: skip
USUAL = st.sampled_from(["5", "7", '"a"', '"ws_1"', '"5"'])


def body(template: str, *values: str) -> bytes:
    """The template with its values."""
    text = template.replace("STEP", STEP).replace("SELECT", SELECT)
    for name, value in zip(("<A>", "<S>", "<T>"), values, strict=True):
        text = text.replace(name, value)
    return text.encode()


@given(
    template=st.sampled_from(TEMPLATES),
    calls=st.lists(
        st.tuples(VALUES | USUAL, VALUES | USUAL, VALUES | USUAL), min_size=2, max_size=5
    ),
)
@example(TEMPLATES[0], [("5", '"ws_1"', "0"), ("7", '"ws_2"', "0"), ('"x"', '"w.1"', "0")])
@example(TEMPLATES[1], [("5", '"ws_1"', "5"), ("7", '"ws_2"', '"t"'), ("-0", '"ws_2"', "9")])
@example(TEMPLATES[3], [("5", '"ws_1"', "5"), ("5", '"ws_1"', "6")])
@example(TEMPLATES[5], [("5", '"ws_1"', "5"), ("6", '"ws_1"', "5")])
@example(TEMPLATES[7], [("5", '"a"', '"a"'), ("5", '"a"', '"b"')])
def test_ids_are_read_as_in_a_first_call_wherever_their_names_stand(template, calls):
    shapes = CallShapes()
    for values in calls:
        sent = body(template, *values)
        assert shapes.read(sent, HEADERS, 2) == read_known_call(sent, HEADERS, 2)
        assert shapes.read(sent, HEADERS, 3) is None  # a header is there twice
        other = HEADERS | {b"mcp-protocol-version": b"2099-01-01"}
        assert shapes.read(sent, other, 3) is None


def test_a_second_call_of_a_shape_is_not_judged_again_and_few_shapes_are_kept(monkeypatch):
    judged = []

    def judge(*given):
        judged.append(given)
        return read_known_call(*given)

    monkeypatch.setattr(call_shapes, "read_known_call", judge)
    shapes = CallShapes()
    for number in range(1, 9):
        sent = body(TEMPLATES[1], str(number), f'"ws_{number}"', str(number))
        known = shapes.read(sent, HEADERS, 2)
        assert known.request_id == str(number).encode()
        assert known.arguments == {"current_step_id": f"ws_{number}"}
    assert len(judged) == 1
    monkeypatch.setattr(call_shapes, "_MAX_SHAPES", 3)
    for number in range(20):
        sent = body(TEMPLATES[2], "1", '"w"', "1").replace(b'"x"', b'"x%d"' % number)
        assert shapes.read(sent, HEADERS, 2).tool == SELECT
        assert len(shapes._known) <= 3
