"""Where a proposal begins, and what it changes there, in a repository that others write, too."""

from dataclasses import replace

import pytest

from sync.git.proposal_branch import ProposalBranch
from sync.proposals.errors import NothingToPropose, NotProposed, ProposalConflict
from sync.proposals.plan import Plan, Start, Wanted, choose_start, plan_proposal
from tests.builders import content, step
from tests.git_history import History
from walkthroughs.models import ContentSource

BASE = {
    "walkthroughs/bare/note.md": "No walkthrough.\n",
    "walkthroughs/deploy/walkthrough.yml": (
        "id: deploy\ntitle: Deploy\nsteps:\n  - steps/one.md\n  - steps/two.md\n"
    ),
    "walkthroughs/deploy/steps/one.md": "---\nid: one\ntitle: One\n---\nDo one.\n",
    "walkthroughs/deploy/steps/two.md": "---\nid: two\ntitle: Two\n---\nDo two.\n",
    "walkthroughs/tea/walkthrough.yml": "id: tea\ntitle: Tea\nsteps:\n  - steps/pot.md\n",
    "walkthroughs/tea/steps/pot.md": "---\nid: pot\ntitle: Pot\n---\nDo pot.\n",
}
ONE, TWO = "walkthroughs/deploy/steps/one.md", "walkthroughs/deploy/steps/two.md"
SHORTER = replace(content("one", "two"), steps=(step("one", content="Do it."), step("two")))


def says(path, text):
    return {path: BASE[path].replace("Do ", text)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Commits that stand on `base`, each with what its name says."""
    history = History(tmp_path_factory.mktemp("proposal") / "copy")
    history.add("root", BASE)

    def add(name, files, *parents):
        history.add(name, {f"docs/{path}": text for path, text in files.items()}, *parents)

    add("base", BASE)
    add("ours", BASE | says(ONE, "Ours: "), "base")
    add("two", BASE | says(ONE, "Ours: ") | says(TWO, "Theirs: "), "ours")
    add("one", BASE | says(ONE, "Theirs: "), "base")
    add("gone", {path: text for path, text in BASE.items() if path != ONE}, "base")
    add("wrong", BASE | {TWO: "No front matter.\n"}, "base")
    swapped = {"deploy": "a-shipping", "tea": "deploy", "bare": "bare"}
    moved = {
        "/".join((top, swapped[name], *rest)): text
        for top, name, *rest, text in ((*path.split("/"), text) for path, text in BASE.items())
    }
    add("swapped", moved, "base")
    add("empty", {"walkthroughs/tea/x.md": "x"}, "base")
    return history


def test_a_proposal_begins_at_what_is_live_or_goes_on_top_of_its_branch(made):
    branch = ProposalBranch(made.git, made.repository.url, "handrail/x")

    def start(tip, pushed=None, *, was_merged=False, over=None, live="base"):
        ids = [each and made[each] for each in (live, tip, pushed, over)]
        found = choose_start(
            made.repository, branch, *ids[:3], was_merged=was_merged, over=ids[3]
        )  # fmt: skip
        names = {made[name]: name for name in ("base", "ours", "two", "one", "root")}
        return [names[each] for each in found.parents], names[found.base], found.appends

    assert start(None) == (["base"], "base", False)
    assert start("base", "ours", was_merged=True, live="one") == (["one"], "one", False)
    assert start("ours", "ours", was_merged=True) == (["base", "ours"], "base", False)
    assert start("ours", "ours") == (["ours"], "ours", True)
    assert start("two", "ours") == (["two"], "ours", True)
    assert start("two", "ours", over="two") == (["two"], "two", True)
    assert start("two") == (["two"], "base", True)
    unknown = choose_start(
        made.repository, branch, made["base"], made["two"], "0" * 40, was_merged=False
    )  # fmt: skip
    assert unknown == Start((made["two"],), made["base"], appends=True)
    with pytest.raises(NotProposed, match="no commit in common"):
        start("root")
    made.git.text("update-ref", "refs/handrail/made/handrail/x", made["two"])
    assert start("two", "ours") == (["two"], "two", True)


def test_a_proposal_changes_the_files_that_others_left_alone(made):
    source = ContentSource(url="https://git.example/a.git", branch="main", path="/docs/")
    pictures = []

    def plan(wanted, base, at=None, folder="deploy"):
        asked = Wanted("deploy", folder, wanted, pictures)
        start = Start((made[at or base],), made[base], appends=at is not None)
        return plan_proposal(made.repository, source, asked, start)

    found = plan(SHORTER, "base")
    assert found.changes == {f"docs/{ONE}": b"---\nid: one\ntitle: One\n---\nDo it.\n"}
    [file] = found.files
    assert "docs/" in str(file)
    assert "-Do one." in str(file)
    assert len(found.fingerprint) == 16
    two = Plan(found.start, {"b": b"x", "a": None}, ())
    same = Plan(found.start, {"a": None, "b": b"x"}, found.files)
    other = Plan(found.start, {"a": b"none", "b": b"x"}, ())
    assert two.fingerprint == same.fingerprint
    assert len({each.fingerprint for each in (found, two, other)}) == 3
    with pytest.raises(NothingToPropose):
        plan(content("one", "two"), "base")

    # On top of what others pushed.
    assert plan(SHORTER, "ours", "two").changes.keys() == {f"docs/{ONE}"}
    assert plan(SHORTER, "base", "swapped").changes.keys() == {
        "docs/walkthroughs/a-shipping/steps/one.md"
    }
    theirs = replace(SHORTER, steps=(step("one", content="Theirs: one."), step("two")))
    with pytest.raises(NothingToPropose):
        plan(theirs, "base", "one")
    both = replace(theirs, steps=(step("one", content="Theirs: one."), step("two", content="!")))
    assert plan(both, "base", "one").changes.keys() == {f"docs/{TWO}"}
    for at, line in (("one", "+Theirs: one."), ("gone", "-Do one.")):
        with pytest.raises(ProposalConflict, match=r"one\.md") as raised:
            plan(SHORTER, "base", at)
        assert line in raised.value.theirs
    with pytest.raises(ProposalConflict, match=r"does not go with this: .*two\.md"):
        plan(SHORTER, "base", "wrong")

    # A folder that was renamed is found by the id in it.
    assert plan(SHORTER, "swapped").changes.keys() == {"docs/walkthroughs/a-shipping/steps/one.md"}
    assert plan(SHORTER, "base", folder="bare").changes.keys() == {f"docs/{ONE}"}
    with pytest.raises(NotProposed, match='There is no walkthrough "deploy"'):
        plan(SHORTER, "empty")
    source.path = ""
    assert plan(SHORTER, "root").changes.keys() == {ONE}
