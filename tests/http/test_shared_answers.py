"""What all callers of a server are answered alike is the SDK's answer, to the byte."""

from __future__ import annotations

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.http.test_own_answers import Sides, sides
from tests.step_requests import MODERN, VERSIONS, Sent, changed, requests
from walkthroughs.mcp_server.step_call import STEP_TOOL

__all__ = ["sides"]
INFO = {"name": "a client", "version": "1"}
METHODS = ("initialize", "notifications/initialized", "ping", "tools/list", "server/discover")


def opening(sides: Sides, method: str, version: str | None, way: str) -> Sent:
    sent = sides.ordinary(version, way)
    params = {key: value for key, value in sent.message["params"].items() if key == "_meta"}
    if method == "initialize":
        asked = {"protocolVersion": version or "2025-06-18", "capabilities": {}}
        params |= {**asked, "clientInfo": INFO}
    sent.message |= {"method": method, "params": params}
    if method.startswith("notifications/"):
        del sent.message["id"]
    if version == MODERN:
        sent.header(b"mcp-method", method.encode())
        sent.header(b"mcp-name", None)
    return sent


def test_who_connects_is_answered_as_the_sdk_answered_another_one(sides: Sides) -> None:
    kept = set()
    for method in METHODS:
        for version in VERSIONS:
            first = opening(sides, method, version, "link")
            answers = [sides.send(side, first) for side in (0, 0, 1)]
            for way in ("link", "bearer", "nobody"):
                sides.asked.clear()
                sent = opening(sides, method, version, way)
                answers.append(sides.send(0, sent))
                if not sides.asked:
                    kept.add((method, version == MODERN))
            assert answers == [answers[0]] * len(answers), (method, version)
            assert answers[0][0] in (200, 202, 400, 404), (method, version)
    assert kept == {
        ("initialize", False),
        ("notifications/initialized", False),
        ("notifications/initialized", True),
        ("ping", False),
        ("tools/list", False),
        ("tools/list", True),
        ("server/discover", True),
    }
    for reader in (b"openai-mcp/1.0", b"other"):  # one is told of the sign-in in the tools
        sent = opening(sides, "tools/list", "2025-11-25", "nobody")
        sent.header(b"user-agent", reader)
        ours, theirs = sides.send(0, sent), sides.send(1, sent)
        assert ours == theirs == sides.send(0, sent)
        assert (b"securitySchemes" in ours[2]) == (reader != b"other")
    ended = opening(sides, "initialize", "2025-11-25", "ended")
    assert sides.send(0, ended)[0] == 404
    ended.message["params"]["clientInfo"] = INFO | {"title": STEP_TOOL}
    assert sides.send(0, ended) == sides.send(1, ended)


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=requests(), method=st.sampled_from(METHODS))
def test_whatever_is_sent_first_and_again_the_answers_are_the_sdks(sides, drawn, method):
    version, way, changes = drawn
    sent = opening(sides, method, version, way)
    for change in changes:
        changed(sent, change)
    assert sides.send(0, sent) == sides.send(0, sent) == sides.send(1, sent)
