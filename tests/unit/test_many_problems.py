"""However many mistakes an author makes, what is told and stored of them is bounded."""

import pytest

from sync.format import misplaced
from sync.format.parse import Surroundings, parse_folders, parse_repository
from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.planning.approval import Risk, approval_reasons
from sync.planning.conflicts import refuse_owned_by_others, refuse_unknown_servers
from sync.planning.plan import Archive, Live, Plan
from sync.planning.renames import probable_renames
from sync.planning.report import describe
from tests.builders import content, step
from tests.unit.test_gate import live, update
from walkthroughs.content.problems import (
    Problem,
    Severity,
    add_first,
    first_of_each_kind,
    first_problems,
)
from walkthroughs.content.step_text import refusals

HIDDEN = "\u200b\n"


def repository(walkthroughs, steps, body):
    files = {}
    for number in range(walkthroughs):
        folder = f"walkthroughs/w{number:04}"
        names = [f"s{place}" for place in range(steps)]
        listed = "".join(f"  - {name}.md\n" for name in names)
        manifest = f"id: w{number:04}\ntitle: W\nsteps:\n{listed}"
        files[f"{folder}/walkthrough.yml"] = manifest.encode()
        for name in names:
            step = f"---\nid: {name}\ntitle: T\n---\n{body}"
            files[f"{folder}/{name}.md"] = step.encode()
    return files


def test_of_one_file_each_kind_is_told_once_with_how_often_it_is_there():
    found = refusals("fine\n" + HIDDEN * 900 + "<script>\n\n" * 3)

    assert [(each.line, each.message) for each in found] == [
        (2, "the character U+200B cannot be seen; remove it from column 1 (900 times, first here)"),
        (
            902,
            "<script> is not shown or runs something; write Markdown, or put it in backticks (3 times, first here)",
        ),
    ]


def test_kinds_are_bounded_too():
    found = refusals("".join(f"[x]({chr(97 + n // 26)}{chr(97 + n % 26)}:y)\n" for n in range(100)))

    assert len(found) == 41
    assert found[-1].message == "and 60 more kinds of problem in this text"


def test_of_one_walkthrough_a_hundred_are_told():
    problems = parse_repository(repository(1, 150, HIDDEN * 15_000)).problems

    assert len(problems) == 101
    assert problems[-1].message == "and 50 more problems"
    assert sum(len(str(each)) for each in problems) < 20_000


def test_many_warnings_refuse_nothing_and_hide_no_mistake():
    picture = "![x](https://x.example/y.png)\n"
    parsed = parse_repository(repository(1, 150, picture))
    assert (len(parsed.wanted), parsed.problems, len(parsed.warnings)) == (1, (), 101)
    assert str(parsed.warnings[-1]).endswith("warning: and 50 more warnings and notes")

    parsed = parse_repository(repository(1, 150, picture) | repository(1, 1, HIDDEN))
    assert [each.message for each in parsed.problems] == [
        "the character U+200B cannot be seen; remove it from column 1"
    ]
    notes = [Problem("a", 1, "b", Severity.NOTE)] * 3
    assert first_problems(notes, 2)[-1].severity is Severity.NOTE
    assert first_problems([*notes, Problem("a", 1, "b", Severity.WARNING)], 2)[-1].severity == (
        Severity.WARNING
    )


def test_of_a_commit_a_thousand_are_told_and_no_walkthrough_with_a_mistake_is_taken():
    parsed = parse_repository(repository(60, 20, HIDDEN))

    assert len(parsed.problems) == 1001
    assert parsed.problems[-1].message == "and 200 more problems"
    assert (parsed.wanted, len(parsed.unreadable)) == ((), 60)


def test_of_an_id_in_many_folders_each_place_names_three_others():
    copies = repository(1, 1, "Do.\n")
    files = {
        path.replace("w0000", f"c{number}"): data
        for number in range(50)
        for path, data in copies.items()
    }
    problems = parse_repository(files).problems

    assert len(problems) == 50
    assert problems[1].message == (
        'the id "w0000" is also in walkthroughs/c0/walkthrough.yml, walkthroughs/c10/walkthrough.yml, '
        "walkthroughs/c11/walkthrough.yml and 46 more"
    )


def test_what_an_author_quotes_at_length_is_cut():
    file = "x" * 200_000
    manifest = f"id: deploy\ntitle: W\nsteps:\n  - {file}.md\n"
    (problem,) = parse_repository({"walkthroughs/w/walkthrough.yml": manifest.encode()}).problems

    assert len(problem.message) == 1000
    assert problem.message.endswith("x…")


def test_the_first_problems_in_file_order_are_kept_however_they_come():
    kept = []
    for number in range(9_000):  # a warning among notes, and a mistake each time
        line = (number * 7_919) % 9_000 + 1
        kind = Severity.WARNING if line == 5_000 else Severity.NOTE
        add_first(kept, [Problem("a", line, "b", kind), Problem("a", line, "c")], 3)
        assert len(kept) <= 13
    errors, others = first_of_each_kind(kept, 3)
    assert [(each.line, each.message) for each in errors][2:] == [
        (3, "c"),
        (4, "and 8,997 more problems"),
    ]
    assert [(each.line, each.message) for each in others] == [
        (1, "b"), (2, "b"), (3, "b"), (4, "and 8,997 more warnings and notes"),
    ]  # fmt: skip
    assert others[-1].severity is Severity.WARNING


def test_unknown_keys_are_bounded():
    keys = "".join(f"k{number}: x\n" for number in range(500))
    manifest = f"id: deploy\ntitle: W\n{keys}steps:\n  - one.md\n"
    problems = parse_repository({"walkthroughs/w/walkthrough.yml": manifest.encode()}).problems

    unknown = [each.message for each in problems if "unknown key" in each.message]
    assert (len(unknown), unknown[-1]) == (21, "and 480 more unknown keys")


def test_a_walkthrough_names_a_hundred_servers_at_most():
    files = repository(1, 1, "Do.\n")
    path = "walkthroughs/w0000/walkthrough.yml"
    files[path] += f"servers: [{', '.join(['acme'] * 101)}]\n".encode()

    assert [str(each) for each in parse_repository(files).problems] == [
        f"{path}:5: 101 servers; a walkthrough names at most 100"
    ]


def test_more_steps_than_a_source_may_have_are_one_problem_and_nothing_is_gone(monkeypatch):
    monkeypatch.setattr(misplaced, "MAX_STEPS_OF_ALL", 20)
    assert parse_repository(repository(4, 5, "Do.\n")).problems == ()
    files = repository(4, 5, "Do.\n")
    files["walkthroughs/w0003/walkthrough.yml"] += b"moved:\n  - {from: old, to: s1}\n"
    parsed = parse_repository(files)
    assert [each.path for each in parsed.problems] == ["walkthroughs"]
    assert (parsed.wanted, parsed.complete) == ((), False)

    own = repository(1, 5, "Do.\n")
    folders = [("walkthroughs/w0000", own)]
    for steps, count in ((15, 0), (16, 1)):  # of those that are not read
        around = Surroundings(folders=2, steps=steps)
        parsed = parse_folders(None, folders, {"other": "other"}, lambda _: 0, around)
        assert (len(parsed.problems), parsed.unchanged) == (count, {"other"})


def test_links_that_make_a_step_far_longer_refuse_it():
    files = repository(1, 2, "Do.\n")
    title = "T" * 200
    files["walkthroughs/w0000/s1.md"] = f"---\nid: s1\ntitle: {title}\n---\nDo.\n".encode()
    files["walkthroughs/w0000/s0.md"] += b"[x](s1.md)\n" * 1000
    (problem,) = parse_repository(files).problems

    assert str(problem) == (
        "walkthroughs/w0000/s0.md:5: with the titles and addresses that its links get, "
        "the step has 203,003 characters; at most 65,536 are allowed"
    )


def wanted(count, servers):
    return tuple(
        WantedWalkthrough(content(id=f"w{number:04}").outline(), servers=servers)
        for number in range(count)
    )


def test_what_a_plan_adds_is_bounded_and_each_of_them_is_read_again():
    names = tuple(f"no{number}" for number in range(100))
    asked = wanted(20, (*names, "acme"))
    folders = {each.outline.id: each.outline.id for each in asked}
    parsed = ParseResult(asked, (), frozenset(), complete=True, folders=folders)
    planned = refuse_unknown_servers(parsed, {"acme"})

    assert len(planned.problems) == 1001
    assert planned.problems[-1].message == "and 1,000 more problems"
    assert {each.servers for each in planned.wanted} == {("acme",)}
    plan = Plan((), planned.problems, read_again=planned.read_again)
    assert plan.places(folders, dict.fromkeys(folders, "tree")) == {}

    owned = refuse_owned_by_others(parsed, dict.fromkeys(folders, "other"))
    assert (len(owned.problems), owned.read_again) == (20, folders.keys())
    many = wanted(1500, ())
    folders = {each.outline.id: each.outline.id for each in many}
    parsed = ParseResult(many, (), frozenset(), complete=True, folders=folders)
    assert len(refuse_owned_by_others(parsed, dict.fromkeys(folders, "other")).problems) == 1001


def test_lines_about_learners_and_approvals_are_bounded():
    gone = [Archive(live(f"w{number}")) for number in range(300)]
    active = {each.live.walkthrough_id: 1 for each in gone}
    reasons = approval_reasons(gone, Risk(300, active))
    assert (len(reasons), reasons[-1]) == (202, "and 100 more")

    before = live("deploy", *(f"old-{number}" for number in range(300)))
    after = content(
        steps=tuple(step(f"new-{number}", title=f"Old-{number}") for number in range(300))
    )
    lines = probable_renames([update(before, after)])
    assert (len(lines), lines[-1]) == (201, "and 100 more")

    new = WantedWalkthrough(before.outline, True, tuple(f"srv{number}" for number in range(100)))
    shown = Live("wt", before.outline, 1, is_published=True)
    line = describe(type(update(before, after))(shown, new, None, ""))
    assert line == "assign   deploy  (to srv0, srv1, srv2 and 97 more)"


@pytest.mark.parametrize("count", [1, 40])
def test_of_a_step_that_many_records_lead_to_some_earlier_names_are_followed(count):
    files = repository(2, 1, "Do.\n")
    files["walkthroughs/w0000/walkthrough.yml"] += b"moved:\n  - {from: mid/gone, to: s0}\n"
    records = "".join(f"  - {{from: o{number:02}, to: gone}}\n" for number in range(count))
    files["walkthroughs/w0001/walkthrough.yml"] = (
        f"id: mid\ntitle: W\nsteps:\n  - s0.md\nmoved:\n{records}".encode()
    )
    outline = next(w.outline for w in parse_repository(files).wanted if w.outline.id == "w0000")
    earlier = outline.moved[0].earlier_names

    assert earlier == tuple(("mid", f"o{number:02}") for number in range(min(count, 16)))
