"""A prompt's name is short, unique, and stays what it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.mcp_server.prompt_names import (
    CONTINUE,
    is_prompt_name,
    prompt_name,
    suffix_of,
    suffixed_name,
)

AUTHOR_IDS = (
    st.text("aZ09-_ßİ./ \n\0", max_size=100)
    | st.text("ab01-", min_size=1, max_size=45)
    | st.sampled_from([CONTINUE, "deploy", "Deploy", "de_ploy"])
)
ROW_IDS = st.text("aZ9_-", min_size=10, max_size=10).map("wt_{}".format)


@given(AUTHOR_IDS, ROW_IDS, st.booleans())
def test_a_name_has_few_kinds_of_characters_and_is_never_that_of_continue(author_id, row, oldest):
    name = prompt_name(author_id, row, is_oldest=oldest)

    assert re.fullmatch(r"[a-z0-9-]{1,40}", name)
    assert name != CONTINUE
    assert is_prompt_name(name)


@given(st.dictionaries(ROW_IDS, AUTHOR_IDS, max_size=8))
def test_no_two_walkthroughs_have_one_name_whatever_ids_their_authors_choose(author_ids):
    seen, names = set(), []
    for row, author_id in author_ids.items():
        names.append(prompt_name(author_id, row, is_oldest=author_id not in seen))
        seen.add(author_id)

    assert len(set(names)) == len(names)


@given(AUTHOR_IDS, ROW_IDS, ROW_IDS)
def test_no_author_id_is_the_suffixed_name_of_another_walkthrough(author_id, row, other):
    taken = suffixed_name(author_id, row)

    assert suffix_of(taken) is not None
    assert prompt_name(taken, other, is_oldest=True) != taken


@given(AUTHOR_IDS, ROW_IDS, st.booleans())
def test_a_name_is_found_again_by_its_suffix_or_by_the_authors_id(author_id, row, oldest):
    name = prompt_name(author_id, row, is_oldest=oldest)

    assert name == author_id if suffix_of(name) is None else suffixed_name(author_id, row) == name


@pytest.mark.parametrize(
    ("author_id", "name"),
    [
        ("deploy", "deploy"),
        ("k3j9x0c2v5b1", "k3j9x0c2v5b1"),
        ("a" * 40, "a" * 40),
        ("a" * 63, f"{'a' * 29}-c6db30821b"),
        ("continue", "continue-c6db30821b"),
        ("wt_V1StGXR8_Z", "wt-v1stgxr8-z-c6db30821b"),
        ("deploy-0123456789", "deploy-0123456789-c6db30821b"),
        ("ß", "walkthrough-c6db30821b"),
    ],
)
def test_what_cannot_be_a_name_gets_a_suffix_that_is_always_the_same(author_id, name):
    assert prompt_name(author_id, "wt_0123456789", is_oldest=True) == name


@pytest.mark.parametrize("name", ["", "a" * 41, "Deploy", "a b", "a\n", "ａ", "deploy/x"])
def test_what_no_prompt_is_called_needs_no_look_into_the_database(name):
    assert not is_prompt_name(name)
