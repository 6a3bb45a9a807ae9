"""What becomes of the elements of a tutorial's Markdown."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.convert.body.convert_body import convert_body
from sync.convert.body.remaining import write_as_text
from sync.convert.lines import joined, numbered, trimmed
from sync.convert.page import visible
from sync.convert.values import Notes
from walkthroughs.content.step_text import deliver


def converted(text, *, is_mdx=False):
    """Return a page's text as a step may hold it, and its notes."""
    notes = Notes("page.md")
    lines = convert_body(visible(numbered(text), notes), notes, is_mdx=is_mdx)
    return joined(trimmed(write_as_text(lines, notes))), notes.all()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (":::note\nText\n:::", "> **Note**\n>\n> Text"),
        (":::warning Mind the gap\nText\n:::", "> **Warning: Mind the gap**\n>\n> Text"),
        (":::tip[A title]\nText\n:::", "> **Tip: A title**\n>\n> Text"),
        ("::::::: challenge\n\n## Try\n\n:::::: solution\nDo\n::::::\n\n:::::::", "> **Challenge**\n>\n> ## Try\n>\n> > **Solution**\n> >\n> > Do"),
        ('!!! note "A title"\n    Text\n\n    ```\n    code\n    ```\nAfter', "> **Note: A title**\n>\n> Text\n>\n> ```\n> code\n> ```\n\nAfter"),
        ("??? tip\n    Text", "> **Tip**\n>\n> Text"),
        ('=== "Linux"\n\n    Type `ls`.\n\n=== "Windows"\n\n    Type `dir`.', "**Linux**\n\nType `ls`.\n\n**Windows**\n\nType `dir`."),
        ("> [!NOTE]\n> Text", "> [!NOTE]\n> Text"),
        ("> aside negative\n> Text", "> **Warning**\n>\n> Text"),
        ("Positive\n: Text", "> **Tip**\n>\n> Text"),
        ('<aside class="negative">\nText\n</aside>', "> **Warning**\n>\n> Text"),
        ("{{% notice tip %}}\nText\n{{% /notice %}}", "> **Tip**\n>\n> Text"),
        ("{{< hint warning >}}\nText\n{{< /hint >}}", "> **Warning**\n>\n> Text"),
        ('{% hint style="info" %}\nText\n{% endhint %}', "> **Info**\n>\n> Text"),
        ("{% highlight bash %}\nls\n{% endhighlight %}", "```bash\nls\n```"),
    ],
)  # fmt: skip
def test_an_admonition_becomes_a_quote_with_a_label(source, expected):
    text, notes = converted(source)

    assert text == expected
    assert notes == []


def test_tabs_of_mdx_become_labels_above_what_they_hold():
    source = 'import Tabs from "@theme/Tabs";\n\n<Tabs>\n  <TabItem value="npm" label="With npm">\n\n    ```bash\n    npm i\n    ```\n\n  </TabItem>\n</Tabs>\n'

    assert converted(source, is_mdx=True) == ("**With npm**\n\n```bash\nnpm i\n```", [])


def test_a_component_goes_and_its_text_stays():
    text, notes = converted("A\n\n<Card>\n\nInside.\n\n</Card>\n\n<Video id={1} />\n", is_mdx=True)

    assert text == "A\n\nInside."
    assert [note.line for note in notes] == [3, 9]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Press <kbd>Enter</kbd>.", "Press <kbd>Enter</kbd>."),
        ("<details>\n<summary>More</summary>\n\nText\n\n</details>", "<details>\n<summary>More</summary>\n\nText\n\n</details>"),
        ("Type <your-token> here.", "Type `<your-token>` here."),
        ("Type <your token> here.", "Type `<your token>` here."),
        ("A List<String> of it.", "A List\\<String> of it."),
        ("`<your-token>` stays.", "`<your-token>` stays."),
        ("```\n<script>x</script>\n```", "```\n<script>x</script>\n```"),
        ('<p style="color: red">Text</p>', "<p>Text</p>"),
        ("Use `ls`{{exec}} or `pwd`{{copy}}.", "Use `ls` or `pwd`."),
        ("```\nls\n```{{execute T1}}\n\nText", "```\nls\n```\n\nText"),
        ("See [the guide][g].\n\n[g]: https://example.org/a", "See [the guide](https://example.org/a)."),
        ("A heading {#with-an-id}\n===\n\nText", "A heading\n===\n\nText"),
        ("Text\n{: .note}\n\nMore", "Text\n\nMore"),
        ("{% raw %}\nText\n{% endraw %}", "Text"),
    ],
)  # fmt: skip
def test_what_a_step_may_hold_stays_and_marks_of_platforms_go(source, expected):
    assert converted(source) == (expected, [])


@pytest.mark.parametrize(
    ("source", "expected", "note"),
    [
        ("A <script>alert(1)</script>B", "A B", "<script> was left out with what is in it"),
        ("<style>\np {}\n</style>\n\nText", "Text", "left out with what is in it"),
        ('<iframe src="https://example.org/v" title="A video"></iframe>', "[A video](https://example.org/v)", "<iframe> became a link"),
        ("<form><label>Name</label> <input></form>", "Name", "of the form only its text stays"),
        ("<section>\n    <h2>Title</h2>\n    <p>A <b>bold</b> text.</p>\n</section>", "## Title\n\nA **bold** text.", "became Markdown"),
        ("An <font color=red>old</font> text.", "An old text.", "<font> was taken out"),
        ('<p onclick="x()">Text</p>', "<p>Text</p>", "ran a script"),
        ("<p hidden>Text</p>", "<p>Text</p>", "a step shows all of its text"),
        ("```bash\nls", "```bash\nls\n```", "never closed"),
        ("a\u200bb", "ab", "characters that nobody sees"),
        ("{{#include other.md}}", "", "missing"),
        ("{% include box.html %} Text", "Text", 'the tag "include" is not known'),
        (":::agent\nText\n:::", "> **Agent**\n>\n> Text", "write :::{agent}"),
        ("<<<<<<< HEAD\nText", "`<<<<<<< HEAD`\nText", "merge conflict"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_over_is_noted(source, expected, note):
    text, notes = converted(source)

    assert text.strip() == expected
    assert [note in str(each) for each in notes] == [True]


def test_parts_for_the_assistant_stay_as_they_are():
    source = "Text\n\n:::{agent}\nAsk for a name.\n:::"

    assert converted(source) == (source, [])


def test_a_note_has_the_line_of_the_source():
    _, notes = converted(
        "One\n\n!!! note\n    Two\n\n    <script>x</script>\n\nThree <font>x</font>\n"
    )

    assert [(note.path, note.line) for note in notes] == [("page.md", 6), ("page.md", 8)]


def test_joiners_of_emoji_and_scripts_stay():
    for text in ("👩\u200d💻", "❤\ufe0f", "نمی\u200cخواهم"):
        assert converted(text) == (text, [])


_FRAGMENTS = st.sampled_from(
    ["text ", "\n", "\n\n", "`", "```\n", "~~~\n", "> ", "- ", "    ", "<b>", "</b>", "<x>", "</x>", "<div>", "</div>",
     "<Tab a='b'>", "</Tab>", "<script>", "</script>", "<!--", "-->", ":::", ":::note", ":::{agent}\n", "\n:::\n", "!!! note\n",
     "<section>\n", "</section>\n", "[a](b.md)", "[a]: b\n", "![a](c.png)", "[a]", "{{<", ">}}", "{% a %}", "<a href='x'>", "</a>",
     "<<<<<<< a\n", "=======\n", "import a from 'b'\n", "export const a\n", "|a|b|\n|-|-|\n", "# H\n", "\\", "&lt;", "\u200b",
     "\u202e", "<p style='x' hidden>", "<?x ", "<![CDATA[", "<video>", "</video>", "\t", "1. ", "***"]
)  # fmt: skip


@given(st.lists(_FRAGMENTS, max_size=25).map("".join), st.booleans())
@example("<<<<<<< a\ntext <!--", False)
def test_code_in_fences_is_never_changed(text, is_mdx):
    code = "```text\n<script>:::note {{x}} <y> \\[a](b)\n```"
    before = f"{code}\n\n{text}"

    assert converted(before, is_mdx=is_mdx)[0].startswith(code)


@given(st.lists(_FRAGMENTS, max_size=25).map("".join), st.booleans())
def test_each_note_names_a_line_of_the_source(text, is_mdx):
    _, notes = converted(text, is_mdx=is_mdx)

    assert all(1 <= note.line <= text.count("\n") + 1 for note in notes)


@given(st.lists(_FRAGMENTS, max_size=20).map("".join), st.booleans())
def test_whatever_comes_in_a_step_accepts_what_comes_out(text, is_mdx):
    refused = [
        each
        for each in deliver(converted(text, is_mdx=is_mdx)[0]).findings
        if each.severity == "error"
    ]

    assert refused == []
