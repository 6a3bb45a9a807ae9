"""Any history of commits, with a learner walking meanwhile: nothing is lost or misplaced.

Real Git, the real engine, a real database. Two walkthroughs, one learner in both.
Each step carries a mark in its text that stays through edits, moves and renames,
and goes along to the other walkthrough if that is recorded; a raised revision or
a move without a record makes a new mark. The model remembers which marks the
learner completed, and nothing else."""

import asyncio
import os
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from tests.authors import Course
from tests.working_copies import AuthorEdits, WorkingCopy
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import answers, progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast

#: Each commit takes a tenth of a second. `make endurance` goes on for as long as it is told to.
EXAMPLES = 14 if os.environ.get("HANDRAIL_ENDURANCE") else 5
#: Of this process; a version of one test is never that of another.
CACHE = ContentCache()


_NUMBERS = count()


_PLACES = st.integers(0, 7)


_BOOKS = st.integers(0, 1)


_SELDOM = st.integers(0, 5).map(lambda n: n == 0)


_EDITS = (
    "edit",
    "add",
    "remove",
    "bring_back",
    "move",
    "ask_again",
    "rename",
    "take",
    "take",
    "take_without_a_record",
)


class Histories(AuthorEdits, RuleBasedStateMachine):
    database = settings = folder = fast_path = None  # set by the test

    @initialize()
    def begin(self):
        self.slug = f"acme-{next(_NUMBERS)}"
        folder = self.folder / self.slug
        self.synced = Course(self.database, self.settings, folder, slug=self.slug)
        self.names = (f"s{n}" for n in count(1))
        self.books = [
            WorkingCopy(name, [self.new(), self.new(), self.new()]) for name in ("aa", "bb")
        ]
        self.done, self.published, self.latest = set(), set(), []
        self.publish()

    def teardown(self):
        if hasattr(self, "synced"):
            self.synced.author.repository.close()

    # What authors do: some edits, then one commit.

    @rule(
        edits=st.lists(st.tuples(st.sampled_from(_EDITS), _BOOKS, _PLACES), max_size=4),
        broken=_SELDOM,
    )
    def commit(self, edits, broken):
        for name, which, at in edits:
            getattr(self, name)(self.books[which], at)
        self.publish(broken=broken)

    @rule(which=_BOOKS, at=_PLACES)
    def commit_a_move_of_a_step_that_is_done(self, which, at):
        giver = self.books[1 - which]
        if all(step.mark not in self.done for step in giver.steps):
            self.go_on(1 - which, 1)
        self.take(self.books[which], at)
        self.publish()

    def look(self, which):
        working_copy = self.books[which]
        self.see(working_copy, self.select(working_copy, resume=True))

    @rule(which=_BOOKS, steps=st.integers(1, 3))
    def go_on(self, which, steps):
        working_copy = self.books[which]
        if working_copy.before is None:
            self.look(which)
        for _ in range(steps):
            if working_copy.before:
                self.step(working_copy, working_copy.before)

    @precondition(lambda self: self.latest)
    @rule()
    def go_on_without_naming_the_step(self):
        working_copy = self.latest[-1]
        shown = working_copy.before
        view = self.synced.next(None)
        self.completed(shown)
        self.see(working_copy, view)

    @rule(which=_BOOKS, over=st.sampled_from(["", "", "", "", "reset", "begin_again"]))
    def look_or_start_over(self, which, over):
        getattr(self, over or "look")(which)

    def reset(self, which):
        working_copy = self.books[which]
        progress.reset(self.database, CACHE, self.synced.caller, self.row(working_copy).id)
        self.delete_copy(working_copy)
        working_copy.before = None
        self.latest = [each for each in self.latest if each is not working_copy]

    def begin_again(self, which):
        working_copy = self.books[which]
        view = self.select(working_copy, resume=False)
        self.delete_copy(working_copy)
        self.see(working_copy, view)

    def delete_copy(self, working_copy):
        """A walkthrough that is started over takes the completions of its own steps with it."""
        every = [step for each in self.books for step in (*each.steps, *each.gone)]
        roots = {step.root for step in every if step.home is working_copy}
        self.done = {mark for mark in self.done if mark.split()[1] not in roots}
        other = self.other(working_copy)
        row = self.row(other).id
        state = progress.status(self.database, CACHE, self.synced.caller, row).status
        if (
            state is ProgressStatus.NOT_STARTED
        ):  # all that was done there was done in steps that moved here
            other.before = None
            self.latest = [each for each in self.latest if each is not other]

    def step(self, working_copy, shown):
        """Complete the step last shown, then send the same call again."""
        view = self.next(working_copy, shown[0])
        self.completed(shown)
        again = self.next(working_copy, shown[0])
        assert (again.step, again.progress) == (view.step, view.progress)
        self.see(working_copy, view)

    def next(self, working_copy, step_id):
        """Go the short way first, as the server does."""
        moved = self.fast_path(self.synced.caller, step_id)
        if moved is None:
            return self.synced.next(step_id)
        return answers.cached_view(CACHE, moved) or self.select(working_copy, resume=True)

    def select(self, working_copy, *, resume):
        row = self.row(working_copy).id
        return progress.select(self.database, CACHE, self.synced.caller, row, resume=resume)

    def completed(self, shown):
        if shown:
            self.done.add(shown[1])

    def see(self, working_copy, view):
        self.latest = [*(each for each in self.latest if each is not working_copy), working_copy]
        open_marks = [mark for mark in working_copy.live if mark not in self.done]
        if view.step is None:
            working_copy.before = None
            assert open_marks == [], "who is shown nothing has done everything"
            return
        mark = view.step.content.split("\n")[0]
        assert mark in open_marks, "the place is a live step that is not done"
        working_copy.before = (view.step.id, mark)

    @invariant()
    def each_completion_is_kept_and_belongs_to_its_step(self):
        for working_copy in self.books:
            status = progress.status(
                self.database, CACHE, self.synced.caller, self.row(working_copy).id
            )
            with self.database.transaction() as session:
                rows = session.execute(
                    text(
                        "SELECT id, split_part(content, E'\\n', 1) FROM walkthrough_steps WHERE id = ANY(:ids)"
                    ),
                    {"ids": [line.id for line in status.steps]},
                ).all()
            marks = dict(map(tuple, rows))
            assert [marks[line.id] for line in status.steps] == working_copy.live
            for line in status.steps:
                assert line.completed == (marks[line.id] in self.done), marks[line.id]

    def row(self, working_copy):
        return self.synced.row(working_copy.name)

    def versions(self):
        return [
            self.row(working_copy).version if working_copy.live else 0
            for working_copy in self.books
        ]


@pytest.fixture
def fast_path(database):
    """The ordinary step call, as the event loop of a server makes it."""
    loop = asyncio.new_event_loop()
    prepared = Prepared(database, (ADVANCE,), connections=1)
    yield lambda caller, step_id: loop.run_until_complete(advance_fast(prepared, caller, step_id))
    prepared.close()
    loop.close()


def test_over_any_history_of_commits_nothing_is_lost_or_misplaced(
    database, settings, tmp_path, fast_path
):
    Histories.database, Histories.settings, Histories.folder = database, settings, tmp_path
    Histories.fast_path = staticmethod(fast_path)
    run_state_machine_as_test(
        Histories,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
