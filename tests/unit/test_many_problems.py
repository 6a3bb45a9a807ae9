"""However many mistakes an author makes, what is told and stored of them is bounded."""

from sync.format.parse import parse_repository
from walkthroughs.content.markdown import refusals

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


def test_of_one_file_the_first_twenty_of_a_kind_are_told_and_how_many_there_are():
    found = refusals("fine\n" + HIDDEN * 15_000)

    assert [each.line for each in found] == [*range(2, 23)]
    assert found[-1].message == "and 14,980 more like these in this file"
    assert len(refusals(HIDDEN * 20)) == 20


def test_html_and_hidden_characters_are_bounded_each():
    found = refusals((HIDDEN + "\n<br>\n\n") * 50)

    assert len(found) == 42
    assert sum("and 30 more" in each.message for each in found) == 2


def test_of_one_walkthrough_a_hundred_are_told():
    problems = parse_repository(repository(1, 50, HIDDEN * 15_000)).problems

    assert len(problems) == 101
    assert problems[-1].message == "and 950 more problems"
    assert sum(len(str(each)) for each in problems) < 20_000


def test_of_a_commit_a_thousand_are_told_and_no_walkthrough_with_a_mistake_is_taken():
    parsed = parse_repository(repository(60, 20, HIDDEN))

    assert len(parsed.problems) == 1001
    assert parsed.problems[-1].message == "and 200 more problems"
    assert (parsed.wanted, len(parsed.unreadable)) == ((), 60)
