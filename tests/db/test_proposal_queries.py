"""Of all that was proposed, what is live is merged: by walkthrough, text and time."""

from sqlalchemy import update

from sync.git.repository import Repository
from sync.proposals.outcome import follow, follow_after_fetch, follow_unmoved, read_open
from tests.builders import content, new_course, organization, walkthrough
from tests.git_history import History
from tests.turns import take_turns
from walkthroughs.enums import ProposalState
from walkthroughs.models import ContentSource, Proposal, WalkthroughVersion

OPEN, MERGED, CLOSED = ProposalState.OPEN, ProposalState.MERGED, ProposalState.CLOSED


def proposed(session, owner, row, source, digest, state=OPEN):
    made = Proposal(
        organization_id=owner, walkthrough_id=row, source_id=source.id, branch=f"handrail/{row}",
        git_commit="c", base_commit="b", author="Ana <ana@acme.example>", digest=digest,
        state=state, updated_at=1_000,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def test_what_is_live_is_merged_and_nothing_else_is(database):
    with database.transaction() as session:
        caller, row = new_course(session)
        owner, foreign = caller.organization_id, organization(session, "foreign").id
        tea = walkthrough(session, owner, content(id="tea", title="Tea"))
        far = walkthrough(session, foreign, content(id="far", title="Far"))
        sources = [
            ContentSource(organization_id=each, name=name, url=f"https://git.example/{name}")
            for each, name in ((owner, "guides"), (owner, "others"), (foreign, "guides"))
        ]
        session.add_all(sources)
        session.flush()
        session.execute(update(WalkthroughVersion).values(created_at=1_000))
        digests = {each.walkthrough_id: each.digest for each in session.query(WalkthroughVersion)}
        # What is scanned first is of others.
        proposed(session, foreign, far, sources[2], digests[far])
        proposed(session, owner, tea, sources[1], digests[row])
        proposed(session, owner, row, sources[0], digests[row], MERGED)
        proposed(session, owner, row, sources[0], digests[row])
        session.expunge_all()

    def follow(**values):
        with database.transaction() as session:
            own = update(Proposal).where(Proposal.source_id == sources[0].id)
            if values:
                session.execute(own.where(Proposal.state == OPEN).values(**values))
        for source in sources[:2]:
            rows = read_open(database, source)
            heads = {each.branch: "c" for each in rows}
            follow_unmoved(database, source, None, rows, heads)
        with database.transaction() as session:
            found = session.query(Proposal.walkthrough_id, Proposal.state)
            return sorted(state for each, state in found if each == row), {
                each: state for each, state in found if each != row
            }

    beside = {far: OPEN, tea: OPEN}
    assert [len(read_open(database, each)) for each in sources] == [1, 1, 1]
    assert follow(updated_at=1_001) == (sorted([MERGED, OPEN]), beside)
    assert follow(updated_at=1_000, digest="another") == (sorted([MERGED, OPEN]), beside)
    assert follow(digest=digests[tea]) == (sorted([MERGED, OPEN]), beside)
    assert follow(digest=digests[row]) == ([MERGED, MERGED], beside)
    assert [len(read_open(database, each)) for each in sources] == [0, 1, 1]


def test_a_proposal_is_merged_by_its_commit_or_by_its_files_and_closed_without_its_branch(
    database, tmp_path
):
    made = History(tmp_path / "copy")
    made.add("base", {"a": "1", "b": "1"})
    made.add("same", {"a": "1", "b": "1"}, "base")
    made.add("ours", {"a": "2", "b": "1"}, "base")
    made.add("away", {"a": "1", "b": "2"}, "base")
    made.add("back", {"a": "1", "b": "1"}, "away")
    made.add("merge", {"a": "2", "b": "2"}, "away", "ours")
    made.add("squash", {"a": "2", "b": "2"}, "away")
    for number in range(1, 22):
        before = f"later-{number - 1}" if number > 1 else "squash"
        made.add(f"later-{number}", {"a": f"x{number}", "b": "2"}, before)
    with database.transaction() as session:
        caller, row = new_course(session)
        owner = caller.organization_id
        source = ContentSource(organization_id=owner, name="guides", url="https://git.example/a")
        session.add(source)
        session.flush()
        proposed(session, owner, row, source, "none", MERGED)
        id = proposed(session, owner, row, source, "none").id
        session.expunge_all()

    def stored():
        with database.transaction() as session:
            return session.get_one(Proposal, id)

    def followed(head, branch="x", stays=OPEN, base="base", commit="ours"):
        with database.transaction() as session:
            values = {
                "state": stays, "updated_at": 1_000, "git_commit": made[commit],
                "base_commit": made[base] if base else "0" * 40,
            }  # fmt: skip
            session.execute(update(Proposal).where(Proposal.id == id).values(**values))
        seen = stored()
        seen.state = OPEN
        heads = {"main": made[head], f"handrail/{row}" if branch else "other": "c"}
        follow(database, made.repository, [seen], heads, "main")
        assert (stored().updated_at > 1_000) == (stored().state is not stays)
        return stored().state

    assert followed("base") == OPEN
    assert followed("away") == OPEN
    assert followed("away", branch=None) == CLOSED
    assert followed("merge") == followed("ours") == followed("squash") == MERGED
    # A branch that is gone by now was merged all the same.
    assert followed("squash", branch=None) == MERGED
    assert followed("later-19") == MERGED
    assert followed("later-20") == OPEN
    assert followed("squash", base=None) == OPEN
    # A commit without changes is in the branch by its id only.
    assert followed("back", commit="same") == OPEN
    # Another process has ended it since it was read.
    assert followed("away", branch=None, stays=MERGED) == MERGED
    assert followed("merge", stays=CLOSED) == CLOSED
    with database.transaction() as session:
        first = session.query(Proposal).filter(Proposal.id != id).one()
        assert (first.state, first.updated_at) == (MERGED, 1_000)

    # The host is asked for the branches of what is open, and for nothing else.
    made.git.text("update-ref", "refs/heads/main", made["away"])
    host = Repository(made.git, str(tmp_path / "copy"), "main")
    followed("base")
    follow_after_fetch(database, source, host, made["away"])
    assert stored().state == CLOSED
    follow_after_fetch(database, source, None, made["away"])
    followed("base")
    follow_unmoved(database, source, host, [stored()], {"main": made["away"]})
    assert stored().state == CLOSED

    # Of two at once, the first has said what became of it.
    followed("base")
    seen = [stored(), stored()]
    states = iter(({"main": made["merge"]}, {"main": made["away"]}))

    def end():
        follow(database, made.repository, [seen.pop()], next(states), "main")

    turns = take_turns(database, end, end)
    turns.first.result()
    turns.second.result()
    assert turns.waited
    assert stored().state == MERGED
