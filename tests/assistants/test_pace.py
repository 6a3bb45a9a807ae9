"""An assistant that does not wait is held back, reads why, and cannot run ahead of the learner."""

import re

import pytest

from tests.assistants import scripts
from tests.assistants.conftest import PACE_SECONDS
from tests.assistants.product import answers
from tests.assistants.stand_ins.base import StandIn


@pytest.fixture(scope="module")
def hurry(assistant, acme, tmp_path_factory):
    """The stand-in for a model that called next as fast as it could, to the end."""
    script = scripts.hurry(acme.walkthrough_id, alternating=assistant.ends_on_equal_calls)
    stand_in = StandIn(assistant.api(), script)
    address = acme.address(f"hurry.{assistant.slug}", "paced")
    assistant.run(tmp_path_factory.mktemp("hurry"), address, stand_in)
    return stand_in


@pytest.fixture(scope="module")
def refusal(acme):
    """What the product answers to a call of next made at once, at the first step."""
    at_once = (scripts.begin(acme.walkthrough_id), scripts.complete(acme.steps[0].id))
    _, refused = answers(acme.address("hurry.client", "paced"), *at_once)
    return refused


def test_the_assistant_reads_why_a_call_made_at_once_is_held_back(hurry, refusal):
    first = hurry.results_of("next_walkthrough_step")[0]

    assert without_seconds(refusal) in without_seconds(first)


def test_every_refusal_says_what_to_do(hurry, acme, refusal):
    refusals = [text for text in hurry.results_of("next_walkthrough_step") if is_refusal(text)]

    assert len(refusals) >= len(acme.steps)
    for text in refusals:
        (step,) = [step for step in acme.steps if step.id in text]
        expected = refusal.splitlines()[-1].replace(acme.steps[0].id, step.id)
        assert without_seconds(expected) in without_seconds(text)


def test_each_step_takes_its_time(hurry, acme, assistant, findings):
    """The learner sees a step after the model called for it, and has done it before the answer."""
    shown = [first_turn_with(hurry, step.content) for step in acme.steps]
    ends = [*shown[1:], len(hurry.turns) - 1]
    seconds = [
        hurry.turns[end].at - hurry.turns[start - 1].at
        for start, end in zip(shown, ends, strict=True)
    ]

    assert min(seconds) >= PACE_SECONDS
    results = hurry.results_of("next_walkthrough_step")
    refused = sum(map(is_refusal, results))
    findings.note(assistant, hurried=f"{refused} of {len(results)}", per_step=min(seconds))


def is_refusal(text):
    return "Nothing moved" in text


def without_seconds(text):
    return re.sub(r"\d+ seconds?", "n seconds", text)


def first_turn_with(stand_in, content):
    return next(
        number
        for number, turn in enumerate(stand_in.turns)
        if any(content in result.text for result in turn.received.results)
    )
