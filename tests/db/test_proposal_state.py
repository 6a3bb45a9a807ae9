"""Where the proposal of a walkthrough stands, and what becomes of the draft that was proposed."""

import pytest
from sqlalchemy import update

from sync.proposals.drafts import conclude_drafts
from sync.proposals.rows import end_at_other_source, read_walkthrough_row
from sync.proposals.state import last_proposal, list_proposals, proposal_status
from tests.builders import content, organization, walkthrough
from walkthroughs.content.problems import Problem
from walkthroughs.enums import GitHost, ProposalState
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models import (
    AwaitingApproval,
    ContentSource,
    Proposal,
    Walkthrough,
    WalkthroughDraft,
)
from walkthroughs.publishing import proposal_drafts
from walkthroughs.publishing.origin import Origin

OPEN, MERGED, CLOSED = ProposalState.OPEN, ProposalState.MERGED, ProposalState.CLOSED


class Room:
    """Two walkthroughs of one source, one of another, and one of another organization's."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.org, self.foreign = (organization(session, name).id for name in ("acme", "far"))
            made = [
                ContentSource(organization_id=owner, name=name, url="https://git.example/a/b.git")
                for owner, name in ((self.org, "a"), (self.org, "b"), (self.foreign, "a"))
            ]
            session.add_all(made)
            session.flush()
            self.guides, self.others, self.theirs = (each.id for each in made)
            self.row, self.tea, self.beside, self.far = (
                walkthrough(session, owner, content(id=name), origin=Origin(source))
                for owner, name, source in (
                    (self.org, "deploy", self.guides), (self.org, "tea", self.guides),
                    (self.org, "beside", self.others), (self.foreign, "deploy", self.theirs),
                )
            )  # fmt: skip

    def call(self, work, *arguments, **named):
        with self.database.transaction() as session:
            return work(session, *arguments, **named)

    def set(self, model, id, **values):
        with self.database.transaction() as session:
            session.execute(update(model).where(model.id == id).values(**values))

    def propose(self, row=None, source=None, owner=None, **values):
        fields = {
            "organization_id": owner or self.org, "walkthrough_id": row or self.row,
            "source_id": source or self.guides, "branch": "handrail/x", "git_commit": "c",
            "base_commit": "b", "author": "Ana", "digest": "other", "state": OPEN,
            "updated_at": 2_000,
        }  # fmt: skip
        with self.database.transaction() as session:
            made = Proposal(**fields | values)
            session.add(made)
            session.flush()
            return made.id

    def stands(self):
        found = self.call(proposal_status, self.org, self.row)
        return found.step.value, found.sentence

    def source(self, id):
        with self.database.transaction() as session:
            return session.get_one(ContentSource, id)


@pytest.fixture
def room(database):
    return Room(database)


def test_a_proposal_is_told_as_far_as_it_is(room):
    in_step = ("in_step", "In step with Git")
    assert room.stands() == in_step
    for owner, row in ((room.foreign, room.row), (room.org, room.far), (room.org, "no")):
        with pytest.raises(WalkthroughNotFound):
            room.call(proposal_status, owner, row)
    room.propose(room.tea, created_at=9)
    room.propose(room.far, room.theirs, room.foreign, created_at=9)
    assert room.stands() == in_step
    id = room.propose(created_at=8)
    room.propose(state=CLOSED, created_at=7)
    assert room.stands() == ("proposed", "Proposed: handrail/x")
    assert room.call(proposal_status, room.org, room.row).link is None
    room.set(ContentSource, room.guides, host_kind=GitHost.GITHUB)
    link = room.call(proposal_status, room.org, room.row).link
    assert link.startswith("https://git.example/a/b/compare/main...handrail/x?")
    assert "Change%20%22Deploy%22" in link
    for source in (room.others, None):
        room.set(Walkthrough, room.row, source_id=source)
        assert room.stands() == in_step
    room.set(Walkthrough, room.row, source_id=room.guides, updated_at=2_000, folder="deploy")

    room.set(Proposal, id, state=CLOSED)
    assert room.stands() == ("closed", "Closed: its branch is gone, unmerged")
    room.set(Walkthrough, room.row, updated_at=2_001)
    assert room.stands() == in_step

    room.set(Proposal, id, state=MERGED)
    waiting = AwaitingApproval("c", "f", ("why",), None)
    mistake = [Problem("walkthroughs/deploy/walkthrough.yml", 1, "wrong")]
    elsewhere = [Problem("walkthroughs/deploy-2/walkthrough.yml", 1, "wrong")]
    away, mine = {"newest_commit": "n", "synced_commit": "s"}, {"newest_commit": "s"}
    mistaken = mine | {"problems": mistake}
    for source, row, live, words in [
        ({}, {}, {}, "applies next"),
        ({"synced_at": 2_000}, {}, {}, "applies next"),
        ({"synced_at": 2_001}, {}, {}, None),
        ({}, {"updated_at": 0}, {}, "applies next"),
        ({"held_at": 1}, {}, {}, "applies when the source is resumed"),
        ({"awaiting_approval": waiting}, {}, {}, "applies when the plan is approved"),
        ({"awaiting_approval": waiting, "held_at": 1}, {}, {}, "applies when the plan is approved"),
        (mine, {}, {}, None),
        (mine | {"held_at": 1}, {}, {}, None),
        (mistaken, {}, {}, "but a mistake in its files keeps it from going live"),
        (mistaken, {}, {"updated_at": 2_000}, None),
        (mistaken, {}, {"updated_at": 2_001}, None),
        (mistaken, {}, {"digest": "other"}, None),
        (mistaken, {"digest": "z"}, {"digest": "a"}, "but a mistake in its files keeps it from "
         "going live"),
        (mine | {"problems": elsewhere}, {}, {}, None),
        ({"problems": mistake}, {}, {}, "applies next"),
    ]:  # fmt: skip
        nothing = {"held_at": None, "awaiting_approval": None, "problems": (), "synced_at": None}
        room.set(ContentSource, room.guides, **nothing | away | source)
        room.set(Proposal, id, **{"updated_at": 2_000, "digest": "other"} | row)
        room.set(Walkthrough, room.row, **{"updated_at": 1_000, "digest": "live"} | live)
        told = ("merged", f"Merged, {words}") if words else in_step
        assert room.stands() == told, (source, row, live)


def test_proposals_are_of_one_organization_walkthrough_and_source(room):
    first = room.propose(state=MERGED, created_at=1)
    second = room.propose(created_at=2)
    others = room.propose(room.beside, room.others, created_at=3)
    foreign = room.propose(room.far, room.theirs, room.foreign, created_at=4)

    def listed(**of):
        return [each.id for each in room.call(list_proposals, **of)]

    assert listed() == [foreign, others, second, first]
    assert listed(organization_id=room.org) == [others, second, first]
    assert listed(source_id=room.guides) == [second, first]
    assert listed(organization_id=room.foreign, source_id=room.guides) == []
    assert room.call(last_proposal, room.org, room.row).id == second
    assert room.call(last_proposal, room.foreign, room.row) is None
    assert room.call(last_proposal, room.org, room.tea) is None

    for row in (room.row, room.tea):
        assert room.call(read_walkthrough_row, room.org, row).id == row
    with pytest.raises(WalkthroughNotFound):
        room.call(read_walkthrough_row, room.foreign, room.row)
    with room.database.transaction() as session:
        row = session.get_one(Walkthrough, room.row)
        guides, beside = (session.get_one(ContentSource, x) for x in (room.guides, room.others))
        assert end_at_other_source(session, row, guides).id == second
        assert end_at_other_source(session, row, beside) is None
        assert session.get_one(Proposal, second).state is CLOSED
        assert session.get_one(Proposal, first).state is MERGED


def test_a_draft_stays_a_proposal_while_that_is_open_and_is_put_aside_once_it_is_live(room):
    def write(row):
        begun = room.call(proposal_drafts.begin, room.org, row, "ana")
        room.call(proposal_drafts.mark_proposed, room.org, row, begun.draft)

    def is_proposal(row=room.row):
        with room.database.transaction() as session:
            return session.query(WalkthroughDraft).filter_by(walkthrough_id=row).one().is_proposal

    def is_kept_by_discard():
        write(room.row)
        room.call(proposal_drafts.discard, room.org, room.row, "ana")
        return is_proposal()

    room.propose(room.tea)
    assert not is_kept_by_discard()
    id = room.propose(source=room.others)
    assert not is_kept_by_discard()
    room.set(Proposal, id, source_id=room.guides)
    assert is_kept_by_discard()
    room.set(Proposal, id, state=MERGED)
    assert not is_kept_by_discard()

    # Once the proposal is merged and live, its draft is put aside: that of this source.
    for row in (room.row, room.tea, room.beside):
        write(row)
    room.propose(room.beside, room.others, state=MERGED)
    conclude_drafts(room.database, ContentSource(id=room.guides, organization_id=room.foreign))
    assert is_proposal()
    conclude_drafts(room.database, room.source(room.guides))
    assert [is_proposal(row) for row in (room.row, room.tea, room.beside)] == [False, True, True]
    conclude_drafts(room.database, room.source(room.others))
    assert not is_proposal(room.beside)
