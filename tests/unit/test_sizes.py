"""Workers share the connections to the database, and never open more than there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.serving.sizes import Sizes, TooManyConnections, sizes_of


@given(st.integers(1, 500), st.integers(1, 64))
def test_workers_together_open_no_more_connections_than_they_share(connections, workers):
    needed = workers * Sizes(4, 1).connections
    if connections < needed:
        with pytest.raises(TooManyConnections, match=f"need {needed} connections"):
            sizes_of(connections, workers)
    else:
        sizes = sizes_of(connections, workers)
        assert workers * sizes.connections <= connections
        assert 4 <= sizes.threads <= 10
        assert 1 <= sizes.checks <= 4


def test_one_process_does_as_much_as_ever_and_four_fit_a_server_of_a_hundred():
    assert sizes_of(90, 1) == Sizes(10, 4)
    assert Sizes().connections == 44
    assert sizes_of(90, 4) == Sizes(4, 2)
    with pytest.raises(TooManyConnections):
        sizes_of(90, 6)
