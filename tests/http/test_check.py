"""An author asks the running application what merging a folder would change."""

from __future__ import annotations

from sqlalchemy import text

from sync.format.folder import read_folder
from sync.merge_check.upload import MAX_BYTES, pack
from sync.planning.report import describe
from sync.sync_source import plan_source
from tests.authors import SyncedSource
from tests.builders import problems_in
from tests.checking import machine
from tests.events import move_all
from tests.pictures import picture_file, stored_picture
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import Base, ContentSource

__all__ = ["machine"]


def everything(database):
    with database.transaction() as session:
        return {
            name: session.execute(text(f'SELECT xmin::text, * FROM "{name}"')).all()
            for name in Base.metadata.tables
        }


def test_the_plan_and_what_it_means_for_learners_is_printed_and_nothing_is_written(machine):
    machine.synced.select()
    machine.synced.author.write("two", "three")
    move_all(machine.synced.database)  # the application would, in the middle of this
    before = everything(machine.synced.database)
    found = machine.lint()

    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines() == [
        "content: 1 change(s)",
        '  update   deploy  1 -> 2  1 step removed ("One").',
        "  1 learner is on step 'one', which goes away; they continue at 'two'",
    ]
    assert everything(machine.synced.database) == before


def test_what_a_check_says_is_what_the_plan_says_once_it_is_merged(machine):
    synced = machine.synced
    synced.select()
    progress.select(
        synced.database, ContentCache(), synced.caller, synced.row("other").id, resume=True
    )
    synced.author.write("two", "four")
    synced.author.write("solo", name="new")
    synced.author.write(("bad", "", "<svg>"), name="wrong")
    synced.drop("other")
    said, passes = machine.plan()
    synced.author.commit()
    run = plan_source(synced.database, synced.settings, synced.source_id)

    assert "commit" not in said
    assert (said["source"], said["fingerprint"], said["outcome"]) == ("content", None, None)
    assert said["impact"] == list(run.impact) != []
    assert said["problems"] == [str(problem) for problem in run.problems] != []
    assert said["approval_reasons"] == list(run.approval_reasons) != []
    assert said["changes"] == [describe(change) for change in run.changes]
    assert len(run.changes) == 3
    assert not passes


def test_nothing_to_change_is_said_and_passes(machine):
    found = machine.lint()

    assert (found.exit_code, found.stdout) == (0, "content: 0 change(s)\n")


def test_what_waits_for_approval_is_said_and_passes(machine):
    for name in ("deploy", "other"):
        machine.synced.drop(name)
    machine.synced.author.write("one", name="new")
    found = machine.lint()

    assert "  waits: it archives all 2 walkthroughs" in found.stdout.splitlines()
    assert "approve with" not in found.stdout  # only a commit can be approved
    assert found.exit_code == 0


def test_an_id_that_another_source_owns_is_a_problem_only_the_server_knows(machine):
    synced, organization_id = machine.synced, machine.synced.caller.organization_id
    with synced.database.transaction() as session:
        other = ContentSource(organization_id=organization_id, name="guides", url="/nowhere")
        session.add(other)
        session.flush()
        session.execute(
            text("UPDATE walkthroughs SET source_id = :to WHERE external_id = 'other'"),
            {"to": other.id},
        )
    found = machine.lint()

    assert problems_in(machine.folder) == ()
    assert found.exit_code == 1
    assert found.stdout.splitlines()[1:] == [
        "  problem: walkthroughs/other/walkthrough.yml:1: "
        'the id "other" belongs to the content source "guides"; choose another'
    ]


def test_what_another_organization_has_of_the_same_id_is_not_in_the_way(machine, tmp_path):
    theirs = SyncedSource(
        machine.synced.database, machine.synced.settings, tmp_path / "theirs", slug="other"
    )
    theirs.author.write("a", "b", name="new")
    theirs.sync()
    theirs.author.repository.close()
    machine.synced.author.write("one", name="new")
    said, passes = machine.plan()

    assert said["changes"] == ["create   new  (1 steps)"]
    assert passes


MISTAKES = {
    "not UTF-8": ("steps/one.md", b"---\nid: one\ntitle: Caf\xe9\n---\nDo.\n"),
    "not UTF-8 at all": ("walkthrough.yml", bytes(range(256))),
    "UTF-16": ("steps/one.md", "---\nid: one\n---\n".encode("utf-16")),
    "half a character": ("steps/one.md", b"---\nid: one\ntitle: A\xed\xa0\x80\n---\nDo.\n"),
    "too large": ("steps/one.md", b"---\nid: one\ntitle: A\n---\n" + b"x" * 70_000),
    "a nul": ("steps/one.md", b"---\nid: one\ntitle: A\n---\na\0b\n"),
    "old line endings and a mistake": ("steps/one.md", b"---\rid: one\r---\r<svg>\r"),
    "a mark of order": ("steps/one.md", b"\xef\xbb\xbf---\r\nid: one\r\n---\r\nDo.\r\n"),
    "a picture that is not there": ("steps/one.md", b"---\nid: one\ntitle: A\n---\n![a](b.png)\n"),
    "deep nesting": ("walkthrough.yml", b"id: " + b"[" * 500),
    "a key too many": ("walkthrough.yml", b"id: deploy\ntitel: A\n"),
    "nothing": ("walkthrough.yml", b""),
}


def test_the_server_finds_the_mistakes_that_are_found_offline_and_no_others(machine, subtests):
    base = machine.folder / "walkthroughs" / "deploy"
    for kind, (name, data) in MISTAKES.items():
        right = (base / name).read_bytes()
        with subtests.test(case=kind):
            (base / name).write_bytes(data)
            told = [str(problem) for problem in problems_in(machine.folder)]
            said, passes = machine.plan()
            printed = machine.lint().stdout.splitlines()

            assert said["problems"] == told != []
            assert not passes
            assert printed == [*told, "content: 0 change(s)"]
        (base / name).write_bytes(right)


def test_a_picture_needs_to_be_there_and_is_not_sent(machine):
    picture = machine.folder / "walkthroughs" / "deploy" / "steps" / "a.png"
    picture.write_bytes(picture_file())
    machine.synced.author.write(("one", "", "![a](a.png)"), "two", "three")

    assert len(pack(read_folder(machine.folder))) < 2_000
    assert stored_picture().sha256.encode() in pack(read_folder(machine.folder))
    assert machine.plan()[1]


def test_a_folder_of_three_mib_is_checked_and_one_of_32_is_read(machine):
    for number in range(50):
        text = "".join(f"{line:4} {'word ' * 12}\n" for line in range(900))
        machine.synced.author.write(("one", "", text), name=f"w{number:02}")

    assert "content: 50 change(s)\n" in machine.lint().stdout
    assert machine.post(b"x" * MAX_BYTES).status_code == 400  # read, and no folder
    assert machine.post(b"x" * (MAX_BYTES + 1)).status_code == 413
