"""A reset that the learner did not confirm asks, and deletes nothing."""

from tests.assistants import scripts
from tests.assistants.product import answers, introduced
from tests.assistants.stand_ins.base import Call, StandIn
from walkthroughs.models import WalkthroughProgress


def test_a_reset_without_confirmation_asks_and_deletes_nothing(assistant, acme, tmp_path):
    calls = (
        scripts.begin(acme.walkthrough_id),
        scripts.complete(acme.steps[0].id),
        Call(
            "reset_walkthrough_progress",
            {"walkthrough_id": acme.walkthrough_id, "confirm": False},
        ),
    )
    stand_in = StandIn(assistant.api(), scripts.in_turn(*calls))
    assistant.run(tmp_path, acme.address(f"reset.{assistant.slug}"), stand_in)

    *_, asked = answers(acme.address(f"reset.client.{assistant.slug}"), *calls)
    assert asked in stand_in.results_of("reset_walkthrough_progress")[0]
    with acme.database.transaction() as session:
        learner = acme.learner(session, f"reset.{assistant.slug}")
        (row,) = session.query(WalkthroughProgress).filter_by(mcp_server_user_id=learner)
        assert row.completed_steps == [acme.steps[0].id]


def test_the_model_is_told_that_a_reset_deletes(assistant, acme, tmp_path):
    call = Call(
        "reset_walkthrough_progress", {"walkthrough_id": acme.walkthrough_id, "confirm": False}
    )
    stand_in = StandIn(assistant.api(), scripts.in_turn(call))
    assistant.run(tmp_path, acme.address("told"), stand_in)

    _, announced = introduced(acme.address("anybody"))
    tool = stand_in.last.tool("reset_walkthrough_progress")
    assert announced["reset_walkthrough_progress"].description in tool.description
