"""However many mistakes an author makes, what is told and stored of them is bounded."""

from sync.format.parse import parse_repository
from walkthroughs.content.problems import Problem, Severity, first_problems
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
