"""A source's life: what waits, what is held, what is remembered, and who works on it."""

import json
import time

import pytest
from sqlalchemy import text

from sync.format.export import export
from sync.git.objects import Objects
from sync.status_report import as_json, as_text
from sync.worker import check_source
from tests.builders import DASHBOARD, content, server, step, walkthrough
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.errors import ManagedByGit
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing import writer


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
    shown = as_text(synced.status(), "content")
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
        'walkthroughs/other/walkthrough.yml:4: there is no MCP server "nobody" to assign it to; '
        "make one, or correct the name"
    ]
    with synced.database.transaction() as session:
        server(session, synced.caller.organization_id, "nobody")
    assert synced.plan().changes[0].new_servers == ("nobody",)
    assert synced.run().plan.problems == ()
    assert synced.plan().changes == ()
    assert synced.row("other").version == 1


def test_a_server_that_is_made_later_is_looked_for_again(synced):
    synced.author.write("solo", name="other", head="status: published\nservers: [nobody]")
    synced.author.commit()
    check_source(synced.database, synced.settings, synced.source_id)
    check_source(synced.database, synced.settings, synced.source_id)
    assert (len(synced.source().problems), len(synced.runs())) == (1, 2)
    with synced.database.transaction() as session:
        server(session, synced.caller.organization_id, "nobody")
    check_source(synced.database, synced.settings, synced.source_id)

    assert list(synced.source().problems) == []
    assert synced.plan().changes == ()


def test_a_probable_rename_is_told_with_the_line_that_records_it(synced):
    synced.author.write(("uno", "", "Do it."), "two", "three")
    synced.author.commit()

    assert "- {from: one, to: uno}" in synced.plan().impact[-1]


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
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
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
    facts = as_json(synced.status(), "acme", "content")
    assert json.loads(json.dumps(facts)) == facts
    assert "walkthrough.yml:3" in as_text(synced.status(), "content")
    synced.set(url=synced.source().url + "-gone")
    check_source(synced.database, synced.settings, synced.source_id)

    assert (synced.status().sync, synced.status().health) == ("unknown", "unreachable")
    assert synced.row().archived_at is None


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
    for path, data in export(authored).items():
        file = synced.author.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
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


def test_thirty_thousand_learners_cost_a_sync_nothing(synced, database):
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
            SELECT 'msu' || n, :org, n || '@x.example', 0 FROM generate_series(1, 30000) n"""),
            owner,
        )
        session.execute(text("""
            INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
                   mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
            SELECT 'wp' || n, organization_id, 'msu' || n, walkthrough_id, mcp_server_id,
                   current_step_id, status, completed_steps, started_at, version, active_at
              FROM walkthrough_progress, generate_series(1, 30000) n WHERE organization_id = :org"""), owner)  # fmt: skip
    before = _newest_write(database)
    many = min(seconds("two"), seconds("two", "one"), seconds("one", "three", "two"))

    assert _newest_write(database) == before
    assert many < 3 * none + 0.05, (none, many)


def _newest_write(database):
    with database.transaction() as session:
        query = text("SELECT count(*), max(xmin::text::bigint) FROM walkthrough_progress")
        return tuple(session.execute(query).one())
