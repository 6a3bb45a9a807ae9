import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Integer, MetaData, Table, Text, text

from walkthroughs.database.bulk_copy import insert_rows, prepare

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TRICKY = st.lists(st.sampled_from(["\\", "\n", "\r", "\t", "\\N", "\\.", "N", "", " "])).map(
    "".join
)
ROWS = st.fixed_dictionaries(
    {
        "a": st.none() | TEXTS | TRICKY,
        "b": st.none() | st.integers(-9, 9),
        "c": st.none() | st.booleans(),
        "d": st.lists(TRICKY) | st.dictionaries(TEXTS, TRICKY, max_size=2),
        "e": TRICKY,
    }
)
TABLE = Table(
    "copied",
    MetaData(),
    *(Column("a", Text), Column("b", Integer), Column("c", Boolean)),
    *(Column("d", JSON), Column("e", Text)),
)


def test_rows_are_read_as_they_were_stored(database):
    with database.transaction() as session:
        session.execute(text("CREATE TEMP TABLE copied (a text, b int, c bool, d json, e text)"))

        @settings(max_examples=50)
        @given(st.lists(ROWS, max_size=4))
        def stored(rows):
            session.execute(text("TRUNCATE copied"))
            insert_rows(session, TABLE, rows)
            assert [dict(row) for row in session.execute(TABLE.select()).mappings()] == rows

        stored()
        session.execute(text("DROP TABLE copied"))


@pytest.mark.parametrize("value", ["\0", "a\0", "\0b"])
def test_a_text_with_a_nul_makes_no_other_columns(value):
    with pytest.raises(ValueError, match="NUL"):
        prepare(TABLE, [{"a": value, "b": 1}])
