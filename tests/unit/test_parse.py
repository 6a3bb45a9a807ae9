import textwrap
from pathlib import Path

import pytest

from sync.format.parse import parse_repository
from sync.layout import Unread
from tests.builders import problems_in, texts
from walkthroughs.content.values import Move, StepContent

EXAMPLE = Path(__file__).parents[2] / "content_repo_example"
FOLDER = "walkthroughs/deploy"
MANIFEST = """
id: deploy
title: Deploy
description: All of it.
status: published
tags: [one, two]
estimated_minutes: 20
servers: [acme]
steps:
  - section: Before
    steps: [steps/login.md]
  - steps/create.md
moved:
  - {from: sign-in, to: login}
"""


def step(name: str, body: str = "Do it.", **more: str) -> bytes:
    front = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"---\nid: {name}\ntitle: {name.title()}\n{front}---\n{body}\n".encode()


def files(manifest: str = MANIFEST, **others: bytes) -> dict[str, bytes]:
    return {
        f"{FOLDER}/walkthrough.yml": textwrap.dedent(manifest).lstrip().encode(),
        f"{FOLDER}/steps/login.md": step("login"),
        f"{FOLDER}/steps/create.md": step("create"),
    } | {f"{FOLDER}/steps/{name}.md": data for name, data in others.items()}


def problems(given: dict[str, bytes]) -> list[str]:
    return [str(problem) for problem in parse_repository(given).problems]


def test_a_whole_walkthrough_is_read():
    (authored,) = texts(files())
    content = authored.content

    assert (authored.is_published, authored.servers) == (True, ("acme",))
    assert (content.id, content.tags, content.estimated_minutes) == ("deploy", ("one", "two"), 20)
    assert content.steps == (
        StepContent("login", "Login", "Do it.", section="Before"),
        StepContent("create", "Create", "Do it."),
    )
    assert content.moved == (Move("sign-in", "login"),)


def test_a_manifest_may_record_many_moved_steps():
    head, _ = MANIFEST.split("moved:")
    records = [f"  - {{from: old-{n}, to: login}}" for n in range(10)]
    records += [f"  - from: other/old-{n}\n    to: create" for n in range(10)]
    (authored,) = texts(files("\n".join([f"{head}moved:", *records, ""])))

    assert authored.content.moved == (
        *(Move(f"old-{n}", "login") for n in range(10)),
        *(Move(f"old-{n}", "create", "other") for n in range(10)),
    )


def test_a_circle_of_many_renames_is_refused():
    head, _ = MANIFEST.split("moved:")
    records = [f"  - {{from: s{n}, to: s{(n + 1) % 20}}}" for n in range(20)]

    assert problems(files("\n".join([f"{head}moved:", *records, ""]))) == [
        f'{FOLDER}/walkthrough.yml:32: "s19" and "s0" move in a circle'
    ]


def test_a_step_may_come_from_another_walkthrough_under_an_id_that_was_renamed_here():
    records = "  - {from: other/sign-in, to: login}\n  - {from: login, to: create}\n"
    (authored,) = texts(files(MANIFEST + records))

    assert authored.content.moved[1:] == (
        Move("sign-in", "login", "other"),
        Move("login", "create"),
    )


def test_what_nobody_sees_makes_no_difference():
    plain = files()
    noisy = {
        name: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n\r\n"
        for name, data in plain.items()
    }

    assert parse_repository(noisy) == parse_repository(plain)


def test_a_renamed_folder_and_file_make_no_difference():
    moved = {
        name.replace("deploy/", "other/").replace("login.md", "a.md"): data
        for name, data in files(MANIFEST.replace("login.md", "a.md")).items()
    }

    assert parse_repository(moved).wanted == parse_repository(files()).wanted


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (files(MANIFEST.replace("title:", "titel:", 1)), 'walkthrough.yml:2: unknown key "titel"; did you mean "title"?'),
        (files(MANIFEST.replace("id: deploy\n", "")), 'walkthrough.yml:1: "id" is missing'),
        (files(MANIFEST.replace("id: deploy", "id: Deploy!")), 'walkthrough.yml:1: "Deploy!" cannot be an id'),
        (files(MANIFEST.replace("published", "publised")), 'walkthrough.yml:4: "status" is "publised"; did you mean "published"?'),
        (files(MANIFEST.replace("20", "soon")), 'walkthrough.yml:6: "estimated_minutes" must be a whole number'),
        (files(MANIFEST.replace("create.md", "missing.md")), 'walkthrough.yml:11: "steps/missing.md" is not there'),
        (files(MANIFEST.replace("create.md", "login.md")), 'walkthrough.yml:11: "steps/login.md" is listed twice (first on line 10)'),
        (files(MANIFEST.replace("steps/create.md", "../../x.md")), 'walkthrough.yml:11: "../../x.md" is not there'),
        (files(extra=step("extra")), 'walkthrough.yml:1: "steps/extra.md" is not listed'),
        (files(create=step("login")), 'walkthrough.yml:11: "steps/create.md" has the id "login" of "steps/login.md"'),
        (files(create=b"no front matter"), "create.md:1: a step begins with"),
        (files(create=b"---\nid: a"), "create.md:1: the front matter is never closed"),
        (files(create=b"+++\nid = 1\n+++\n"), "create.md:1: a step begins with"),
        (files(create=step("create", "a\n\nb\u202ec")), "create.md:7: the character U+202E cannot be seen"),
        (files(create=step("create", "x <script>y</script>")), "create.md:5: <script> is not shown or runs something"),
        (files(create=step("create", "[a](gone.md)")), 'create.md:5: "gone.md" is not in the repository'),
        (files(create=step("create", ":::{agent}\nx")), "create.md:5: this part is never closed"),
        (files(create=step("create", revision="0")), 'create.md:4: "revision" must be a whole number'),
        (files(create=b"\xff\xfe"), "create.md:1: not UTF-8"),
        (files(create=Unread.TOO_LARGE), "create.md:1: the file has more than 81,920 characters"),
        (files(create=b"\0too large"), "create.md:1: a step begins with a line ---"),
        (files(create=b"x" * 70_000), "create.md:1: the step has 70,001 characters; at most 65,536 are allowed"),
        (files(create=b"x" * 90_000), "create.md:1: the file has 90,000 characters; at most 81,920 are allowed"),
        (files(MANIFEST + "  - {from: login, to: sign-in}\n"), "walkthrough.yml:14: "),
        (files(MANIFEST + "  - {from: sign-in, to: create}\n"), '"sign-in" was moved before'),
        (files(MANIFEST + "  - {from: deploy/start, to: login}\n"), 'walkthrough.yml:14: "deploy/start" is a step of this walkthrough; write `from: start`'),
        (files(MANIFEST + "  - {from: Other/start, to: login}\n"), 'walkthrough.yml:14: "Other" cannot be an id'),
        (files(MANIFEST + "  - {from: other/, to: login}\n"), 'walkthrough.yml:14: "" cannot be an id'),
        (files(MANIFEST + "  - {from: a1/b1/c1, to: login}\n"), 'walkthrough.yml:14: "b1/c1" cannot be an id'),
        (files(MANIFEST + "  - {from: other/start, to: other/login}\n"), 'walkthrough.yml:14: "other/login" cannot be an id'),
        (files(MANIFEST + "  - {from: other/start, to: login}\n  - {from: other/start, to: create}\n"), 'walkthrough.yml:15: "other/start" was moved before'),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_file_line_and_fix(given, says):
    found = problems(given)

    assert any(says in line for line in found), found
    assert parse_repository(given).wanted == ()


@pytest.mark.parametrize("key", ["id", "title", "steps"])
def test_a_misspelt_key_is_one_mistake_though_the_right_one_is_missing(key):
    (found,) = problems(files(MANIFEST.replace(f"{key}:", f"{key}x:", 1)))

    assert f'unknown key "{key}x"; did you mean "{key}"?' in found


@pytest.mark.parametrize(
    "line", ['"k\\0y": 1', 'tags: ["a\\0b"]', 'servers: ["a\\u200bb"]', 'id: "a\\0b"']
)
def test_what_cannot_be_seen_is_refused_in_words_that_can(line):
    found = problems(files(f"{line}\ntitle: Deploy\nsteps: [steps/login.md, steps/create.md]\n"))

    assert found
    assert all(each.isprintable() for each in found)


def test_a_folder_with_far_more_than_a_walkthrough_has_is_one_mistake():
    pictures = {f"{FOLDER}/pictures/{n}.png": b"" for n in range(4000)}
    deep = {f"{FOLDER}/{'d/' * 9}x.md": b"x"}

    assert problems(files() | deep) == []
    assert problems(files() | pictures) == [
        f"{FOLDER}/walkthrough.yml:1: its folder holds far more files than a walkthrough has"
    ]


def test_a_mistake_stays_with_its_walkthrough():
    bad = {
        name.replace("/deploy/", "/bad/"): data
        for name, data in files(MANIFEST.replace("id: deploy", "id: bad") + "x: 1\n").items()
    }
    parsed = parse_repository(files() | bad)

    assert [each.outline.id for each in parsed.wanted] == ["deploy"]
    assert parsed.unreadable == {"bad"}
    assert parsed.complete


def test_an_id_that_cannot_be_read_makes_the_view_incomplete():
    assert not parse_repository(files("id: [")).complete


def test_an_id_in_two_folders_is_refused_in_both():
    copy = {name.replace("/deploy/", "/copy/"): data for name, data in files().items()}
    parsed = parse_repository(files() | copy)

    assert parsed.wanted == ()
    assert parsed.unreadable == {"deploy"}
    assert len(parsed.problems) == 2


def test_a_schema_of_the_future_is_refused_as_a_whole():
    parsed = parse_repository(files() | {"walkthroughs.yml": b"schema: 2\n"})

    assert parsed.wanted == ()
    assert not parsed.complete
    assert "newer than this server" in str(parsed.problems[0])


def test_the_example_content_has_no_problem():
    assert problems_in(EXAMPLE) == ()
