"""Content of a hostile size is refused in words, in bounded memory, and what is live stays."""

import resource
import subprocess

import pytest

from bench.sync_repository import add
from sync.git.errors import RepositoryUnavailable
from sync.runs import SyncRequest
from sync.sync_source import sync_source
from tests.children import run_in_child
from walkthroughs.database.pool import connect

_MOST_KIB = 16 * 1024
_ENTRIES = 300_000
_IDENTITY = ("-c", "user.name=Eve", "-c", "user.email=eve@x.example")


class Plumbing:
    """Git's objects, made without files."""

    def __init__(self, folder):
        self._folder = folder

    def git(self, *words, given=b""):
        done = subprocess.run(
            ["git", *_IDENTITY, *words],
            cwd=self._folder,
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def blob(self, content):
        return self.git("hash-object", "-w", "--stdin", given=content)

    def tree(self, *entries):
        """Write a tree of (mode, name, id), which must be in order: `mktree` takes 20 times longer."""
        raw = b"".join(
            f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries
        )
        return self.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=raw)

    def commit(self, tree):
        return self.git("commit-tree", tree, "-p", "HEAD", "-m", "Something large")


def large_blob(git):
    """A walkthrough whose one step is a file of 60 MB."""
    with subprocess.Popen(["head", "-c", "60000000", "/dev/zero"], stdout=subprocess.PIPE) as zeros:
        step = subprocess.run(
            ["git", "-c", "core.bigFileThreshold=1m", "hash-object", "-w", "--stdin"],
            cwd=git._folder, stdin=zeros.stdout, capture_output=True, check=True,
        ).stdout.decode().strip()  # fmt: skip
    return walkthrough(git, git.tree(("100644", "one.md", step)))


def many_steps(git):
    """A walkthrough with 300,000 steps."""
    step = git.blob(b"---\nid: one\ntitle: One\n---\nDo.\n")
    return walkthrough(
        git, git.tree(*(("100644", f"{number:07}.md", step) for number in range(_ENTRIES)))
    )


def many_walkthroughs(git):
    """300,000 walkthroughs."""
    manifest = git.blob(b"id: deploy\ntitle: Deploy\nsteps: []\n")
    each = git.tree(("100644", "walkthrough.yml", manifest))
    folders = git.tree(*(("40000", f"{number:07}", each) for number in range(_ENTRIES)))
    return git.tree(("40000", "walkthroughs", folders))


def walkthrough(git, steps):
    manifest = git.blob(b"id: deploy\ntitle: Deploy\nsteps:\n  - steps/one.md\n")
    inside = git.tree(("40000", "steps", steps), ("100644", "walkthrough.yml", manifest))
    other = git.git("rev-parse", "HEAD:walkthroughs/other")
    return git.tree(
        ("40000", "walkthroughs", git.tree(("40000", "deploy", inside), ("40000", "other", other)))
    )


def sync_and_measure(url, settings, source_id, folder, commit):
    """Sync what is there, then *commit*; return by how many KiB the peak grew, and what was said."""
    database = connect(url)
    try:
        sync_source(database, settings, source_id, SyncRequest(read_all=True))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        subprocess.run(["git", "update-ref", "refs/heads/main", commit], cwd=folder, check=True)
        try:
            run = sync_source(database, settings, source_id)
            said = [str(problem) for problem in run.plan.problems]
        except RepositoryUnavailable as error:
            said = [str(error)]
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, said
    finally:
        database.close()


@pytest.mark.parametrize(
    ("make", "expected", "health"),
    [
        (large_blob, "more than 81,920 characters", "degraded"),
        (many_steps, "far more files than a walkthrough has", "degraded"),
        (many_walkthroughs, "far too many entries", "unreachable"),
    ],
)
def test_what_is_far_too_large_is_one_clear_problem_in_bounded_memory(
    synced, postgres, make, expected, health
):
    git = Plumbing(synced.author.folder)
    commit = git.commit(make(git))
    grown, said = run_in_child(
        sync_and_measure, postgres, synced.settings, synced.source_id, synced.author.folder, commit
    )

    assert len(said) == 1
    assert expected in said[0]
    assert grown < _MOST_KIB
    assert (synced.row().version, synced.row().step_count, synced.row().archived_at) == (1, 3, None)
    assert (synced.row("other").version, synced.status().health) == (1, health)


def test_a_file_larger_than_all_that_is_read_of_a_commit_is_a_problem_of_its_walkthrough(
    synced, monkeypatch
):
    """A step, and beside it a file that no step is: the other walkthrough is live all the same."""
    from sync.git import objects

    monkeypatch.setattr(objects, "_MAX_TEXT_BYTES", 1_000_000)
    (synced.author.folder / "walkthroughs/deploy/steps/one.md").write_text("x" * 2_000_000)
    (synced.author.folder / "walkthroughs/other/notes.md").write_text("x" * 2_000_000)
    synced.author.write("one", "two", name="other")
    problems = synced.sync().plan.problems

    assert "more than 81,920 characters" in " ".join(map(str, problems))
    assert (synced.row().version, synced.row("other").version) == (1, 2)
    assert synced.status().health == "degraded"


def test_an_import_of_five_thousand_files_holds_a_few_of_them_at_a_time(synced, postgres):
    git = Plumbing(synced.author.folder)
    head = git.git("rev-parse", "HEAD")
    add(synced.author.folder, 500)
    commit = git.git("rev-parse", "HEAD")
    git.git("update-ref", "refs/heads/main", head)
    grown, said = run_in_child(
        sync_and_measure, postgres, synced.settings, synced.source_id, synced.author.folder, commit
    )

    assert said == []
    assert grown < _MOST_KIB
    assert synced.row("w00499").step_count == 9
