"""Plans that wait for an approval, sources that are held, and ways back."""

import pytest

from sync.git.errors import CommitUnknown, ContentInvalid, SourceInvalid
from sync.runs import PlanChanged
from sync.status_report import as_text
from sync.worker import check_source
from walkthroughs.enums import OnRewrite
from walkthroughs.ids import now_ms


def test_a_plan_that_archives_what_somebody_follows_waits_for_agreement_to_that_very_plan(synced):
    synced.select()
    synced.drop("deploy")
    waits = synced.sync()
    assert waits.outcome == "waiting"
    assert "1 learner was active" in waits.plan.approval_reasons[0]
    assert waits.plan.impact == (
        "1 learner is in the middle of 'deploy', which goes away; their progress is kept",
    )
    assert synced.row().archived_at is None
    assert synced.source().synced_commit != waits.plan.commit

    synced.author.write("solo", "duo", name="other")
    synced.author.commit()
    with pytest.raises(PlanChanged):
        synced.run(approved_fingerprint=waits.plan.fingerprint)
    assert synced.row().archived_at is None

    now = synced.plan()
    assert synced.run(approved_fingerprint=now.fingerprint).outcome == "applied"
    assert synced.row().archived_at is not None
    assert synced.source().awaiting_approval is None


def test_a_waiting_plan_is_looked_at_again_only_when_something_changes(synced):
    synced.select()
    synced.drop("deploy")
    synced.author.commit()
    for _ in range(3):
        check_source(synced.database, synced.settings, synced.source_id)

    assert [run.outcome for run in synced.runs()] == ["applied", "waiting"]
    assert "approve with: flask sync apply content --approve" in as_text(synced.status(), "content")


@pytest.mark.parametrize(
    ("policy", "outcome"), [("warn", "applied"), ("approve", "waiting"), ("refuse", None)]
)
def test_a_rewritten_branch_is_treated_as_the_source_says(synced, policy, outcome):
    synced.set(on_rewrite=OnRewrite(policy))
    synced.author.write("one", "two", "three", "four")
    synced.sync()
    synced.author.repository.git.reset("--hard", "HEAD~1")
    synced.author.write("one", "new")
    synced.author.commit()
    if outcome is None:
        with pytest.raises(ContentInvalid, match="rewritten"):
            synced.run()
    else:
        assert synced.run().outcome == outcome
    assert synced.row().step_count == (2 if outcome == "applied" else 4)


def test_a_repository_without_walkthroughs_archives_nothing(synced):
    synced.drop("deploy")
    synced.drop("other")
    (synced.author.folder / "README.md").write_text("Empty.")
    synced.author.commit()
    with pytest.raises(SourceInvalid, match='no folder "walkthroughs"'):
        synced.run()

    assert synced.row().archived_at is None


def test_a_held_source_applies_nothing_until_it_goes_on(synced):
    synced.set(held_at=now_ms())
    synced.author.write("one")
    commit = synced.author.commit()
    assert synced.run().outcome is None
    state = synced.status()
    assert (state.sync, state.health) == ("out of sync", "held")
    assert synced.source().newest_commit == commit
    synced.set(held_at=None)
    synced.run()

    assert synced.row().step_count == 1
    assert synced.status().sync == "synced"


def test_a_rollback_goes_back_and_holds_there(synced):
    good = synced.source().synced_commit
    synced.author.write("bad")
    synced.sync()
    assert synced.run(rollback_to=good).outcome == "applied"
    synced.author.write("worse")
    synced.sync()

    assert (synced.row().step_count, synced.row().version) == (3, 3)
    assert synced.source().held_at is not None
    assert synced.source().synced_commit == good


def test_only_an_id_of_a_commit_can_be_gone_back_to_and_a_mistake_leaves_the_source_alone(synced):
    before = synced.source()
    for name in ("--all", "main@{1}", "0" * 40):
        with pytest.raises(CommitUnknown):
            synced.run(rollback_to=name)

    assert synced.source().error is None
    assert synced.status().health == "healthy"
    assert synced.source().synced_commit == before.synced_commit
