"""What repositories do to those who sync them, seen in the field: none of it hurts a learner."""

import os
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from sync.git.errors import RepositoryUnavailable
from sync.runs import SyncRequest
from sync.status_report import as_text
from sync.sync_source import sync_source
from tests.authors import SyncedSource
from tests.builders import problems_in
from tests.nasty_steps import done, here
from walkthroughs.models import ContentSource


def test_folders_and_files_renamed_make_no_version(synced):
    place = done(synced)
    base = synced.author.folder / "walkthroughs"
    (base / "deploy").rename(base / "elsewhere")
    (base / "elsewhere/steps/one.md").rename(base / "elsewhere/steps/first.md")
    manifest = base / "elsewhere/walkthrough.yml"
    manifest.write_text(manifest.read_text().replace("one.md", "first.md"))
    run = synced.sync()

    assert (run.plan.changes, run.plan.problems) == ((), ())
    assert (synced.row().version, synced.row().folder) == (1, "elsewhere")
    assert here(synced) == place


def test_an_id_that_two_took_over_converges_when_one_lets_go(synced):
    place = done(synced)
    synced.drop("deploy")
    for name in ("b", "c"):
        synced.author.write("one", "two", "three", name=name)
        path = synced.author.folder / "walkthroughs" / name / "walkthrough.yml"
        path.write_text(path.read_text().replace(f"id: {name}", "id: deploy"))
    run = synced.sync()
    assert len(run.plan.problems) == 2
    assert (synced.row().version, synced.row().archived_at) == (1, None)
    synced.drop("c")
    synced.sync()

    assert (synced.row().folder, synced.row().archived_at) == ("b", None)
    assert here(synced) == place


def test_an_id_changed_and_a_mistake_in_one_commit_converge_when_mended(synced):
    place = done(synced)
    head = "status: published\nservers: [acme]\nmoved:\n  - {from: one, to: uno}"
    synced.author.write("uno", "two", "three", head=head + "\ntitel: x")
    assert synced.sync().plan.problems
    assert here(synced) == place
    synced.author.write("uno", "two", "three", head=head)
    synced.sync()

    assert here(synced) == place
    assert synced.row().version == 2


def test_two_steps_that_swap_ids_swap_their_texts(synced):
    place = done(synced)
    synced.author.write(("one", "", "Do two."), ("two", "", "Do one."), "three")
    synced.sync()

    assert synced.select().step.content == "Do one."
    assert here(synced) == place


def test_a_revert_is_a_new_version_with_the_old_text(synced):
    place = done(synced)
    synced.author.write("one", ("two", "", "Changed."), "three")
    synced.sync()
    synced.author.repository.git.revert("HEAD", "--no-edit")
    sync_source(synced.database, synced.settings, synced.source_id)

    assert synced.row().version == 3
    assert here(synced) == place


def test_a_repository_in_another_hash_is_refused_in_words_and_nothing_changes(synced, tmp_path):
    subprocess.run(
        ["git", "init", "-q", "--object-format=sha256", "-b", "main", tmp_path / "new"], check=True
    )
    synced.set(url=str(tmp_path / "new"))
    with pytest.raises(RepositoryUnavailable):
        synced.run()

    assert synced.row().archived_at is None


def test_an_id_that_another_source_owns_is_refused_with_its_name(synced, tmp_path):
    second = SyncedSource.__new__(SyncedSource)
    second.__dict__ |= synced.__dict__
    second.author = type(synced.author)(tmp_path / "second")
    second.author.write("one", "two")
    second.author.write("mine", name="mine")
    with synced.database.transaction() as session:
        source = ContentSource(
            organization_id=synced.caller.organization_id,
            name="second",
            url=str(tmp_path / "second"),
        )
        session.add(source)
        session.flush()
        second.source_id = source.id
    run = second.sync()
    second.author.repository.close()

    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/deploy/walkthrough.yml:1: the id "deploy" belongs to the content source "content"; choose another'
    ]
    assert (synced.row().source_id, synced.row().step_count) == (synced.source_id, 3)
    assert synced.row("mine").source_id == second.source_id


def commit_as(synced, name):
    """Commit with git itself, which is less strict than the library."""
    identity = ("-c", f"user.name={name}", "-c", "user.email=eve@x.example")
    for words in (("add", "--all"), ("commit", "-q", "-m", "Write")):
        subprocess.run(["git", *identity, *words], cwd=synced.author.folder, check=True)


def test_names_that_are_no_text_are_left_out_and_the_rest_is_synced(synced):
    base = synced.author.folder / "walkthroughs" / "deploy"
    Path(os.fsdecode(bytes(base / "notes") + b"\xff.md")).write_bytes(b"x")
    (base / "empty.md").write_bytes(b"")
    synced.author.write("one", "two")
    commit_as(synced, "Eve")
    run = synced.run()

    assert run.plan.problems == ()
    assert synced.row().step_count == 2


def test_an_empty_step_and_a_pointer_to_a_large_file_are_one_problem_each(synced):
    base = synced.author.folder / "walkthroughs" / "deploy" / "steps"
    (base / "one.md").write_bytes(b"")
    (base / "two.md").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    )
    run = synced.sync()

    assert [(problem.path.split("/")[-1], problem.line) for problem in run.plan.problems] == [
        ("one.md", 1),
        ("two.md", 1),
    ]
    assert synced.row().version == 1


def test_one_bad_of_many_keeps_its_last_good_version_and_the_others_go_on(synced):
    for number in range(30):
        synced.author.write("one", name=f"w{number}")
    synced.author.write("two", head="statu: x")
    run = synced.sync()

    assert (len(run.plan.changes), len(run.plan.problems)) == (30, 1)
    assert synced.row().version == 1
    assert synced.status().health == "degraded"


def test_a_huge_file_is_a_problem_and_costs_no_memory(synced):
    path = synced.author.folder / "walkthroughs" / "deploy" / "steps" / "one.md"
    with path.open("wb") as file:
        file.write(b"---\nid: one\ntitle: One\n---\n" + b"x" * 80_000_000)
    synced.author.commit()
    tracemalloc.start()
    run = sync_source(synced.database, synced.settings, synced.source_id, SyncRequest())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "more than 81,920 characters" in str(run.plan.problems[0])
    assert peak < 16_000_000


def test_hostile_words_of_an_author_stay_words(synced):
    synced.author.write("one")
    commit_as(synced, "'; DROP TABLE walkthroughs; -- \u202e&amp;" + "x" * 500)
    synced.run(trigger="poll")

    assert synced.row().step_count == 1
    assert len(synced.runs()[-1].actor) <= 200


def test_each_mistake_is_the_same_line_in_lint_plan_and_status(synced):
    write, base = synced.author.write, synced.author.folder / "walkthroughs"
    write("one", head="statu: x")
    write("one", name="twice")
    (base / "twice/walkthrough.yml").write_text(
        (base / "twice/walkthrough.yml").read_text().replace("twice", "other")
    )
    write("one", name="yaml")
    (base / "yaml/walkthrough.yml").write_text("id: [\n")
    write("one", name="missing")
    (base / "missing/steps/one.md").unlink()
    write(("one", "", "a\u202eb"), name="hidden")
    write("one", name="nameless")
    path = base / "nameless/steps/one.md"
    path.write_text(path.read_text().replace("id: one\n", ""))
    synced.author.commit()
    planned = [str(problem) for problem in synced.plan().problems]
    synced.run()
    stored = [str(problem) for problem in synced.source().problems]

    assert len(planned) == 7
    assert planned == stored == [str(problem) for problem in problems_in(synced.author.folder)]
    assert all(line in as_text(synced.status(), "content") for line in planned)
