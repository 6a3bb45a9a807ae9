"""What is little in Git and much once it is read costs bounded memory, and the rest stays live."""

import pytest

from tests.children import run_in_child
from tests.db.test_sizes import Plumbing, sync_and_measure

_MOST_KIB = 32 * 1024
_FOLDERS = 3_000
_MANIFEST = b"id: deploy\ntitle: Deploy\nsteps: [one.md]\n"
_STEP = b"---\nid: one\ntitle: One\n---\nDo.\n"


def shared(git, count, **files):
    """A tree of so many folders, all of which are one tree in Git."""
    named = sorted((name.replace("_", "."), content) for name, content in files.items())
    each = git.tree(*(("100644", name, git.blob(content)) for name, content in named))
    folders = git.tree(*(("40000", f"{number:07}", each) for number in range(count)))
    return git.tree(("40000", "walkthroughs", folders))


def one_id(git):
    """Each folder has the id of all others."""
    return shared(git, _FOLDERS, walkthrough_yml=_MANIFEST, one_md=_STEP)


def many_mistakes(git):
    """Each folder lists a hundred files that are not there."""
    missing = "".join(f"  - {number:03}{'x' * 300}.md\n" for number in range(100))
    return shared(
        git, _FOLDERS, walkthrough_yml=f"id: deploy\ntitle: D\nsteps:\n{missing}".encode()
    )


def many_steps(git):
    """Each folder has the thousand steps of all others, and their id."""
    listed = "".join(f"  - {number:03}.md\n" for number in range(1000))
    steps = {f"{number:03}_md": f"---\nid: s{number}\ntitle: {'T' * 200}\n---\n".encode()
             for number in range(1000)}  # fmt: skip
    manifest = f"id: deploy\ntitle: Deploy\nsteps:\n{listed}".encode()
    return shared(git, 60, walkthrough_yml=manifest, **steps)


def many_files(git):
    """Each folder has nearly as many files as it may."""
    blob = git.blob(b"x")
    files = (("100644", f"{number:04}{'x' * 200}.md", blob) for number in range(3_900))
    each = git.tree(*files)
    folders = git.tree(*(("40000", f"{number:07}", each) for number in range(100)))
    return git.tree(("40000", "walkthroughs", folders))


def long_names(git):
    """Names that Git takes, one in another: each path repeats those above it."""
    blob = git.blob(b"x")
    each = git.tree(*(("100644", f"{number:04}.md", blob) for number in range(3_900)))
    for letter in "abcdef":
        each = git.tree(("40000", letter * 4_000, each))
    folders = git.tree(*(("40000", f"{number:07}", each) for number in range(20)))
    return git.tree(("40000", "walkthroughs", folders))


def long_name(git):
    """A folder whose name stands before that of each of its files."""
    blob = git.blob(b"x")
    each = git.tree(*(("100644", f"{number:04}.md", blob) for number in range(1_000)))
    good = git.tree(
        ("100644", "one.md", git.blob(_STEP)), ("100644", "walkthrough.yml", git.blob(_MANIFEST))
    )
    folders = git.tree(("40000", "deploy", good), ("40000", "x" * 200_000, each))
    return git.tree(("40000", "walkthroughs", folders))


@pytest.mark.parametrize(
    ("make", "count", "expected"),
    [
        (one_id, 1001, "walkthroughs/0000000/walkthrough.yml:1: the id \"deploy\" is also in "
         "walkthroughs/0000001/walkthrough.yml, walkthroughs/0000002/walkthrough.yml, "
         "walkthroughs/0000003/walkthrough.yml and 2,996 more"),
        (many_mistakes, 1001, "is not there"),
        (many_steps, 60, "and 56 more"),
        (many_files, 100, "the 3,900 Markdown file(s) are not read"),
        (long_name, 0, None),
        (long_names, 1, "walkthroughs:1: no walkthrough is here"),
    ],
)  # fmt: skip
def test_what_a_small_repository_multiplies_is_told_in_bounded_memory(
    synced, postgres, make, count, expected
):
    git = Plumbing(synced.author.folder)
    commit = git.commit(make(git))
    grown, said = run_in_child(
        sync_and_measure, postgres, synced.settings, synced.source_id, synced.author.folder, commit
    )

    assert len(said) == count
    assert max(map(len, said), default=0) < 1500
    assert expected is None or any(expected in each for each in said)
    assert grown < _MOST_KIB
    if expected:
        assert (synced.row().version, synced.row().archived_at) == (1, None)


def test_more_folders_than_a_source_may_have_are_one_problem_and_archive_nothing(synced, postgres):
    git = Plumbing(synced.author.folder)
    commit = git.commit(shared(git, 10_001, walkthrough_yml=_MANIFEST, one_md=_STEP))
    grown, said = run_in_child(
        sync_and_measure, postgres, synced.settings, synced.source_id, synced.author.folder, commit
    )

    assert said == [
        "walkthroughs:1: 10,001 folders; a content source has at most 10,000 walkthroughs. "
        "Split the repository, or let several sources read several folders of it"
    ]
    assert grown < _MOST_KIB
    assert (synced.row().archived_at, synced.row("other").archived_at) == (None, None)
    assert synced.status().health == "degraded"
