"""Any history of commits, with a learner walking meanwhile: nothing is lost or misplaced.

Real Git, the real engine, a real database. Each step carries a mark in its text
that stays through edits, moves and renames; a raised revision makes a new mark.
The model remembers which marks the learner completed, and nothing else.
"""

from itertools import count

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

from tests.authors import Classroom
from walkthroughs import progress

_NUMBERS = count()
_PLACES = st.integers(0, 7)
_SELDOM = st.integers(0, 5).map(lambda n: n == 0)
_EDITS = ("edit", "add", "remove", "bring_back", "move", "ask_again", "rename")


class Step:
    """A step in the working copy."""

    def __init__(self, name):
        self.name, self.root, self.revision, self.edits = name, name, 1, 0

    @property
    def mark(self):
        return f"mark {self.root} {self.revision}."

    def written(self):
        front = f"revision: {self.revision}\n" if self.revision > 1 else ""
        return self.name, front, f"{self.mark}\n\nEdited {self.edits} times."


class Histories(RuleBasedStateMachine):
    database = settings = folder = None  # set by the test

    @initialize()
    def begin(self):
        self.slug = f"acme-{next(_NUMBERS)}"
        folder = self.folder / self.slug
        self.room = Classroom(self.database, self.settings, folder, slug=self.slug)
        self.names = (f"s{n}" for n in count(1))
        self.steps = [Step(next(self.names)) for _ in range(4)]
        self.gone, self.renamed, self.live = [], [], []
        self.done, self.before, self.started = set(), None, False
        self.publish()

    def teardown(self):
        if hasattr(self, "room"):
            self.room.author.repository.close()

    # What authors do: some edits, then one commit.

    @rule(edits=st.lists(st.tuples(st.sampled_from(_EDITS), _PLACES), max_size=4), broken=_SELDOM)
    def commit(self, edits, broken):
        for name, at in edits:
            getattr(self, name)(at)
        self.publish(broken=broken)

    def edit(self, at):
        self.steps[at % len(self.steps)].edits += 1

    def add(self, at):
        self.steps.insert(at, Step(next(self.names)))

    def remove(self, at):
        if len(self.steps) > 1:
            self.gone.append(self.steps.pop(at % len(self.steps)))

    def bring_back(self, at):
        if self.gone:
            self.steps.insert(at, self.gone.pop())

    def move(self, at):
        self.steps.insert(at, self.steps.pop(-1))

    def ask_again(self, at):
        self.steps[at % len(self.steps)].revision += 1

    def rename(self, at):
        step = self.steps[at % len(self.steps)]
        old, step.name = step.name, next(self.names)
        self.renamed.append(f"  - {{from: {old}, to: {step.name}}}")

    def publish(self, *, broken=False):
        """Commit and sync: one version at most, and no progress row is written."""
        rows, version = self.room.progress_rows(), self.version()
        head = f"status: published\nservers: [{self.slug}]"
        head = "\n".join([head, "moved:", *self.renamed]) if self.renamed else head
        self.room.author.write(*(step.written() for step in self.steps), head=head)
        if broken:
            path = self.room.author.folder / "walkthroughs" / "deploy" / "walkthrough.yml"
            path.write_text(path.read_text() + "titel: typo\n")
        run = self.room.sync()
        if not broken:
            self.live = [step.mark for step in self.steps]
        assert bool(run.problems) == broken
        assert self.version() - version in {0, 1}
        assert self.room.progress_rows() == rows
        assert self.room.sync().changes == (), "syncing again changes nothing"

    # What the learner does.

    @precondition(lambda self: self.live)
    @rule()
    def look(self):
        self.see(self.room.select())

    @precondition(lambda self: self.before)
    @rule()
    def go_on(self):
        self.step(self.before)

    @precondition(lambda self: self.started)
    @rule()
    def go_on_without_naming_the_step(self):
        shown = self.before
        view = self.room.next(None)
        self.completed(shown)
        self.see(view)

    @precondition(lambda self: self.started)
    @rule()
    def start_over(self):
        progress.reset(self.database, self.room.caller, self.room.row().id)
        self.done, self.before, self.started = set(), None, False

    def step(self, shown):
        """Complete the step last shown, then send the same call again."""
        view = self.room.next(shown[0])
        self.completed(shown)
        again = self.room.next(shown[0])
        assert (again.step, again.progress) == (view.step, view.progress)
        self.see(view)

    def completed(self, shown):
        if shown:
            self.done.add(shown[1])

    def see(self, view):
        self.started = True
        open_marks = [mark for mark in self.live if mark not in self.done]
        if view.step is None:
            self.before = None
            return
        mark = view.step.content.split("\n")[0]
        assert mark in open_marks, "the place is a live step that is not done"
        self.before = (view.step.id, mark)

    @invariant()
    def each_completion_is_kept_and_belongs_to_its_step(self):
        if not self.live:
            return
        status = progress.status(self.database, self.room.caller, self.room.row().id)
        with self.database.transaction() as session:
            rows = session.execute(
                text(
                    "SELECT id, split_part(content, E'\\n', 1) FROM walkthrough_steps WHERE id = ANY(:ids)"
                ),
                {"ids": [line.id for line in status.steps]},
            ).all()
        marks = dict(map(tuple, rows))
        assert [marks[line.id] for line in status.steps] == self.live
        for line in status.steps:
            assert line.completed == (marks[line.id] in self.done), marks[line.id]

    def version(self):
        return self.room.row().version if self.live else 0


def test_over_any_history_of_commits_nothing_is_lost_or_misplaced(database, settings, tmp_path):
    Histories.database, Histories.settings, Histories.folder = database, settings, tmp_path
    run_state_machine_as_test(
        Histories,
        settings=hypothesis_settings(
            max_examples=20,
            stateful_step_count=25,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
