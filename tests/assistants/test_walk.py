"""What each assistant's model is given of a walkthrough, from its first step to its last."""

import pytest

from tests.assistants import scripts
from tests.assistants.stand_ins import StandIn


@pytest.fixture(scope="module")
def received(assistant, acme, tmp_path_factory):
    """The whole conversation of a walk to the end."""
    script = scripts.walk(acme.walkthrough_id, [step.id for step in acme.steps])
    stand_in = StandIn(assistant.api(), script)
    address = acme.address(f"walk-{assistant.package.rpartition('/')[2]}")
    assistant.run(tmp_path_factory.mktemp("walk"), address, stand_in)
    return stand_in.last


def test_each_step_arrives_line_by_line_as_its_author_wrote_it(received, acme):
    shown = received.results_of(*scripts.STEP_TOOLS)

    for step, text in zip(acme.steps, shown, strict=False):
        missing = set(step.content.splitlines()) - set(text.splitlines())
        assert not missing, text
