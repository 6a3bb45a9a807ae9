"""The pages and tables of content sources: what they tell, and who may act."""

from tests.builders import content, walkthrough
from tests.dashboard import app, owner, said, site
from walkthroughs.content.problems import Problem
from walkthroughs.models import (
    AuditEvent,
    AwaitingApproval,
    ContentSource,
    PendingChange,
    SyncRun,
)
from walkthroughs.publishing.origin import Origin

__all__ = ["app", "owner", "site"]


def test_the_page_of_a_source_tells_what_waits_and_what_is_wrong(owner, site, database):
    org = site["acme"][0]
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="guides", url="https://x.example/x", newest_commit="c" * 40,
            awaiting_approval=AwaitingApproval("c0", "f00", ("it archives all 3 walkthroughs",)),
            problems=[Problem("a.yml", 3, "a mistake")],
        )  # fmt: skip
        session.add(source)
        session.flush()
        path = f"/o/acme/admin/git/{source.id}/"
    page = said(owner.get(path)) + said(owner.get(f"{path}?tab=problems"))

    for words in (
        "it archives all 3 walkthroughs",
        "--approve f00",
        "a.yml:3",
        "Apply 0 changes",
        "Waits for you: it archives all 3 walkthroughs",
    ):
        assert words in page


def test_an_owner_approves_the_very_plan_that_waits_and_to_no_other(owner, site, database):
    with database.transaction() as session:
        source = ContentSource(
            organization_id=site["acme"][0], name="guides", url="https://x.example/x",
            awaiting_approval=AwaitingApproval("c0", "f00", ("it archives all 3 walkthroughs",)),
            pending_changes=[PendingChange("deploy", "archive")],
        )  # fmt: skip
        session.add(source)
        session.flush()
        made = source.id
    page = f"/o/acme/admin/git/{made}/"
    assert "goes into the archive" in said(owner.get(page))
    for fingerprint, agreed in (("0ld", None), ("f00", "f00")):
        owner.post(
            f"{page}approve",
            page=page,
            fingerprint=fingerprint,
        )
        with database.transaction() as session:
            stored = session.get_one(ContentSource, made).approval
        assert (stored and stored.fingerprint) == agreed

    assert "has approved" in said(owner.get(page))
    with database.transaction() as session:
        (told,) = session.query(AuditEvent).filter_by(kind="source").all()
    assert (told.actor, told.verb, told.title) == ("owner@acme.example", "source.approve", "guides")
    assert told.after == {"approval": "f00"}


def test_an_owner_asks_for_a_sync_and_holds_a_source_and_others_do_not(app, owner, site, database):
    made = {}
    with database.transaction() as session:
        for slug in ("acme", "other"):
            source = ContentSource(
                organization_id=site[slug][0], name="guides", url="https://x.example/x"
            )
            session.add(source)
            session.flush()
            made[slug] = source.id
    page = "/o/acme/admin/tables/mcp_servers/new/"
    assert owner.post(f"/o/acme/admin/git/{made['acme']}/sync", page=page).status_code == 303
    assert (
        owner.post(f"/o/acme/admin/git/{made['acme']}/hold", page=page, held="1").status_code == 303
    )
    assert owner.post(f"/o/acme/admin/git/{made['other']}/sync", page=page).status_code == 404
    assert (
        owner.post(f"/o/acme/admin/git/{made['other']}/hold", page=page, held="1").status_code
        == 404
    )

    with database.transaction() as session:
        mine, theirs = (session.get_one(ContentSource, made[slug]) for slug in ("acme", "other"))
        assert (bool(mine.requested_at), bool(mine.held_at)) == (True, True)
        assert (theirs.requested_at, theirs.held_at) == (None, None)


def test_secrets_of_a_source_are_on_no_page(owner, site, database):
    with database.transaction() as session:
        source = ContentSource(
            organization_id=site["acme"][0], name="guides", url="https://x.example/x",
            credential="SEALED", webhook_secret="SEALED", check_token_hash="SEALED",
        )  # fmt: skip
        session.add(source)
        session.flush()
        row = source.id
    for path in ("", f"details/?id={row}", "export/csv/"):
        assert "SEALED" not in said(owner.get(f"/o/acme/admin/tables/content_sources/{path}"))
    for tab in ("plan", "runs", "problems", "settings"):
        assert "SEALED" not in said(owner.get(f"/o/acme/admin/git/{row}/?tab={tab}"))


def test_hostile_words_of_a_commit_are_shown_as_words(owner, site, database):
    org, words = site["acme"][0], "<script>alert(1)</script>\"'&amp;"
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="git", url="https://x.example/x", newest_commit="c" * 40,
            problems=[Problem(f"{words}.yml", 3, words)], error=words,
        )  # fmt: skip
        session.add(source)
        session.flush()
        origin = Origin(source.id, "c" * 40, f"{words} <eve@x.example>")
        wanted = content(id="evil", title=words, description=words)
        row = walkthrough(session, org, wanted, origin=origin)
        session.add(
            SyncRun(
                organization_id=org, source_id=source.id, trigger="poll", actor=origin.author,
                started_at=0, finished_at=1, outcome="applied", changes=[words], problem_count=0,
                message=words,
            )
        )  # fmt: skip
    for path in (
        "walkthroughs/",
        f"walkthroughs/details/?id={row}",
        "walkthrough_steps/",
        "walkthrough_versions/",
        "content_sources/",
        "../git/",
        f"../git/{source.id}/",
        f"../git/{source.id}/?tab=runs",
        f"../git/{source.id}/?tab=problems",
    ):
        answer = owner.get(f"/o/acme/admin/tables/{path}".replace("tables/../", ""))
        assert answer.status_code == 200, path
        assert "<script>alert" not in said(answer), path
        assert "&lt;script&gt;alert(1)" in said(answer) or path == "content_sources/", path
