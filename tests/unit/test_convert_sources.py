"""Which courses a folder of each format holds, and what its steps are."""

import json

import pytest
import yaml

from sync.convert.convert import convert
from tests.pictures import picture_file


def converted(files, name="course", level=None):
    """Return a conversion of texts; every walkthrough of it is without error."""
    given = {
        path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()
    }
    result = convert(given, name, level)
    assert result.problems == ()
    return result


def steps(result, walkthrough):
    """Return (section, title) of a walkthrough's steps."""
    folder = f"walkthroughs/{walkthrough}"
    manifest = yaml.safe_load(result.files[f"{folder}/walkthrough.yml"])
    assert manifest["status"] == "draft"
    listed = []
    for item in manifest["steps"]:
        section, paths = (
            (item["section"], item["steps"]) if isinstance(item, dict) else (None, [item])
        )
        for path in paths:
            front = result.files[f"{folder}/{path}"].decode().split("---\n")[1]
            listed.append((section, yaml.safe_load(front)["title"]))
    return listed


def body(result, path):
    """Return a step's text below its front matter."""
    return result.files[f"walkthroughs/{path}"].decode().split("---\n", 2)[2]


def test_a_file_is_split_at_the_level_that_has_several_headings():
    text = "# Make tea\n\nBefore.\n\n## Boil\n\nWater.\n\n### How\n\nHot.\n\n## Pour\n\nSlowly.\n\n# After\n\nDrink."
    result = converted({"tea.md": text})

    assert steps(result, "make-tea") == [
        (None, "Introduction"), (None, "Boil"), (None, "Pour"), (None, "After"),
    ]  # fmt: skip
    assert body(result, "make-tea/steps/boil.md") == "Water.\n\n### How\n\nHot.\n"


def test_the_level_can_be_given_and_headings_above_it_become_sections():
    text = "# Tea\n\n## Boil\n\n### Fill\n\nA.\n\n### Heat\n\nB.\n\n## End\n\nC."

    assert steps(converted({"tea.md": text}, level=3), "tea") == [
        ("Boil", "Fill"), ("Boil", "Heat"), (None, "End"),
    ]  # fmt: skip


def test_headings_in_code_split_nothing():
    text = "# Tea\n\n## One\n\n```\n## no heading\n```\n\n## Two\n\nText"

    assert len(steps(converted({"tea.md": text}), "tea")) == 2


def test_ids_are_of_the_file_where_a_title_has_no_latin_letters():
    result = converted({"tee.md": "# お茶\n\n## 一\n\nA\n\n## 二\n\nB"}, name="tee")

    assert result.steps == {"tee": 2}
    assert {path.rsplit("/")[-1] for path in result.files} == {
        "walkthrough.yml",
        "tee.md",
        "tee-2.md",
    }


@pytest.mark.parametrize("key", ["weight", "order", "nav_order", "sidebar_position", "position"])
def test_a_folder_is_in_the_order_of_its_front_matter(key):
    files = {
        "a.md": f"---\n{key}: 2\n---\n# Second\n\nA",
        "b.md": f"---\n{key}: 1\n---\n# First\n\nB",
    }

    assert steps(converted(files), "course") == [(None, "First"), (None, "Second")]


def test_a_folder_without_positions_is_in_the_order_of_numbers_in_names():
    files = {"10-c.md": "C", "2-b.md": "B", "1-a.md": "A"}

    assert steps(converted(files), "course") == [(None, "A"), (None, "B"), (None, "C")]


def test_a_page_of_contents_gives_the_order():
    files = {"index.md": "# Start\n\n1. [Z](z.md)\n2. [A](a.md)", "a.md": "A", "z.md": "Z"}

    assert steps(converted(files), "course") == [(None, "Start"), (None, "Z"), (None, "A")]


def test_several_folders_are_several_walkthroughs_unless_a_page_stands_beside_them():
    files = {"tea/1.md": "A", "tea/2.md": "B", "coffee/1.md": "A", "coffee/2.md": "B"}

    assert set(converted(files).steps) == {"tea", "coffee"}
    assert steps(converted(files | {"about.md": "S"}), "course")[0] == (None, "About")
    assert steps(converted(files | {"about.md": "S"}), "course")[1][0] == "Coffee"


def test_docusaurus_has_a_walkthrough_for_each_category():
    files = {
        "docusaurus.config.js": "",
        "docs/intro.md": "---\nsidebar_position: 1\n---\n# Intro\n\nText",
        "docs/basics/_category_.json": json.dumps({"label": "The basics", "position": 2}),
        "docs/basics/a.md": "---\nsidebar_position: 2\n---\n# Second\n\nA",
        "docs/basics/b.mdx": "---\nsidebar_position: 1\n---\nimport X from 'x'\n\n# First\n\n<X>B</X>",
    }
    result = converted(files)

    assert steps(result, "the-basics") == [(None, "First"), (None, "Second")]
    assert result.steps["intro"] == 1


def test_mkdocs_is_in_the_order_of_its_navigation():
    files = {
        "mkdocs.yml": "site_name: Tea\nextra: !!python/name:x\nnav:\n  - Start: index.md\n  - Deep:\n    - b.md\n    - The A: a.md\ntheme: x\n",
        "docs/index.md": "# Welcome\n\nText", "docs/a.md": "A", "docs/b.md": "# B\n\nText",
    }  # fmt: skip

    assert steps(converted(files), "tea") == [(None, "Start"), ("Deep", "B"), ("Deep", "The A")]
    # A site can show a group without a title.
    files["mkdocs.yml"] = "nav:\n  - '': index.md\n  - '':\n    - b.md\n    - Deep:\n      - a.md\n"
    assert steps(converted(files), "course") == [(None, "Welcome"), (None, "B"), ("Deep", "A")]


def test_an_mdbook_has_a_walkthrough_for_each_part_and_includes_files():
    files = {
        "book.toml": '[book]\ntitle = "Tea"\n',
        "src/SUMMARY.md": "# Summary\n\n[Preface](p.md)\n\n# Boiling\n\n- [Water](w.md)\n  - [Hot](h.md)\n\n# Pouring\n\n- [Cups](c.md)\n",
        "src/p.md": "P", "src/w.md": "```rust\n{{#include ../x.rs:main}}\n```", "src/h.md": "H", "src/c.md": "C",
        "x.rs": "a\n// ANCHOR: main\nb\n// ANCHOR_END: main\nc\n",
    }  # fmt: skip
    result = converted(files)

    assert steps(result, "boiling") == [(None, "Preface"), ("Water", "Water"), ("Water", "Hot")]
    assert body(result, "boiling/steps/water.md") == "```rust\nb\n```\n"
    assert steps(result, "pouring") == [(None, "Cups")]


def test_a_scenario_has_an_introduction_its_steps_and_an_end():
    details = {
        "intro": {"text": "intro.md"},
        "steps": [{"title": "One", "text": "1.md", "verify": "v.sh"}],
        "finish": {"text": "end.md"},
    }
    files = {
        "tea/index.json": json.dumps({"title": "Tea time", "description": "Hot.", "details": details}),
        "tea/intro.md": "Hello", "tea/1.md": "Run `ls`{{exec}}", "tea/end.md": "Bye",
    }  # fmt: skip
    result = converted(files)

    assert steps(result, "tea-time") == [(None, "Introduction"), (None, "One"), (None, "Finish")]
    assert body(result, "tea-time/steps/one.md") == "Run `ls`\n"
    assert [str(note) for note in result.notes] == [
        "tea/index.json:1: scripts were left out: verify"
    ]


def test_a_track_has_a_step_for_each_challenge():
    files = {
        "tea/track.yml": "title: Tea\nteaser: Hot.\n",
        "tea/02-pour/assignment.md": "---\nslug: pour\ntitle: Pour it\n---\nText",
        "tea/01-boil/assignment.md": "---\nslug: boil\ntitle: Boil it\n---\nText",
        "tea/01-boil/check-host": "#!/bin/sh",
    }

    assert steps(converted(files), "tea") == [(None, "Boil it"), (None, "Pour it")]
    others = {"docs/assignment.md": "# Assignment\n\nText", "docs/loops.md": "# Loops\n\nText"}
    assert len(steps(converted(others), "course")) == 2, "a page may have that name"


def test_a_codelab_is_split_at_its_steps_and_its_minutes_are_added():
    text = "summary: Hot water\nid: tea\ncategories: x\n\n# Make tea\n\n## Boil\nDuration: 0:05:00\n\nA\n\n## Pour\nDuration: 2:00\n\nB"
    result = converted({"tea.md": text})
    manifest = yaml.safe_load(result.files["walkthroughs/make-tea/walkthrough.yml"])

    assert steps(result, "make-tea") == [(None, "Boil"), (None, "Pour")]
    assert (manifest["description"], manifest["estimated_minutes"]) == ("Hot water", 7)


def test_the_steps_of_github_skills_are_titled_by_their_headings():
    files = {
        "README.md": "# Make tea\n\nText",
        ".github/steps/1-boil.md": "## Step 1: Boil\n\nA",
        ".github/steps/x-finish.md": "## Finish\n\nB",
        ".github/steps/2-pour.md": "## Step 2: Pour\n\nC",
    }

    assert steps(converted(files), "make-tea") == [
        (None, "Step 1: Boil"), (None, "Step 2: Pour"), (None, "Finish"),
    ]  # fmt: skip


def test_a_lesson_of_the_carpentries_has_its_episodes():
    files = {
        "config.yaml": "title: 'Tea'\nepisodes:\n- b.md\n- a.md\n",
        "episodes/a.md": "A",
        "episodes/b.md": "B",
    }

    assert steps(converted(files), "tea") == [(None, "B"), (None, "A")]


def test_pictures_are_put_beside_the_steps_that_show_them():
    picture = picture_file()
    files = {
        "docs/aa.md": '![one](img/One%20Cup.png)\n\n<img src="/static/two.png" alt="two">',
        "docs/bb.md": "![gone](gone.png) ![vector](v.svg) ![remote](http://example.org/x.png) ![secure](https://example.org/x.png)",
        "docs/img/One Cup.png": picture, "static/two.png": picture + b"", "docs/v.svg": "<svg/>",
    }  # fmt: skip
    result = converted(files)

    assert (
        body(result, "course/steps/aa.md")
        == '![one](one-cup.png)\n\n<img src="two.png" alt="two">\n'
    )
    assert result.files["walkthroughs/course/steps/one-cup.png"] == picture
    assert (
        body(result, "course/steps/bb.md")
        == "gone vector remote ![secure](https://example.org/x.png)\n"
    )
    assert len([note for note in result.notes if note.path == "docs/bb.md"]) == 3


def test_links_between_pages_become_their_text():
    files = {
        "aa.md": 'See [the next](bb.md#x), [`code`](./bb), <a href="bb.md">it</a> and [the web](https://example.org).',
        "bb.md": "See [nothing](c.md), [bad](javascript:alert(1)) and [here](#x).",
    }
    result = converted(files)

    assert (
        body(result, "course/steps/aa.md")
        == "See *the next*, `code`, it and [the web](https://example.org).\n"
    )
    assert body(result, "course/steps/bb.md") == "See *nothing*, *bad* and [here](#x).\n"
    assert [note.path for note in result.notes] == ["bb.md", "bb.md"]


def test_a_path_out_of_the_tutorial_is_not_followed():
    result = converted(
        {"aa.md": "![x](../../etc/x.png) {{#include ../../etc/passwd}}", "bb.md": "B"}
    )

    assert body(result, "course/steps/aa.md").strip() == "x"


def test_a_page_that_is_too_long_is_split_and_all_of_it_stays():
    words = [f"word{number} " * 200 for number in range(60)]
    text = "\n\n".join(words)
    result = converted({"a.md": text, "b.md": "## One\n\n" + text + "\n\n## Two\n\n" + text})

    together = "".join(data.decode() for path, data in result.files.items() if path.endswith(".md"))
    assert result.steps["course"] > 4
    assert all(together.count(word.strip()) == 3 for word in words)


def test_more_steps_than_a_walkthrough_may_have_become_several():
    result = converted({f"step-{number}.md": "Text" for number in range(1201)})

    assert sorted(result.steps.values()) == [201, 1000]
