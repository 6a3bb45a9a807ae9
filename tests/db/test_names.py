"""Names that some machine cannot write or tell apart: no file is checked out, so none is lost."""

import pytest

from sync.git.errors import RepositoryUnavailable
from tests.db.test_sizes import Plumbing

NFC, NFD = "caf\u00e9", "cafe\u0301"
MANIFEST = b"""id: deploy
title: Deploy
status: published
servers: [acme]
steps:
"""


def walkthrough(git, steps, more=()):
    """Return the tree of the walkthrough "deploy"; *steps* and *more* are names of files."""
    listed = "".join(f'  - "steps/{name}"\n' for name in steps).encode()
    files = [
        (name, git.blob(f"---\nid: s{number}\ntitle: S{number}\n---\nDo it.\n".encode()))
        for number, name in enumerate(steps)
    ]
    stray = git.blob(b"Not a step.\n")
    inside = [
        ("40000", "steps", tree_of(git, [("100644", name, oid) for name, oid in files])),
        ("100644", "walkthrough.yml", git.blob(MANIFEST + listed)),
        *(("100644", name, stray) for name in more),
    ]
    return tree_of(git, inside)


def tree_of(git, entries):
    """Write a tree; Git wants its entries in the order of their bytes, folders as if with a slash."""
    ordered = sorted(
        entries, key=lambda each: each[1].encode() + (b"/" if each[0] == "40000" else b"")
    )
    return git.tree(*ordered)


def publish(synced, git, deploy, *beside):
    """Put the walkthrough's tree live, with what is *beside* it in the folder of all."""
    other = git.git("rev-parse", "HEAD:walkthroughs/other")
    folders = [("40000", "deploy", deploy), ("40000", "other", other), *beside]
    root = tree_of(git, [("40000", "walkthroughs", tree_of(git, folders))])
    git.git("update-ref", "refs/heads/main", git.commit(root))
    return synced.run()


def live(synced):
    row = synced.row()
    return row.version, row.step_count, row.archived_at


@pytest.fixture
def git(synced):
    return Plumbing(synced.author.folder)


@pytest.mark.parametrize(
    "names",
    [
        ("README.md", "Readme.md", "readme.md"),
        (f"{NFC}.md", f"{NFD}.md"),
        ("notes.", "notes ", "notes", " notes", "notes.md.", "notes.md "),
        ("con", "aux.md", "NUL", "com1.md", "a:b.md", "a*b?.md", '"quoted".md', "a|b<c>.md"),
        ("x" * 255, "y" * 3_990 + ".md", "z" * 4_096),
        ("-rf.md", "--upload-pack=id", "..\\..\\x.md", "a\\b.md", "a\tb.md", "a\nb.md", "\x7f.md"),
        ("a\u202eb.md", "a\u200bb.md", "\ufeff.md", "\U000e0041.md"),
    ],
    ids=["case", "accents", "ends", "windows", "long", "control", "unseen"],
)
def test_odd_names_beside_a_walkthrough_are_harmless(synced, git, names):
    run = publish(synced, git, walkthrough(git, ["a.md", "b.md"], names))

    assert run.plan.problems == ()
    assert live(synced) == (2, 2, None)


@pytest.mark.parametrize(
    "names",
    [
        ("Readme.md", "readme.md"),
        (f"{NFC}.md", f"{NFD}.md"),
        ("a .md", "a..md", " a.md"),
        ("n" * 3_990 + ".md", "o" * 4_093 + ".md"),
    ],
    ids=["case", "accents", "ends", "long"],
)
def test_steps_whose_names_are_the_same_elsewhere_are_two_steps_here(synced, git, names):
    run = publish(synced, git, walkthrough(git, names))

    assert run.plan.problems == ()
    assert live(synced) == (2, len(names), None)


@pytest.mark.parametrize(
    ("listed", "there"),
    [("readme.md", "README.md"), (f"{NFC}.md", f"{NFD}.md"), ("a.md", "a.md "), ("a.md", "a.md.")],
)
def test_a_name_is_that_very_name_and_the_walkthrough_with_another_is_refused(
    synced, git, listed, there
):
    tree = walkthrough(git, [listed])
    steps = git.git("rev-parse", f"{tree}:steps")
    blob = git.git("ls-tree", steps).split()[2]
    manifest = git.git("rev-parse", f"{tree}:walkthrough.yml")
    renamed = tree_of(git, [("100644", there, blob)])
    deploy = tree_of(git, [("40000", "steps", renamed), ("100644", "walkthrough.yml", manifest)])
    run = publish(synced, git, deploy)

    assert any(f'"steps/{listed}" is not there' in str(problem) for problem in run.plan.problems)
    assert live(synced) == (1, 3, None)


@pytest.mark.parametrize("name", ["deploy.", "deploy ", "Deploy", NFC, NFD, "d" * 4_000, "d..e"])
def test_a_folder_may_be_called_what_it_likes(synced, git, name):
    manifest = git.blob(b"id: mine\ntitle: Mine\nsteps:\n  - steps/one.md\n")
    step = git.blob(b"---\nid: one\ntitle: One\n---\nDo it.\n")
    mine = tree_of(
        git,
        [
            ("40000", "steps", tree_of(git, [("100644", "one.md", step)])),
            ("100644", "walkthrough.yml", manifest),
        ],
    )
    run = publish(synced, git, walkthrough(git, ["a.md"]), ("40000", name, mine))

    assert run.plan.problems == ()
    assert (live(synced), synced.row("mine").folder) == ((2, 1, None), name)


def test_a_path_of_four_thousand_bytes_is_deeper_than_anybody_looks_and_is_left_out(synced, git):
    inner = tree_of(git, [("100644", "deep.md", git.blob(b"Nobody sees it.\n"))])
    for number in range(20):
        inner = tree_of(git, [("40000", f"{number:03}".ljust(200, "x"), inner)])
    deploy = walkthrough(git, ["a.md", "b.md"])
    entries = [
        (mode.lstrip("0"), name, oid)
        for mode, _, oid, name in (line.split() for line in git.git("ls-tree", deploy).splitlines())
    ]
    run = publish(synced, git, tree_of(git, [*entries, ("40000", "assets", inner)]))

    assert run.plan.problems == ()
    assert live(synced) == (2, 2, None)


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "git~1", ".git ", ".g\u200cit"])
def test_a_name_that_only_an_attacker_writes_is_refused_with_its_commit(synced, git, name):
    evil = tree_of(git, [("100644", "config", git.blob(b"[core]\n"))])
    with pytest.raises(RepositoryUnavailable, match="could not fetch"):
        publish(synced, git, walkthrough(git, ["a.md"]), ("40000", name, evil))
    assert live(synced) == (1, 3, None)
    assert synced.status().health == "unreachable"
    synced.author.repository.git.update_ref("refs/heads/main", synced.source().synced_commit)
    synced.run()

    assert (live(synced), synced.status().health) == ((1, 3, None), "healthy")
