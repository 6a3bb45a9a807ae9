"""A source's life: what waits, what is held, what is remembered, and who works on it."""

import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from sync import queue
from sync.format.export import export
from sync.git import credentials
from sync.git.address import Transport
from sync.git.credentials import DeployKey, Token
from sync.git.errors import CommitUnknown, ContentInvalid, SourceInvalid
from sync.git.objects import Objects
from sync.runs import PlanChanged
from sync.status_report import as_json, as_text
from sync.worker import check_source, run_worker
from tests.builders import DASHBOARD, content, server, step, walkthrough
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.crypto import decrypt, encrypt
from walkthroughs.enums import OnRewrite
from walkthroughs.errors import HandrailError, ManagedByGit
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing import writer

# What waits.


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
    assert "approve with: flask sync apply content --approve" in as_text(synced.status())


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


# Held, and back.


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


def test_status_tells_of_each_walkthrough_what_waits_and_what_is_wrong(synced):
    synced.set(held_at=now_ms())
    synced.author.write("one", "two")
    synced.author.write("one", name="fresh")
    synced.author.write("solo", name="other", head="statu: x")
    synced.sync()
    items = {item.id: item for item in synced.status().walkthroughs}

    assert (items["deploy"].version, items["deploy"].pending) == (1, "structure")
    assert (items["fresh"].version, items["fresh"].pending) == (None, "create")
    assert (items["other"].pending, len(items["other"].problems)) == (None, 1)
    shown = as_text(synced.status())
    assert "deploy: version 1, published, pending: structure" in shown
    assert "other: version 1, published, 1 problem(s)" in shown
    synced.set(held_at=None)
    synced.run()
    assert all(item.pending is None for item in synced.status().walkthroughs)


def test_a_server_that_is_named_later_is_assigned_without_a_version(synced):
    head = "status: published\nservers: [acme, nobody]"
    synced.author.write("solo", name="other", head="status: published")
    synced.sync()
    synced.author.write("solo", name="other", head=head)
    run = synced.sync()
    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/other/walkthrough.yml:1: there is no MCP server "nobody" to assign it to; '
        "make one, or correct the name"
    ]
    with synced.database.transaction() as session:
        server(session, synced.caller.organization_id, "nobody")
    assert synced.plan().changes[0].new_servers == ("nobody",)
    assert synced.run().plan.problems == ()
    assert synced.plan().changes == ()
    assert synced.row("other").version == 1


# What is remembered.


def test_an_unchanged_walkthrough_is_not_read_again(synced, monkeypatch):
    asked = []
    original = Objects.contents

    def watched(self, names, *more):
        asked.append(len(names))
        return original(self, names, *more)

    monkeypatch.setattr(Objects, "contents", watched)
    synced.author.write("solo", "duo", name="other")
    synced.sync()

    assert asked == [1, 1, 1, 1, 3], "the trees from the root down, then a manifest and two steps"
    assert (synced.row("other").version, synced.row().version) == (2, 1)


def test_a_copy_of_an_unchanged_walkthrough_is_refused_with_both_places(synced):
    synced.author.write("one", name="copy", head="status: draft")
    manifest = synced.author.folder / "walkthroughs/copy/walkthrough.yml"
    manifest.write_text(manifest.read_text().replace("id: copy", "id: deploy"))
    run = synced.sync()

    assert [problem.path for problem in run.plan.problems] == [
        "walkthroughs/copy/walkthrough.yml",
        "walkthroughs/deploy/walkthrough.yml",
    ]
    assert (synced.row().version, synced.row().step_count) == (1, 3)


def test_what_somebody_changed_by_hand_is_mended_when_all_is_read_again(synced):
    with synced.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_steps SET content = 'Hacked.' WHERE title = 'One'")
        )
    assert synced.run().plan.changes == ()
    synced.run(read_all=True)

    assert synced.select().step.content == "Do one."


def test_a_one_file_change_writes_rows_of_that_walkthrough_only(synced):
    def rows():
        with synced.database.transaction() as session:
            found = session.execute(
                text(
                    "SELECT id, xmin::text FROM walkthroughs UNION SELECT id, xmin::text FROM walkthrough_steps"
                )
            )
            return {tuple(row) for row in found}

    with synced.database.transaction() as session:
        mine = set(session.scalars(text(
            "SELECT id FROM walkthrough_steps WHERE walkthrough_id = (SELECT id FROM walkthroughs WHERE external_id = 'other')"
            " UNION SELECT id FROM walkthroughs WHERE external_id = 'other'"
        )))  # fmt: skip
    before = rows()
    synced.author.write(("solo", "", "New."), name="other")
    synced.sync()

    assert {row_id for row_id, _ in rows() - before} <= mine


def test_formatting_makes_no_version_and_leaves_the_time_of_the_last_change(synced):
    before = synced.row()
    path = synced.author.folder / "walkthroughs/deploy/steps/one.md"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"  \r\n"))
    run = synced.sync()
    after = synced.row()

    assert run.plan.changes == ()
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    assert after.git_tree != before.git_tree


def test_history_tells_commit_author_and_changes_once(synced):
    synced.author.write("one", "two", "three", "four")
    commit = synced.author.commit()
    synced.run(trigger="webhook")
    synced.run(trigger="poll")
    last = synced.runs()[-1]

    assert len(synced.runs()) == 2
    assert (last.git_commit, last.trigger, last.actor) == (
        commit,
        "webhook",
        "Ana <ana@acme.example>",
    )
    assert last.changes == ['update   deploy  1 -> 2  1 step added ("Four").']
    assert last.finished_at >= last.started_at


def test_status_tells_sync_apart_from_health(synced):
    assert (synced.status().sync, synced.status().health) == ("synced", "healthy")
    synced.author.write("one", head="statu: draft")
    synced.sync()
    assert (synced.status().sync, synced.status().health) == ("synced", "degraded")
    facts = as_json(synced.status())
    assert json.loads(json.dumps(facts)) == facts
    assert "walkthrough.yml:3" in as_text(synced.status())
    synced.set(url=synced.source().url + "-gone")
    check_source(synced.database, synced.settings, synced.source_id)

    assert (synced.status().sync, synced.status().health) == ("unknown", "unreachable")
    assert synced.row().archived_at is None


# Who works on it.


def test_any_number_of_requests_make_one_run(synced):
    with synced.database.transaction() as session:
        for _ in range(50):
            queue.request_sync(session, synced.caller.organization_id, synced.source_id)
    assert queue.is_requested(synced.source())
    check_source(synced.database, synced.settings, synced.source_id)

    assert not queue.is_requested(synced.source())


def test_a_source_that_somebody_works_on_is_left_to_them(synced):
    synced.author.write("one")
    synced.author.commit()
    with queue.claim(synced.database, synced.source_id, wait=True):
        check_source(synced.database, synced.settings, synced.source_id)
        assert synced.row().version == 1
    check_source(synced.database, synced.settings, synced.source_id)

    assert synced.row().version == 2


def test_two_workers_at_once_make_one_version(synced):
    stop = threading.Event()
    workers = [
        threading.Thread(target=run_worker, args=(synced.database, synced.settings, stop))
        for _ in range(2)
    ]
    for each in workers:
        each.start()
    try:
        synced.author.write("one", "two")
        synced.author.commit()
        with synced.database.transaction() as session:
            queue.request_sync(session, synced.caller.organization_id, synced.source_id)
        _until(lambda: synced.row().version == 2)
    finally:
        stop.set()
        for each in workers:
            each.join()

    assert [run.outcome for run in synced.runs()] == ["applied", "applied"]


def test_intervals_differ_a_little_and_all_processes_agree(synced):
    synced.set(interval_seconds=100, checked_at=1_000_000)
    source, times = synced.source(), set()
    for at in range(1_000_000, 1_000_050):
        source.checked_at = at
        times.add(round((queue.due_at(source, 60) - at) / 1000))
        assert queue.due_at(source, 60) == queue.due_at(source, 60)

    assert min(times) >= 80
    assert max(times) <= 120
    assert len(times) > 10


# Who owns what.


def test_export_commit_adopt_is_an_empty_plan_and_moves_nobody(synced, database):
    owner = synced.caller.organization_id
    wanted = content(
        id="tea", steps=(step("boil", section="Start", verify="It boils."), step("brew"))
    )
    with database.transaction() as session:
        row = walkthrough(session, owner, wanted, server_id=synced.caller.server_id)
    view = progress.select(database, ContentCache(), synced.caller, row, resume=True)
    brew = synced.next(view.step.id).step.id
    authored = AuthoredWalkthrough(wanted, is_published=True)
    for path, text_ in export(authored).items():
        file = synced.author.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text_)
    synced.author.commit()
    with database.transaction() as session:
        writer.adopt(session, owner, row, synced.source_id)

    assert synced.plan().changes == ()
    assert synced.run().plan.changes == ()
    assert (
        progress.select(database, ContentCache(), synced.caller, row, resume=True).step.id == brew
    )
    with database.transaction() as session, pytest.raises(ManagedByGit):
        writer.publish(session, owner, row, wanted, DASHBOARD)
    with database.transaction() as session:
        writer.detach(session, owner, row, synced.source_id)
        writer.publish(session, owner, row, content(id="tea"), DASHBOARD)


def test_a_hundred_thousand_learners_cost_a_sync_nothing(synced, database):
    owner = {"org": synced.caller.organization_id, "row": synced.row().id}
    synced.select()

    def seconds(*steps):
        synced.author.write(*steps)
        synced.author.commit()
        began = time.perf_counter()
        synced.run(trigger="poll")
        return time.perf_counter() - began

    none = min(
        seconds("one", "two"), seconds("two", "three", "one"), seconds("one", "two", "three")
    )
    with database.transaction() as session:
        session.execute(
            text("""
            INSERT INTO mcp_server_user (id, organization_id, email, created_at)
            SELECT 'msu' || n, :org, n || '@x.example', 0 FROM generate_series(1, 100000) n"""),
            owner,
        )
        session.execute(text("""
            INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
                   mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
            SELECT 'wp' || n, organization_id, 'msu' || n, walkthrough_id, mcp_server_id,
                   current_step_id, status, completed_steps, started_at, version, active_at
              FROM walkthrough_progress, generate_series(1, 100000) n WHERE organization_id = :org"""), owner)  # fmt: skip
    before = _newest_write(database)
    many = min(seconds("two"), seconds("two", "one"), seconds("one", "three", "two"))

    assert _newest_write(database) == before
    assert many < 3 * none + 0.05, (none, many)


def _newest_write(database):
    with database.transaction() as session:
        query = text("SELECT count(*), max(xmin::text::bigint) FROM walkthrough_progress")
        return tuple(session.execute(query).one())


# Secrets.


def test_a_credential_under_a_lost_key_is_a_trouble_of_its_source_alone(synced):
    synced.set(credential=credentials.encrypt_credential("another key", Token("t")))
    check_source(synced.database, synced.settings, synced.source_id)

    assert "another HANDRAIL_SECRET_KEY" in synced.source().error
    assert synced.status().health == "unreachable"


def test_a_credential_is_stored_sealed_and_fits_its_address(synced):
    stored = credentials.encrypt_credential("key", Token("ghp_secret"))

    assert "ghp_secret" not in stored
    assert "ghp_secret" not in repr(credentials.decrypt_credential("key", stored))
    assert credentials.decrypt_credential("key", stored) == Token("ghp_secret")
    with pytest.raises(HandrailError, match="another HANDRAIL_SECRET_KEY"):
        credentials.decrypt_credential("other", stored)
    for url, credential in (
        ("ssh://git@x.example/x", Token("t")),
        ("https://x.example/x", DeployKey("k", "x.example ssh-ed25519 AAAA")),
        ("ssh://git@x.example/x", DeployKey("k", " ")),
    ):
        with pytest.raises(HandrailError):
            credentials.check_fits_url(url, credential)
    assert decrypt("k", encrypt("k", "x")) == "x"


def test_a_deploy_key_is_in_a_file_of_ours_only_while_git_runs():
    with credentials.environment(
        "ssh://git@x.example/x", DeployKey("PRIVATE", "x.example k"), Transport()
    ) as variables:
        command = variables["GIT_SSH_COMMAND"]
        path = Path(command.split(" -i ")[1])
        assert path.read_text() == "PRIVATE\n"
        assert path.stat().st_mode & 0o077 == 0
        assert "PRIVATE" not in command
        assert "StrictHostKeyChecking=yes" in command
    assert not path.exists()


def _until(done):
    pause = threading.Event()
    for _ in range(200):
        if done():
            return
        pause.wait(0.05)
    pytest.fail("it did not happen within ten seconds")
