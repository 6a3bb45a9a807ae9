"""Codex refuses tools that say they are destructive, unless its sandbox is switched off."""

import pytest

from tests.assistants import scripts
from tests.assistants.clients import Codex
from tests.assistants.stand_ins.base import Call, StandIn


class CodexInItsSandbox(Codex):
    """Codex as it comes, with nobody there to approve a call."""

    def arguments(self, home):
        return [each for each in super().arguments(home) if "dangerously" not in each]


@pytest.fixture
def codex():
    if Codex().program() is None:
        pytest.skip("Codex CLI has no build for this processor.")
    return CodexInItsSandbox()


def test_codex_lets_a_learner_learn_in_its_sandbox_but_not_reset(codex, acme, tmp_path):
    walkthrough = {"walkthrough_id": acme.walkthrough_id}
    stand_in = StandIn(
        codex.api(),
        scripts.in_turn(
            Call("list_walkthroughs"),
            scripts.begin(acme.walkthrough_id),
            scripts.complete(acme.steps[0].id),
            Call("get_walkthrough_status", walkthrough),
            Call("reset_walkthrough_progress", {**walkthrough, "confirm": True}),
        ),
    )
    codex.run(tmp_path, acme.address("sandbox"), stand_in)

    listed, begun, next_step, status, reset = (result.text for result in stand_in.results)
    assert acme.walkthrough_id in listed
    assert acme.steps[0].content in begun
    assert acme.steps[1].content in next_step
    assert acme.steps[1].id in status
    assert "requires approval" in reset
