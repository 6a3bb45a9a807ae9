"""Which records of moved steps are followed, and which are passed over."""

from sqlalchemy import text

from tests.moving_source import MovingSource, synced

__all__ = ["synced"]


def test_with_a_raised_revision_the_step_is_asked_for_again(synced):
    again = ("a1", "revision: 2\n", "Do it anew.")
    synced.edit(aa=(["a2", "a3"],), bb=([again, "b1"], ("aa/a1", "a1")))

    assert synced.done("bb") == []


def test_a_completion_of_an_older_revision_does_not_count_after_a_move(synced):
    again = ("a1", "revision: 2\n", "Do it anew.")
    synced.edit(aa=([again, "a2", "a3"],))
    synced.edit(aa=(["a2", "a3"],), bb=([again, "b1"], ("aa/a1", "a1")))
    assert synced.done("bb") == []
    synced.edit(bb=(["b1", "b2"],), cc=([again, "c1"], ("bb/a1", "a1")))
    assert synced.done("cc") == []
    synced.complete("cc", "A1")
    assert synced.done("cc") == ["A1"]


def test_a_revision_raised_after_the_move_is_asked_for_and_its_revert_is_done_again(synced):
    record = ("aa/a1", "a1")
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], record))
    synced.edit(bb=([("a1", "revision: 2\n", "Do it anew."), "b1"], record))
    assert synced.done("bb") == []
    synced.edit(bb=(["a1", "b1"], record))

    assert synced.done("bb") == ["A1"]


def test_an_old_id_that_another_step_takes_over_gives_nothing_away(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["y1", "b1"], ("aa/a1", "y1")))
    synced.reset("bb")
    synced.complete("aa", "A2")
    synced.edit(aa=(["a1", "a3"], ("a2", "a1")))
    synced.edit(bb=(["b1", "y1"], ("aa/a1", "y1")))

    assert synced.done("aa") == ["A1"]
    assert synced.done("bb") == []


def test_a_record_of_a_step_that_never_was_is_passed_over(synced):
    run = synced.edit(
        bb=(["b1", "b2", "b3"], ("aa/nothing", "b3"), ("nowhere/b1", "b2"), ("aa/a1", "gone"))
    )

    assert run.plan.problems == ()
    assert synced.done("bb") == []


def test_two_new_walkthroughs_with_an_old_record_have_nothing_to_follow(synced):
    run = synced.edit(cc=(["c1"],), dd=(["d1"], ("cc/d1", "d1")))

    assert run.plan.problems == ()
    assert synced.done("dd") == []


def test_another_source_gives_nothing(synced, settings, tmp_path):
    other = MovingSource(synced.database, settings, tmp_path / "other", slug="other")
    other.slug = "other"
    other.edit(bb=(["a1", "b1"], ("aa/a1", "a1")))
    other.author.repository.close()

    assert other.done("bb") == []


def test_another_learner_gets_nothing(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    with synced.database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO mcp_server_user (id, organization_id, email, created_at)"
                " SELECT 'msu_2', organization_id, 'second@x.example', 0 FROM mcp_server_user"
            )
        )
    synced.caller = type(synced.caller)(
        synced.caller.organization_id, synced.caller.server_id, "msu_2"
    )

    assert synced.done("bb") == []
    assert synced.open("bb").step.title == "A1"
