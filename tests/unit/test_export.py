"""Content out and in again is the same content."""

from hypothesis import given
from hypothesis import strategies as st

from sync.format.export import export
from sync.format.folder import read_folder
from sync.format.parse import parse_repository
from tests.builders import content, problems_in, step, texts
from tests.pictures import stored_picture
from walkthroughs.content.values import AuthoredWalkthrough, Move, StepContent, WalkthroughContent

IDS = st.sampled_from(["aa", "b-2", "no", "null", "1e3", "0x1f", "012", "true"])
#: Words that YAML or Markdown could take for something else.
WORDS = st.sampled_from(
    [
        "no",
        "~",
        "1.0",
        "a: b",
        "# not a comment",
        "- item",
        "'",
        '"x"',
        "{y}",
        "[z]",
        "é 🙂",
        "& *",
        "|",
        "%",
        "@a",
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
BODIES = st.lists(
    st.one_of(
        LINES,
        st.sampled_from(["```sh\n: {agent}\n```", "> quoted", "1. one\n2. two", "---", ":: note"]),
    ),
    min_size=1,
    max_size=3,
).map("\n\n".join)
STEPS = st.lists(
    st.builds(
        StepContent,
        id=IDS,
        title=LINES,
        content=BODIES,
        section=st.none() | LINES,
        agent_instructions=st.none() | BODIES,
        verify=st.none() | BODIES,
        revision=st.integers(1, 9),
    ),
    unique_by=lambda each: each.id,
    min_size=1,
    max_size=4,
)
AUTHORED = st.builds(
    AuthoredWalkthrough,
    st.builds(
        WalkthroughContent,
        id=IDS,
        title=LINES,
        description=st.none() | LINES,
        steps=STEPS.map(tuple),
        tags=st.lists(LINES, max_size=2).map(tuple),
        estimated_minutes=st.none() | st.integers(1, 10_000),
        moved=st.sampled_from(
            [
                (),
                (Move("old", "new"),),
                (Move("a1", "b1"), Move("b1", "c1")),
                (Move("no", "12"), Move("no", "a1", "null-1"), Move("1e3", "a1", "0x1f-2")),
            ]
        ),
    ),
    st.booleans(),
    st.lists(IDS, max_size=2).map(tuple),
)


@given(AUTHORED)
def test_what_is_exported_is_read_back_the_same(authored):
    files = export(authored)

    assert parse_repository(files).problems == ()
    assert texts(files) == [authored]


def test_an_exported_walkthrough_is_one_that_an_author_would_write():
    steps = (step("one", section="Start", verify="It runs."), step("two"))
    picture = stored_picture()
    files = export(
        AuthoredWalkthrough(
            content(steps=steps), is_published=True, servers=("acme",), pictures=(picture,)
        )
    )

    assert files.pop(f"walkthroughs/deploy/steps/i/{picture.name}") == picture.data
    assert {path: data.decode() for path, data in files.items()} == {
        "walkthroughs/deploy/walkthrough.yml": (
            "id: deploy\ntitle: Deploy\nstatus: published\nservers:\n- acme\nsteps:\n"
            "- section: Start\n  steps:\n  - steps/one.md\n- steps/two.md\n"
        ),
        "walkthroughs/deploy/steps/one.md": (
            "---\nid: one\ntitle: One\n---\nDo one.\n\n:::{verify}\nIt runs.\n:::\n"
        ),
        "walkthroughs/deploy/steps/two.md": "---\nid: two\ntitle: Two\n---\nDo two.\n",
    }


def test_an_exported_picture_is_read_back_where_its_text_names_it(tmp_path):
    picture = stored_picture()
    steps = (step("one", content=f"![A fox](i/{picture.name})"), step("two"))
    authored = AuthoredWalkthrough(content(steps=steps), pictures=(picture,))
    for path, data in export(authored).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)

    assert problems_in(tmp_path) == ()
    assert texts(read_folder(tmp_path)) == [authored]
