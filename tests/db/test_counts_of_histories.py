"""Whatever learners and operators do, in any order, what is counted on the way is what there is."""

from __future__ import annotations

import os
from itertools import count

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.builders import content, learner, organization, server, walkthrough
from tests.events import miscounted, move_all, move_as_before
from walkthroughs.events.mover import move
from walkthroughs.events.scope import DAY_MS
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.merging import merge_learners
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing import assignments, learner_counts
from walkthroughs.publishing.count_learners import count_learners

#: An example takes half a second. `make endurance` goes on for as long as it is told to.
EXAMPLES = 60 if os.environ.get("HANDRAIL_ENDURANCE") else 6
CACHE = ContentCache()
NUMBERS = count()
_PEOPLE = st.integers(0, 2)
_WHERE = st.tuples(_PEOPLE, st.integers(0, 1), st.integers(0, 1))
_WALK = st.tuples(st.just("walk"), _WHERE, st.integers(0, 3))
_MOVE = st.tuples(st.sampled_from(["move", "move", "move_as_before"]), st.integers(1, 4))
#: What is done, by the name of a method of `Room`.
_DEEDS = st.one_of(
    *(_WALK, _WALK, _MOVE, _MOVE),
    st.tuples(st.just("begin_again"), _WHERE),
    st.tuples(st.just("reset"), _WHERE),
    st.tuples(st.just("merge"), _PEOPLE, _PEOPLE),
    st.tuples(st.just("erase"), _PEOPLE),
    st.tuples(st.just("age"), st.integers(1, 20)),
    st.tuples(st.just("count")),
)


class Room:
    """An organization with two walkthroughs on two servers, and learners who come as they act."""

    def __init__(self, database, number):
        self.database, self.who = database, {}
        with database.transaction() as session:
            self.org = organization(session, f"org{number}").id
            self.rows = [walkthrough(session, self.org, content(id=each)) for each in "ab"]
            self.servers = [server(session, self.org, f"s{number}-{each}").id for each in "ab"]
            for each in self.servers:
                assignments.assign(session, self.org, each, self.rows)

    def caller(self, person, server_index):
        if person not in self.who:
            with self.database.transaction() as session:
                self.who[person] = learner(session, self.org, f"l{person}@x.example").id
        return Caller(self.org, self.servers[server_index], self.who[person])

    def walk(self, where, steps, *, resume=True):
        person, row, server_index = where
        caller = self.caller(person, server_index)
        view = progress.select(self.database, CACHE, caller, self.rows[row], resume=resume)
        for _ in range(steps):
            if view.step:
                view = progress.advance(self.database, CACHE, caller, view.step.id)

    def begin_again(self, where):
        self.walk(where, 1, resume=False)

    def reset(self, where):
        person, row, server_index = where
        progress.reset(self.database, CACHE, self.caller(person, server_index), self.rows[row])

    def merge(self, gone, kept):
        if gone != kept and {gone, kept} <= self.who.keys():
            with self.database.transaction() as session:
                merge_learners(session, self.org, self.who.pop(gone), self.who[kept])

    def erase(self, person):
        if person in self.who:
            with self.database.transaction() as session:
                erase(session, self.org, self.who.pop(person))

    def age(self, days):
        """What is not moved yet happened some days ago."""
        with self.database.begin() as connection:
            connection.execute(
                text("UPDATE tool_events_incoming SET occurred_at = occurred_at - :ms"),
                {"ms": days * DAY_MS},
            )

    def move(self, most):
        move(self.database, most)

    def move_as_before(self, most):
        """As a process of the release before does, while a new one is at work already."""
        move_as_before(self.database, most)

    def count(self):
        assert count_learners(self.database, many=0, many_places=0, many_starts=0)

    def counts(self):
        with self.database.transaction() as session:
            kept = [
                work(session, self.org, self.rows)
                for work in (
                    learner_counts.count_all,
                    learner_counts.count_active,
                    learner_counts.learners_by_step,
                )
            ]
            versions = [
                learner_counts.count_by_version(session, self.org, each) for each in self.rows
            ]
            return *kept, *versions

    def counted(self):
        """Count again without what was counted beforehand."""
        with self.database.begin() as connection:
            connection.execute(text("DELETE FROM walkthrough_learners"))
        return self.counts()


@hypothesis_settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(_DEEDS, min_size=8, max_size=25))
def test_over_any_history_what_is_counted_is_what_a_count_from_scratch_finds(database, deeds):
    room = Room(database, next(NUMBERS))
    for name, *values in deeds:
        getattr(room, name)(*values)
    move_all(database)
    room.count()

    with database.begin() as connection:
        assert miscounted(connection) == []
    assert room.counts() == room.counted()
