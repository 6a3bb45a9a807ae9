"""Of all that was proposed, what is live is merged: by walkthrough, text and time."""

from sqlalchemy import update

from sync.proposals.outcome import follow_unmoved, read_open
from tests.builders import content, new_course, organization, walkthrough
from walkthroughs.enums import ProposalState
from walkthroughs.models import ContentSource, Proposal, WalkthroughVersion

OPEN, MERGED = ProposalState.OPEN, ProposalState.MERGED


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
