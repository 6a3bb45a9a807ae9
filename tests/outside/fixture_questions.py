"""Tools and a prompt of the conformance fixture that ask the client something first (2026-07-28).

Each is called twice or more: the first call is answered with questions, the
next one brings the answers. Names and questions are those the suite asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ClientCapabilities,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    GetPromptRequestParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Questions:
    """What to ask, the state to carry along, and what to say when all is answered."""

    requests: dict[str, InputRequest]
    say: Callable[[Answers], str]
    state: str | None = None


def form(message: str, **fields: str) -> ElicitRequest:
    """A form whose *fields* (name to JSON type) are all required."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(text: str, max_tokens: int) -> CreateMessageRequest:
    """A question to the client's model."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


def field(answers: Answers, key: str, name: str) -> str:
    """Return what the client filled in, or a word that tells it did not."""
    answer = answers.get(key)
    if isinstance(answer, ElicitResult) and answer.action == "accept" and answer.content:
        return str(answer.content.get(name, "nothing"))
    return "nobody"


def _model_words(answers: Answers) -> str:
    answer = answers["capital_question"]
    if isinstance(answer, CreateMessageResult) and isinstance(answer.content, TextContent):
        return answer.content.text
    return "something else than text"


def _root_names(answers: Answers) -> str:
    answer = answers["client_roots"]
    roots = answer.roots if isinstance(answer, ListRootsResult) else []
    return ", ".join(str(root.uri) for root in roots) or "none"


_PREFIX = "test_input_required_result_"
_NAME = form("What is your name?", name="string")
_CONFIRM = {"confirm": form("Please confirm", ok="boolean")}

#: Tools that ask once.
QUESTIONS: dict[str, Questions] = {
    "test_streaming_elicitation": Questions({"user_name": _NAME}, lambda _: "Asked by a result."),
    f"{_PREFIX}elicitation": Questions(
        {"user_name": _NAME}, lambda answers: f"Hello, {field(answers, 'user_name', 'name')}!"
    ),
    f"{_PREFIX}sampling": Questions(
        {"capital_question": sample("What is the capital of France?", 100)},
        lambda answers: f"The model says: {_model_words(answers)}",
    ),
    f"{_PREFIX}list_roots": Questions(
        {"client_roots": ListRootsRequest()}, lambda answers: f"Roots: {_root_names(answers)}"
    ),
    f"{_PREFIX}request_state": Questions(
        _CONFIRM, lambda _: "state-ok: confirmed", state="asked-once"
    ),
    f"{_PREFIX}tampered_state": Questions(
        _CONFIRM, lambda _: "state-ok: untouched", state="sealed-by-the-server"
    ),
    f"{_PREFIX}multiple_inputs": Questions(
        {
            "user_name": _NAME,
            "greeting": sample("Generate a greeting", 50),
            "client_roots": ListRootsRequest(),
        },
        lambda answers: f"All answered, {field(answers, 'user_name', 'name')}.",
        state="asked-three-things",
    ),
}
MULTI_ROUND = f"{_PREFIX}multi_round"
CAPABILITIES = f"{_PREFIX}capabilities"
PROMPT = f"{_PREFIX}prompt"
PROMPT_QUESTION: dict[str, InputRequest] = {
    "user_context": form("What context should the prompt use?", context="string")
}


def ask(
    params: CallToolRequestParams, capabilities: ClientCapabilities | None
) -> CallToolResult | InputRequiredResult:
    """Answer a call of one of the asking tools."""
    if params.name == MULTI_ROUND:
        return _two_rounds(params)
    if params.name == CAPABILITIES:
        return _only_what_is_declared(capabilities or ClientCapabilities())
    wanted = QUESTIONS[params.name]
    if answered(params, wanted.requests) and params.request_state == wanted.state:
        return said(wanted.say(params.input_responses or {}))
    return InputRequiredResult(input_requests=wanted.requests, request_state=wanted.state)


def answered(
    params: CallToolRequestParams | GetPromptRequestParams, requests: Mapping[str, InputRequest]
) -> bool:
    """Tell whether every question has an answer; what was not asked does not matter."""
    return requests.keys() <= (params.input_responses or {}).keys()


def said(text: str) -> CallToolResult:
    """A result of one text."""
    return CallToolResult(content=[TextContent(type="text", text=text)])


def _two_rounds(params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
    known = json.loads(params.request_state or "{}")
    answers = params.input_responses or {}
    if "name" in known and "step2" in answers:
        return said(f"{known['name']} likes {field(answers, 'step2', 'color')}.")
    if known.get("asked") and "step1" in answers:
        return InputRequiredResult(
            input_requests={"step2": form("Step 2: What is your favorite color?", color="string")},
            request_state=json.dumps({"name": field(answers, "step1", "name")}),
        )
    return InputRequiredResult(
        input_requests={"step1": form("Step 1: What is your name?", name="string")},
        request_state=json.dumps({"asked": True}),
    )


def _only_what_is_declared(capabilities: ClientCapabilities) -> InputRequiredResult:
    requests: dict[str, InputRequest] = {}
    if capabilities.sampling is not None:
        requests["greeting"] = sample("Say hello", 50)
    if capabilities.elicitation is not None:
        requests["user_name"] = _NAME
    return InputRequiredResult(input_requests=requests, request_state="only-what-is-declared")
