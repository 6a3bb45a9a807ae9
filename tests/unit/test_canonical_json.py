import json
from dataclasses import asdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from walkthroughs.content.canonical_json import canonical_json
from walkthroughs.content.values import StepContent, WalkthroughContent

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"\n\t\0\x1f\x7f'))
STEPS = st.builds(StepContent, TEXTS, TEXTS, TEXTS, st.none() | TEXTS, revision=st.integers())
WALKTHROUGHS = st.builds(
    WalkthroughContent,
    TEXTS,
    TEXTS,
    st.none() | TEXTS,
    st.lists(STEPS, max_size=3).map(tuple),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.none() | st.integers(),
)


@given(WALKTHROUGHS)
@example(WalkthroughContent("a", 'A "b"', tags=("c\\", "d\r", "\x01")))
def test_digests_are_made_of_what_the_library_writes(written):
    shown = asdict(written)
    del shown["moved"]

    expected = json.dumps(shown, sort_keys=True, ensure_ascii=False)
    assert canonical_json(written, without="moved") == expected.encode()


def test_half_of_a_surrogate_pair_has_no_digest():
    with pytest.raises(UnicodeEncodeError):
        WalkthroughContent("a", "\ud800").digest()
