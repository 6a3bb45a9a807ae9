"""What authors' files hold by accident or design: one clear line each, or exactly what is written."""

import pytest

from sync.format.parse import parse_repository
from tests.builders import texts
from tests.pictures import file_beside
from tests.unit.test_parse import FOLDER, MANIFEST, files, problems, step

PICTURE = file_beside()
STEPS = "steps:\n  - section: Before\n    steps: [steps/login.md]\n  - steps/create.md\n"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (files(MANIFEST.replace(STEPS, "steps: []\n")), 'walkthrough.yml:8: "steps" is missing'),
        (files(MANIFEST.replace(STEPS, "")), 'walkthrough.yml:1: "steps" is missing'),
        (files(MANIFEST.replace("20", "9" * 10_000)), '"estimated_minutes" must be a whole number'),
        (files(create=step("create", revision="9" * 10_000)), '"revision" must be a whole number'),
        (files(MANIFEST.replace("id: deploy", "id: d\u0435ploy")), 'cannot be an id'),
        (files(MANIFEST.replace("id: deploy", "id: DEPLOY")), 'cannot be an id'),
        (files(create=b'{"id": "create", "title": "Create"}\n\nDo it.\n'), "create.md:1: a step begins with"),
        (files(create=b" ---\nid: create\ntitle: Create\n---\nDo it.\n"), "create.md:1: a step begins with"),
        (files(create=b"---\nid: create\ntitle: Create\n----\nDo it.\n"), "create.md:1: the front matter is never closed"),
        (files(create=b"---\n---\nDo it.\n"), "create.md:2: "),
        (files(create=b""), "create.md:1: a step begins with"),
        (files(create=step("create", "![x](shot.png)")), 'create.md:5: "shot.png" is not in the repository'),
        (files(create=step("create", "[a](login.md) [b](Login.md)")), 'create.md:5: "Login.md" is not in the repository'),
        (files(create=step("create", "[a](../steps/login.html#x)")), 'is not in the repository; the step\'s file is "login.md"'),
        (files(create=step("create", "[a](login)")), 'the step\'s file is "login.md"'),
        (files(create=step("create", "![a](../../other/steps/one.png)")), "is not in the walkthrough's folder; put the picture there"),
        (files(create=step("create", "[a](/etc/passwd)\n\na\u200bb")), "create.md:7: the character U+200B cannot be seen"),
    ],
)  # fmt: skip
def test_an_awkward_file_is_one_clear_line(given, says):
    found = problems(given)

    assert any(says in line for line in found), found
    assert parse_repository(given).wanted == ()


def test_a_picture_is_found_by_its_very_name():
    given = files(create=step("create", "![x](Shot.png)")) | {f"{FOLDER}/steps/shot.png": PICTURE}
    there = files(create=step("create", "![x](shot.png)")) | {f"{FOLDER}/steps/shot.png": PICTURE}

    assert any('"Shot.png" is not in the repository' in line for line in problems(given))
    assert problems(there) == []


def test_lines_that_look_like_front_matter_in_a_text_are_text():
    body = "Write this:\n\n```yaml\n---\nid: other\n---\n```\n\n---\n\nAnd go on."
    (authored,) = texts(files(create=step("create", body)))

    assert authored.content.steps[1].content == body


def test_ids_are_the_letters_that_are_written():
    for name in ("no", "012", "1e3", "null", "2026-01-01"):
        (authored,) = texts(files(MANIFEST.replace("id: deploy", f"id: {name}")))
        assert authored.content.id == name
