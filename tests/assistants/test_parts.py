"""What of a server and of a result reaches each assistant's model, whoever made the server."""

import pytest

from tests.assistants import measuring, probe, scripts
from tests.assistants.stand_ins.base import StandIn

#: The longest step that `flask content lint` does not warn of.
_KIB = 8


@pytest.fixture(scope="module")
def probed(assistant, tmp_path_factory):
    """The stand-in for a model that called all of the probe's tools."""
    stand_in = StandIn(assistant.api(), scripts.in_turn(*measuring.CALLS))
    with probe.serve_probe() as address:
        assistant.run(tmp_path_factory.mktemp("probe"), address, stand_in)
    return stand_in


def test_a_text_alone_arrives_unchanged(probed):
    (result,) = probed.results_of("answer_text")
    assert probe.PLAIN_TEXT in result


def test_the_meta_of_a_result_reaches_a_model_only_where_it_is_known_to(probed, assistant):
    """Of a result that is no error: ours have no `_meta` then, since Gemini CLI passes all of it."""
    results = probed.results_of("answer_text", "answer_both", "answer_long")
    assert any(probe.META in result for result in results) == assistant.passes_meta


def test_the_text_of_an_error_arrives(probed):
    assert probe.ERROR in probed.results_of("answer_error")[0]


def test_descriptions_arrive_whole(probed):
    tools = [probed.last.tool(name) for name in ("answer_text", "answer_error")]
    assert all(probe.DESCRIPTION in tool.description for tool in tools)


def test_a_step_that_lint_does_not_warn_of_arrives_whole(probed):
    assert measuring.whole_up_to(probed) >= _KIB


def test_what_becomes_of_each_part_is_noted(probed, assistant, findings):
    findings.note(
        assistant,
        parts=measuring.parts(probed),
        frame=measuring.frame(probed),
        error=measuring.frame_of_error(probed),
        instructions=measuring.place_of_instructions(probed.last),
        marked=measuring.how_given(probed, "answer_text"),
        unmarked=measuring.how_given(probed, "answer_unmarked"),
        hints=measuring.hints(probed.last),
        lost=measuring.lost_of_schemas(probed.last),
        whole=measuring.whole_up_to(probed),
        cut=measuring.left_of_the_longest(probed, "answer_long"),
        cut_unmarked=measuring.left_of_the_longest(probed, "answer_unmarked"),
        later=measuring.changed_later(probed),
    )
