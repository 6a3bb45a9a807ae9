"""Any history of commits, with a learner walking meanwhile: nothing is lost or misplaced.

Real Git, the real engine, a real database. Two walkthroughs, one learner in both.
Each step carries a mark in its text that stays through edits, moves and renames,
and goes along to the other walkthrough if that is recorded; a raised revision or
a move without a record makes a new mark. The model remembers which marks the
learner completed, and nothing else.
"""

import asyncio
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

from tests.authors import Classroom
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import answers, progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast

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


class Step:
    """A step in the working copy. `home` is where learners saw it last, under `known`."""

    def __init__(self, name):
        self.name, self.root, self.revision, self.edits = name, name, 1, 0
        self.home, self.known = None, None

    @property
    def mark(self):
        return f"mark {self.root} {self.revision}."

    def written(self):
        front = f"revision: {self.revision}\n" if self.revision > 1 else ""
        return self.name, front, f"{self.mark}\n\nEdited {self.edits} times."


class Book:
    """A walkthrough in the working copy, and what the learner saw of it."""

    def __init__(self, name, steps):
        self.name, self.steps = name, steps
        self.gone, self.moved = [], {}
        self.live, self.before, self.started = [], None, False

    def name_of_old(self, step_id):
        """What the record here says that the step is called now."""
        while step_id in self.moved:
            step_id = self.moved[step_id]
        return step_id

    def head(self, slug):
        records = [f"  - {{from: {old}, to: {new}}}" for old, new in self.moved.items()]
        head = [f"status: published\nservers: [{slug}]", *(["moved:"] if records else []), *records]
        return "\n".join(head)


class Histories(RuleBasedStateMachine):
    database = settings = folder = short_way = None  # set by the test

    @initialize()
    def begin(self):
        self.slug = f"acme-{next(_NUMBERS)}"
        folder = self.folder / self.slug
        self.room = Classroom(self.database, self.settings, folder, slug=self.slug)
        self.names = (f"s{n}" for n in count(1))
        self.books = [Book(name, [self.new(), self.new(), self.new()]) for name in ("aa", "bb")]
        self.done, self.published, self.latest = set(), set(), []
        self.publish()

    def teardown(self):
        if hasattr(self, "room"):
            self.room.author.repository.close()

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

    def new(self):
        return Step(next(self.names))

    def edit(self, book, at):
        book.steps[at % len(book.steps)].edits += 1

    def add(self, book, at):
        book.steps.insert(at, self.new())

    def remove(self, book, at):
        if len(book.steps) > 1:
            book.gone.append(book.steps.pop(at % len(book.steps)))

    def bring_back(self, book, at):
        if book.gone:
            book.steps.insert(at, book.gone.pop())

    def move(self, book, at):
        book.steps.insert(at, book.steps.pop(-1))

    def ask_again(self, book, at):
        book.steps[at % len(book.steps)].revision += 1

    def rename(self, book, at):
        step = book.steps[at % len(book.steps)]
        old, step.name = step.name, next(self.names)
        book.moved[old] = step.name

    def take(self, book, at):
        """Take a step from the other walkthrough, with a record; back under its old id, if any."""
        giver = self.other(book)
        done = [step for step in giver.steps if step.mark in self.done]
        among = done if done and at < 6 else giver.steps
        step = among[at % len(among)]
        origin = f"{giver.name}/{step.name}"
        name = book.name_of_old(origin) if origin in book.moved else step.name
        # What nobody has read cannot be followed: an old record whose step was never there, or
        # a step that was gone, got another id meanwhile, and came back in this very commit.
        unread = origin in book.moved and (book.name, name) not in self.published
        changed = step.known not in {None, (giver.name, step.name)} and step.mark not in self.shown
        if len(giver.steps) == 1 or unread or changed:
            return
        giver.steps.remove(step)
        book.steps.insert(at, step)
        step.name = name if origin in book.moved or at % 2 else next(self.names)
        book.moved.setdefault(origin, step.name)

    def take_without_a_record(self, book, at):
        giver = self.other(book)
        if len(giver.steps) > 1:
            giver.gone.append(giver.steps.pop(at % len(giver.steps)))
            book.steps.insert(at, self.new())

    def other(self, book):
        return self.books[1 - self.books.index(book)]

    @property
    def shown(self):
        return [mark for book in self.books for mark in book.live]

    def publish(self, *, broken=False):
        """Commit and sync: one version at most, and no progress row is written."""
        rows, versions = self.room.progress_rows(), self.versions()
        for book in self.books:
            self.room.author.write(
                *(step.written() for step in book.steps), name=book.name, head=book.head(self.slug)
            )
            if broken:
                base = self.room.author.folder / "walkthroughs" / book.name
                manifest = (base / "walkthrough.yml").read_text()
                (base / "walkthrough.yml").write_text(manifest + "titel: typo\n")
        run = self.room.sync()
        if not broken:
            self.note_what_is_live()
        assert bool(run.plan.problems) == broken
        assert all(new - old in {0, 1} for new, old in zip(self.versions(), versions, strict=True))
        assert self.room.progress_rows() == rows
        assert self.room.sync().plan.changes == (), "syncing again changes nothing"

    def note_what_is_live(self):
        for book in self.books:
            book.live = [step.mark for step in book.steps]
            for step in book.steps:
                step.home, step.known = book, (book.name, step.name)
                self.published.add(step.known)

    # What the learner does.

    def look(self, which):
        book = self.books[which]
        self.see(book, self.select(book, resume=True))

    @rule(which=_BOOKS, steps=st.integers(1, 3))
    def go_on(self, which, steps):
        book = self.books[which]
        if book.before is None:
            self.look(which)
        for _ in range(steps):
            if book.before:
                self.step(book, book.before)

    @precondition(lambda self: self.latest)
    @rule()
    def go_on_without_naming_the_step(self):
        book = self.latest[-1]
        shown = book.before
        view = self.room.next(None)
        self.completed(shown)
        self.see(book, view)

    @rule(which=_BOOKS, over=st.sampled_from(["", "", "", "", "reset", "begin_again"]))
    def look_or_start_over(self, which, over):
        getattr(self, over or "look")(which)

    def reset(self, which):
        book = self.books[which]
        progress.reset(self.database, CACHE, self.room.caller, self.row(book).id)
        self.delete_copy(book)
        book.before = None
        self.latest = [each for each in self.latest if each is not book]

    def begin_again(self, which):
        book = self.books[which]
        view = self.select(book, resume=False)
        self.delete_copy(book)
        self.see(book, view)

    def delete_copy(self, book):
        """A walkthrough that is started over takes the completions of its own steps with it."""
        every = [step for each in self.books for step in (*each.steps, *each.gone)]
        roots = {step.root for step in every if step.home is book}
        self.done = {mark for mark in self.done if mark.split()[1] not in roots}
        other = self.other(book)
        row = self.row(other).id
        state = progress.status(self.database, CACHE, self.room.caller, row).status
        if (
            state is ProgressStatus.NOT_STARTED
        ):  # all that was done there was done in steps that moved here
            other.before = None
            self.latest = [each for each in self.latest if each is not other]

    def step(self, book, shown):
        """Complete the step last shown, then send the same call again."""
        view = self.next(book, shown[0])
        self.completed(shown)
        again = self.next(book, shown[0])
        assert (again.step, again.progress) == (view.step, view.progress)
        self.see(book, view)

    def next(self, book, step_id):
        """Go the short way first, as the server does."""
        moved = self.short_way(self.room.caller, step_id)
        if moved is None:
            return self.room.next(step_id)
        return answers.cached_view(CACHE, moved) or self.select(book, resume=True)

    def select(self, book, *, resume):
        row = self.row(book).id
        return progress.select(self.database, CACHE, self.room.caller, row, resume=resume)

    def completed(self, shown):
        if shown:
            self.done.add(shown[1])

    def see(self, book, view):
        self.latest = [*(each for each in self.latest if each is not book), book]
        open_marks = [mark for mark in book.live if mark not in self.done]
        if view.step is None:
            book.before = None
            assert open_marks == [], "who is shown nothing has done everything"
            return
        mark = view.step.content.split("\n")[0]
        assert mark in open_marks, "the place is a live step that is not done"
        book.before = (view.step.id, mark)

    @invariant()
    def each_completion_is_kept_and_belongs_to_its_step(self):
        for book in self.books:
            status = progress.status(self.database, CACHE, self.room.caller, self.row(book).id)
            with self.database.transaction() as session:
                rows = session.execute(
                    text(
                        "SELECT id, split_part(content, E'\\n', 1) FROM walkthrough_steps WHERE id = ANY(:ids)"
                    ),
                    {"ids": [line.id for line in status.steps]},
                ).all()
            marks = dict(map(tuple, rows))
            assert [marks[line.id] for line in status.steps] == book.live
            for line in status.steps:
                assert line.completed == (marks[line.id] in self.done), marks[line.id]

    def row(self, book):
        return self.room.row(book.name)

    def versions(self):
        return [self.row(book).version if book.live else 0 for book in self.books]


@pytest.fixture
def short_way(database):
    """The ordinary step call, as the event loop of a server makes it."""
    loop = asyncio.new_event_loop()
    prepared = Prepared(database, (ADVANCE,), connections=1)
    yield lambda caller, step_id: loop.run_until_complete(advance_fast(prepared, caller, step_id))
    prepared.close()
    loop.close()


def test_over_any_history_of_commits_nothing_is_lost_or_misplaced(
    database, settings, tmp_path, short_way
):
    Histories.database, Histories.settings, Histories.folder = database, settings, tmp_path
    Histories.short_way = staticmethod(short_way)
    run_state_machine_as_test(
        Histories,
        settings=hypothesis_settings(
            max_examples=14,
            stateful_step_count=25,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
