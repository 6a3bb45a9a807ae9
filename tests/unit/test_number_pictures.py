"""Pictures of numbers: valid XML whatever titles hold, with the numbers of the table."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages.analytics.pictures import WIDTH, bar, flow, lines

COUNTS = st.integers(0, 10**9)
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["</text><script>alert(1)</script>", '"><a href="javascript:x">', "&lt;&#0;", "\x00\x1b]]>",
         "\ud800", "=cmd()", "\u202e" + "x" * 5000]
    ),
)  # fmt: skip
PAIRS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.integers(1, 10**6)),
    unique_by=lambda pair: pair[:2],
    max_size=24,
)


def parsed(picture):
    """Parse as a browser does of XML; it holds nothing but shapes and texts, each closed."""
    root = ElementTree.fromstring(str(picture))
    assert root.attrib["aria-hidden"] == "true"
    for each in root.iter():
        assert each.tag in {"svg", "rect", "path", "polyline", "text", "tspan"}
        assert not any(name.startswith("on") or name in {"style", "href"} for name in each.attrib)
    return root


def sums(pairs, side):
    found = {}
    for pair in pairs:
        found[pair[side]] = found.get(pair[side], 0) + pair[2]
    return sorted(found.values())


@given(COUNTS, COUNTS)
def test_a_bar_is_as_long_as_its_share(value, more):
    whole, length = parsed(bar(value, value + more))

    assert float(whole.attrib["width"]) == 100
    share = 100 * value / (value + more) if value + more else 0
    assert float(length.attrib["width"]) == pytest.approx(share, abs=0.01)


@given(st.lists(st.tuples(COUNTS, COUNTS), max_size=365), HOSTILE)
def test_lines_have_each_days_number(days, label):
    series = {"started": [a for a, _ in days], "finished": [b for _, b in days]}
    root = parsed(lines(series, {0: label, len(days) + 5: "out of the picture"}))
    most = max((value for pair in days for value in pair), default=0)

    drawn = {line.attrib["class"]: line.attrib["points"].split() for line in root.iter("polyline")}
    for name, values in series.items():
        points = [tuple(map(float, point.split(","))) for point in drawn[name]]
        assert len(points) == len(values)
        assert all(0 <= x <= WIDTH for x, _ in points)
        assert all(left < right for (left, _), (right, _) in pairwise(points))
        for value, (_, y) in zip(values, points, strict=True):
            assert y == pytest.approx(179 - (157 * value / most if most else 0), abs=0.01)
    assert len(list(root.iter("text"))) == bool(days)


@given(PAIRS, st.dictionaries(st.sampled_from("abcdef"), HOSTILE))
def test_the_flow_has_the_numbers_of_the_table(pairs, labels):
    root = parsed(flow(pairs, labels))
    texts = list(root.iter("text"))
    for side, anchor in ((0, "end"), (1, "start")):
        told = [
            int(text.find("tspan").text.replace(",", ""))
            for text in texts
            if text.attrib["text-anchor"] == anchor
        ]
        assert sorted(told) == sums(pairs, side)
        assert told == sorted(told, reverse=True)
    assert len(list(root.iter("path"))) == len(pairs)
    assert all(len("".join(text.itertext())) < 45 for text in texts)


@given(PAIRS)
def test_streams_are_as_thick_as_their_counts_and_stay_in_the_picture(pairs):
    root = parsed(flow(pairs, {}))
    total = sum(pair[2] for pair in pairs)
    height = float(root.attrib["viewBox"].split()[3])
    for path, pair in zip(root.iter("path"), pairs, strict=True):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.attrib["d"])]
        top, low = numbers[1], numbers[-1]
        assert low - top == pytest.approx(300 * pair[2] / total, abs=0.02)
        assert min(top, low) >= 0
        assert max(top, low) <= height


def test_two_walkthroughs_with_one_title_stay_two():
    root = parsed(flow([("a", "b", 3), ("b", "a", 2)], {"a": "Same", "b": "Same"}))

    assert len(list(root.iter("rect"))) == 4


def test_a_long_title_is_shortened():
    root = parsed(flow([("a", "b", 3)], {"a": "Set up the command line on every machine"}))
    (left, _) = root.iter("text")

    assert "".join(left.itertext()) == "Set up the command line o… 3"
