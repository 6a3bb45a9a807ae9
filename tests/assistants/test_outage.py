"""While the database refuses connections each assistant reads our words, and goes on afterwards."""

from contextlib import ExitStack

from tests.assistants import scripts
from tests.assistants.stand_ins.base import StandIn
from tests.refusing import connections_refused
from walkthroughs.mcp_server.texts import UNAVAILABLE

_AT_MOST_SECONDS = 2.0


def test_our_words_arrive_soon_and_the_same_session_goes_on(
    assistant, acme, postgres, tmp_path, findings
):
    with ExitStack() as outage:
        stand_in = StandIn(assistant.api(), script(acme, postgres, outage))
        assistant.run(tmp_path, acme.address(f"outage.{assistant.slug}"), stand_in)

    _, before, after = stand_in.turns[:3]
    begun, refused, gone_on = stand_in.results_of(*scripts.STEP_TOOLS)
    assert acme.steps[0].content in begun
    assert UNAVAILABLE in refused
    assert acme.steps[1].content in gone_on
    findings.note(assistant, outage=after.at - before.at)
    assert after.at - before.at < _AT_MOST_SECONDS


def script(acme, postgres, outage):
    """Begin; complete the first step while the database refuses, and again when it is back."""

    def decide(received):
        done = len(received.results)
        if done == 1:
            outage.enter_context(connections_refused(postgres))
        if done == 2:
            outage.close()
        if done == 0:
            return scripts.begin(acme.walkthrough_id)
        return scripts.complete(acme.steps[0].id) if done < 3 else "That is all."

    return decide
