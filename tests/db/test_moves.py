"""A step that moves to another walkthrough takes completions along, if its author records it."""

import asyncio

import pytest
from sqlalchemy import text

from tests.authors import SyncedSource
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NothingStarted, StepNotFound
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast


class MovingSource(SyncedSource):
    """A source with some walkthroughs; steps are named by their author ids."""

    slug = "acme"

    def edit(self, **walkthroughs):
        """Write walkthroughs, each a list of steps and perhaps of records; commit and sync."""
        for name, (steps, *records) in walkthroughs.items():
            slug = f"servers: [{self.slug}]"
            moved = [f"  - {{from: {old}, to: {new}}}" for old, new in records]
            lines = ["status: published", slug, *(["moved:"] if moved else []), *moved]
            self.author.write(*steps, name=name, head="\n".join(lines))
        before = self.progress_rows()
        run = self.sync()
        if run.plan.approval_reasons:
            run = self.run(approved_fingerprint=run.plan.fingerprint)
        assert self.progress_rows() == before, "a sync writes no progress"
        return run

    def open(self, name, *, resume=True):
        return progress.select(
            self.database, ContentCache(), self.caller, self.row(name).id, resume=resume
        )

    def complete(self, name, *titles):
        """Go on in the walkthrough until the steps are done, which come next in this order."""
        for title in titles:
            view = self.open(name)
            assert view.step.title == title
            self.next(view.step.id)

    def reset(self, name):
        progress.reset(self.database, ContentCache(), self.caller, self.row(name).id)

    def look(self, name):
        return progress.status(self.database, ContentCache(), self.caller, self.row(name).id)

    def done(self, name):
        """The titles of the steps that are done, the same in status and list."""
        status = self.look(name)
        done = [line.title for line in status.steps if line.completed]
        cards = {
            card.id: card for card in catalog.list_walkthroughs(self.database, self.caller).cards
        }
        assert cards[self.row(name).id].completed_steps == len(done)
        return done

    def completed(self):
        """(walkthrough, step) of each completion that the learner has, live or not."""
        names = {row: name for name, row in self.rows().items()}
        rows = self.progress_rows()
        return {names[step] for row in rows for step in row.completed_steps}

    def rows(self):
        """(walkthrough, step) -> row id."""
        query = text(
            "SELECT w.external_id, s.external_id, s.id FROM walkthrough_steps s"
            " JOIN walkthroughs w ON w.id = s.walkthrough_id ORDER BY s.revision"
        )
        with self.database.transaction() as session:
            return {(walkthrough, step): row for walkthrough, step, row in session.execute(query)}


@pytest.fixture
def synced(database, settings, tmp_path):
    """Two walkthroughs, of which the learner has done the first step of one."""
    made = MovingSource(database, settings, tmp_path / "content")
    made.edit(aa=(["a1", "a2", "a3"],), bb=(["b1", "b2"],))
    made.complete("aa", "A1")
    yield made
    made.author.repository.close()


def test_a_recorded_step_is_done_where_it_is_now(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))

    assert synced.done("bb") == ["Login"]
    assert synced.look("bb").status is ProgressStatus.NOT_STARTED
    synced.complete("bb", "B1", "B2")
    assert synced.open("bb").progress.status is ProgressStatus.COMPLETED
    assert synced.done("aa") == []
    assert synced.open("aa").step.title == "A2"


@pytest.mark.parametrize("names", [("aa", "bb"), ("zz", "bb")])
def test_the_other_walkthrough_may_be_read_before_or_after(synced, names):
    giving, taking = names
    synced.edit(**{giving: (["x1", "x2"],)})
    synced.complete(giving, "X1")
    synced.edit(**{giving: (["x2"],), taking: (["b1", "x1"], (f"{giving}/x1", "x1"))})

    assert synced.done(taking) == ["X1"]


def test_an_unrecorded_step_is_a_new_one_and_nothing_is_lost_where_it_was(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"],))
    assert synced.done("bb") == []
    synced.edit(aa=(["a1", "a2", "a3"],), bb=(["b1"],))

    assert synced.done("aa") == ["A1"]


def test_a_record_that_comes_after_the_step_changes_nothing(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"],))
    run = synced.edit(bb=(["a1", "b1"], ("aa/a1", "a1")))
    assert run.plan.changes == ()
    synced.edit(bb=(["b1", "a1"], ("aa/a1", "a1")))

    assert synced.done("bb") == []


def test_a_learner_on_the_way_is_led_past_the_step_that_came(synced):
    synced.open("bb")
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    view = synced.next(synced.rows()["bb", "b1"])

    assert view.step.title == "B2"
    assert view.notice == "Changed since you were here: 1 step added before this one."
    assert (view.progress.completed_steps, view.progress.total_steps) == (2, 3)


def test_a_finished_learner_is_not_asked_for_what_they_did_elsewhere(synced):
    synced.complete("bb", "B1", "B2")
    synced.edit(aa=(["a3"],), bb=(["b1", "b2", "a1", "a2"], ("aa/a1", "a1"), ("aa/a2", "a2")))
    view = synced.open("bb")

    assert view.step.title == "A2"
    assert "1 new step since you finished." in view.notice
    assert view.progress.status is ProgressStatus.COMPLETED


def test_steps_that_swap_walkthroughs_take_their_completions_along(synced):
    synced.complete("bb", "B1")
    synced.edit(
        aa=(["b1", "a2", "a3"], ("bb/b1", "b1")),
        bb=(["a1", "b2"], ("aa/a1", "a1")),
    )
    assert (synced.done("aa"), synced.done("bb")) == (["B1"], ["A1"])
    synced.edit(
        aa=(["a1", "a2", "a3"], ("bb/b1", "b1"), ("bb/a1", "a1")),
        bb=(["b1", "b2"], ("aa/a1", "a1"), ("aa/b1", "b1")),
    )

    assert (synced.done("aa"), synced.done("bb")) == (["A1"], ["B1"])


def test_a_step_done_while_it_was_away_is_done_when_it_is_back(synced):
    synced.edit(aa=(["a1", "a3"],), bb=(["a2", "b1"], ("aa/a2", "a2")))
    synced.complete("bb", "A2")
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/a2", "a2")), bb=(["b1"], ("aa/a2", "a2")))

    assert synced.done("aa") == ["A1", "A2"]
    assert synced.open("aa").step.title == "A3"


def test_a_step_done_while_it_was_away_is_done_when_it_is_back_by_another_id(synced):
    synced.open("aa")
    synced.edit(aa=(["a1", "a3"],), bb=(["b0", "b1"], ("aa/a2", "b0")))
    synced.complete("bb", "B0")
    synced.edit(aa=(["a1", "a9", "a3"], ("bb/b0", "a9")), bb=(["b1"], ("aa/a2", "b0")))

    assert synced.done("aa") == ["A1", "A9"]
    assert synced.open("aa").step.title == "A3"


def test_along_a_chain_nobody_needs_to_have_opened_what_is_between(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["y1", "b1"], ("aa/a1", "y1")))
    synced.edit(bb=(["b1"], ("aa/a1", "y1")), cc=(["z1", "c1"], ("bb/y1", "z1")))

    assert synced.done("cc") == ["Z1"]
    assert synced.open("cc").step.title == "C1"


def test_moves_between_two_looks_at_the_repository_are_followed_through_their_records(synced):
    synced.edit(
        aa=(["a3", "a2"], ("a1", "first")),
        bb=(["b1"], ("aa/first", "y1"), ("y1", "y2")),
        cc=(["z1", "c1"], ("bb/y2", "z1")),
    )

    assert synced.done("cc") == ["Z1"]


def test_a_step_renamed_after_it_came_is_still_the_same(synced):
    records = [("aa/a1", "y1"), ("y1", "y2")]
    synced.edit(aa=(["a2", "a3"],), bb=(["y1", "b1"], *records[:1]))
    synced.edit(bb=(["y2", "b1"], *records))

    assert synced.done("bb") == ["Y2"]


def test_a_new_walkthrough_may_be_made_of_the_steps_of_an_old_one(synced):
    synced.edit(aa=(["a3"],), cc=(["a1", "a2"], ("aa/a1", "a1"), ("aa/a2", "a2")))

    assert synced.done("cc") == ["A1"]


def test_a_walkthrough_may_go_away_into_another(synced):
    synced.drop("aa")
    synced.edit(bb=(["b1", "b2", "a1"], ("aa/a1", "a1")))

    assert synced.done("bb") == ["A1"]


def test_a_walkthrough_that_comes_back_gets_the_completions_of_its_steps_back(synced):
    synced.edit(aa=(["a1", "a2", "a3", "b1"], ("bb/b1", "b1")), cc=(["c1"],))
    synced.drop("bb")
    synced.sync()
    synced.complete("aa", "A2", "A3", "B1")
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/b1", "b1")), bb=(["b1", "b2"], ("aa/b1", "b1")))

    assert synced.done("bb") == ["B1"]


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


@pytest.mark.parametrize("again", ["reset", "restart"])
def test_starting_over_where_the_step_is_now_forgets_it_for_good(synced, again):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.open("bb")
    start_over(synced, "bb", again)

    assert synced.done("bb") == []
    assert synced.open("bb").step.title == "A1"
    synced.edit(bb=(["b1", "a1"], ("aa/a1", "a1")))
    assert synced.done("bb") == []
    synced.edit(aa=(["a1", "a2", "a3"], ("bb/a1", "a1")), bb=(["b1"],))
    assert synced.done("aa") == []


def test_a_step_that_is_gone_everywhere_is_forgotten_where_it_was_last(synced):
    """It went from aa to bb and to cc, which lost it before bb was archived as a whole."""
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.edit(bb=(["b1"],), cc=(["a1", "c1"], ("bb/a1", "a1")))
    synced.edit(cc=(["c1"],))
    assert synced.completed() == {("aa", "a1")}
    synced.reset("bb")
    synced.reset("aa")
    assert synced.completed() == {("aa", "a1")}
    synced.drop("bb")
    synced.edit()
    synced.reset("cc")

    assert synced.completed() == set()


def test_a_step_leaves_a_walkthrough_when_that_is_archived_as_a_whole(synced):
    """It went from aa to bb, came to cc when bb was gone, and left that, too."""
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.drop("bb")
    synced.edit()
    synced.edit(cc=(["a1", "c1"], ("bb/a1", "a1")))
    synced.edit(cc=(["c1"],))
    synced.reset("aa")
    assert synced.completed() == {("aa", "a1")}
    synced.reset("cc")

    assert synced.completed() == set()


@pytest.mark.parametrize("again", ["reset", "restart"])
@pytest.mark.parametrize("opened", [True, False])
def test_starting_over_where_the_step_was_leaves_it_done_where_it_is(synced, again, opened):
    synced.complete("aa", "A2")
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    if opened:
        synced.open("bb")
    start_over(synced, "aa", again)
    start_over(synced, "aa", again)

    assert synced.done("aa") == []
    assert synced.done("bb") == ["A1"]
    assert synced.open("bb").step.title == "B1"
    assert synced.open("aa").step.title == "A2"
    synced.complete("aa", "A2")
    assert synced.done("aa") == ["A2"]


def test_after_a_reset_that_left_something_the_walkthrough_counts_as_not_started(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    synced.open("aa")
    synced.reset("aa")

    assert synced.look("aa").status is ProgressStatus.NOT_STARTED
    with pytest.raises(StepNotFound):
        synced.next(synced.rows()["aa", "a2"])
    with pytest.raises(NothingStarted):
        synced.next(None)


def test_a_step_forgotten_where_it_is_now_is_not_done_again_by_going_on_where_it_was(synced):
    synced.complete("aa", "A2", "A3")
    synced.edit(aa=(["a1", "a2"],), bb=(["b1", "a3"], ("aa/a3", "a3")))
    synced.reset("bb")
    view = synced.next(None)

    assert (view.walkthrough.id, view.step) == (synced.row("aa").id, None)
    assert synced.done("bb") == []


def test_a_walkthrough_all_of_whose_completions_moved_and_were_forgotten_is_not_started(synced):
    synced.reset("aa")
    synced.edit(aa=(["a1"],))
    synced.complete("aa", "A1")
    synced.edit(aa=(["a9"],), bb=(["b1", "a1"], ("aa/a1", "a1")))
    synced.reset("bb")

    assert synced.look("aa").status is ProgressStatus.NOT_STARTED
    assert synced.open("aa").step.title == "A9"
    assert synced.done("bb") == []


def start_over(synced, name, again):
    if again == "reset":
        synced.reset(name)
    else:
        synced.open(name, resume=False)


def attempts(synced):
    query = text(
        "SELECT w.external_id, a.completed_steps FROM walkthrough_attempts a"
        " JOIN walkthroughs w ON w.id = a.walkthrough_id"
    )
    names = {row: name for name, row in synced.rows().items()}
    with synced.database.transaction() as session:
        return [
            (walkthrough, [names[step] for step in steps])
            for walkthrough, steps in session.execute(query)
        ]


@pytest.mark.behaviour("B18")
def test_beginning_again_keeps_what_was_done_elsewhere_and_stops_counting(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    synced.complete("bb", "B1")
    synced.open("bb", resume=False)

    ((walkthrough, steps),) = attempts(synced)
    assert (walkthrough, sorted(steps)) == ("bb", [("bb", "b1"), ("bb", "login")])
    assert synced.done("bb") == []


def test_what_was_done_elsewhere_only_ends_with_an_attempt_of_its_own(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["login", "b1"], ("aa/a1", "login")))
    synced.open("bb", resume=False)

    assert attempts(synced) == [("bb", [("bb", "login")])]


def test_what_was_done_before_a_step_came_and_went_again_is_kept_too(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login"], ("aa/a1", "login")))
    synced.edit(bb=(["b1", "b2"],))
    synced.open("bb", resume=False)

    assert attempts(synced) == [("bb", [("aa", "a1")])]


def test_a_step_that_moved_away_is_no_part_of_the_attempt_and_stays_done_where_it_is(synced):
    synced.complete("aa", "A2")
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    synced.open("aa", resume=False)

    assert attempts(synced) == [("aa", [("aa", "a2")])]
    assert synced.done("bb") == ["Login"]


def test_a_step_answered_after_it_moved_is_done_where_it_is_now(synced):
    """The learner had opened the other walkthrough already: the short way must know, too."""
    synced.edit(aa=(["a1", "a3"],), bb=(["b1", "a2", "b2"], ("aa/a2", "a2")))
    view = synced.open("bb")
    synced.next(synced.rows()["aa", "a2"])
    assert synced.done("bb") == ["A2"]

    async def shortly():
        prepared = Prepared(synced.database, (ADVANCE,), connections=1)
        moved = await advance_fast(prepared, synced.caller, view.step.id)
        prepared.close()
        return moved

    assert asyncio.run(shortly()) is None
    assert synced.next(view.step.id).step.title == "B2"


def test_the_database_is_asked_for_other_rows_only_if_a_step_came(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    with synced.database.transaction() as session:
        held = dict(
            map(
                tuple,
                session.execute(
                    text(
                        "SELECT external_id, predecessor_ids FROM walkthrough_steps WHERE archived_at IS NULL"
                    )
                ).all(),
            )
        )

    assert held == {"a1": [synced.rows()["aa", "a1"]], "a2": [], "a3": [], "b1": []}


def test_the_plan_says_where_the_step_goes(synced):
    synced.author.write("a1", "a3", name="aa", head="status: published\nservers: [acme]")
    moved = "moved:\n  - {from: aa/a2, to: a2}"
    synced.author.write("b1", "a2", name="bb", head=f"status: published\nservers: [acme]\n{moved}")
    synced.author.commit()

    assert synced.plan().impact == (
        "1 learner is on step 'a2', which moves to 'bb'; they continue at 'a3'",
    )
