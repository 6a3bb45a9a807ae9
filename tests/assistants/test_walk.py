"""What each assistant's model is given of a walkthrough, from its first step to its last."""

import pytest

from tests.assistants import scripts
from tests.assistants.product import introduced
from tests.assistants.stand_ins.base import StandIn
from walkthroughs.models import WalkthroughProgress

LOADED = ("list_walkthroughs", "select_walkthrough", "next_walkthrough_step")


@pytest.fixture(scope="module")
def walk(assistant, acme, tmp_path_factory):
    """The stand-in for a model that walked to the end."""
    stand_in = StandIn(
        assistant.api(), scripts.walk(acme.walkthrough_id, [step.id for step in acme.steps])
    )
    address = acme.address(f"walk.{assistant.slug}")
    assistant.run(tmp_path_factory.mktemp("walk"), address, stand_in)
    return stand_in


@pytest.fixture
def shown(walk, acme):
    """Each step with the result that showed it."""
    *results, last = walk.results_of(*scripts.STEP_TOOLS)
    assert f"finished, {len(acme.steps)} of {len(acme.steps)} steps done" in last
    return list(zip(acme.steps, results, strict=True))


def test_each_step_arrives_line_by_line_as_its_author_wrote_it(shown):
    for step, result in shown:
        lines = step.content.splitlines()
        arrived = result.splitlines()
        at = arrived.index(lines[0]) if lines[0] in arrived else 0
        assert arrived[at : at + len(lines)] == lines


def test_each_step_arrives_once(walk, shown, assistant):
    """Twice where the model gets `_meta` as well, which holds the step as JSON."""
    texts = walk.results_of(*scripts.STEP_TOOLS)
    for step, _ in shown:
        unquoted = [line for line in step.content.splitlines() if not set(line) & set('"\\<')]
        longest = max(unquoted, key=len)
        assert sum(text.count(longest) for text in texts) == 1 + assistant.passes_meta


def test_the_check_and_the_words_for_the_assistant_arrive_with_each_step(shown):
    assert any(step.agent_instructions for step, _ in shown)
    for step, result in shown:
        assert step.verify
        assert f": {step.verify}\n" in result
        assert f": {step.agent_instructions}\n" in result or not step.agent_instructions


def test_each_step_names_the_next_call(shown):
    for step, result in shown:
        assert f'call next_walkthrough_step with current_step_id "{step.id}"' in result


def test_the_rule_of_teaching_is_in_the_tools_that_the_model_has(walk, acme, assistant):
    """From the start, unless the assistant keeps back all tools until its model searches them."""
    _, announced = introduced(acme.address("anybody"))
    received = walk.turns[-1 if assistant.keeps_tools_back else 0].received

    for name in LOADED:
        tool = received.tool(name)
        assert tool, f"{name} is not loaded."
        assert announced[name].description in tool.description


def test_the_servers_instructions_are_there_before_the_first_call(walk, acme, assistant):
    instructions, _ = introduced(acme.address("anybody"))
    first = walk.turns[0].received
    told = [first.system, first.said, *(tool.namespace_description for tool in first.tools)]
    arrived = {line.strip() for text in told for line in text.splitlines()}

    assert (
        set(filter(None, instructions.splitlines())) <= arrived
    ) == assistant.passes_instructions


def test_the_learner_has_completed_the_walkthrough(walk, acme, assistant):
    with acme.database.transaction() as session:
        learner = acme.learner(session, f"walk.{assistant.slug}")
        rows = session.query(WalkthroughProgress).filter_by(mcp_server_user_id=learner)
        assert [row.status for row in rows] == ["completed"]
