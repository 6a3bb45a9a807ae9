"""Pictures of numbers as SVG: a bar, lines by day, and what is taken next in two columns. Pure.

None of them says anything that the table beside it does not say: readers of the screen skip them.
Colours are classes of the style sheet, which knows light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

#: A picture is so wide in its own units; the page scales it.
WIDTH = 720
_LINES_HEIGHT, _LINES_TOP = 180, 22
_COLUMN, _LEFT, _GAP, _LEAST, _FLOW_HEIGHT = 12, 210, 8, 18, 300
_MOST_LETTERS = 26
#: What XML cannot have, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = 'class="{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"'


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of a column, and how far streams have filled it."""

    y: float
    height: float
    total: int


def bar(value: int, most: int) -> Markup:
    """Return a bar whose length is the share of *value* in *most*; 100 units are all."""
    length = 100 * value / most if most > 0 else 0
    return _picture(
        "share-bar",
        100,
        10,
        [f'<rect class="whole" width="100" height="10"/><rect width="{length:.2f}" height="10"/>'],
        ' preserveAspectRatio="none"',
    )


def lines(series: Mapping[str, Sequence[int]], marks: Mapping[int, str]) -> Markup:
    """Return a line for each of *series*, by the name of its class, from 0 up to the highest.

    Args:
        series: the values of all days, as many for each.
        marks: a text for some days, by their place from 0: a mark stands across the picture.
    """
    count = max((len(values) for values in series.values()), default=0)
    most = max((max(values, default=0) for values in series.values()), default=0)
    parts = [
        f'<path class="floor" d="M0 {_LINES_HEIGHT - 1}H{WIDTH}M0 {_LINES_TOP}H{WIDTH}"/>',
        *(_mark(_x(at, count), label) for at, label in marks.items() if 0 <= at < count),
    ]
    for name, values in series.items():
        points = " ".join(f"{_x(at, count):.2f},{_y(v, most):.2f}" for at, v in enumerate(values))
        parts.append(f'<polyline class="{escape(name)}" points="{points}"/>')
    return _picture("lines", WIDTH, _LINES_HEIGHT, parts)


def flow(pairs: Sequence[tuple[str, str, int]], labels: Mapping[str, str]) -> Markup:
    """Return two columns with a stream from left to right for each of (before, after, count).

    Each piece of a column has its label and its sum: of the pairs that are given, no others.
    """
    total = sum(count for _, _, count in pairs) or 1
    unit = _FLOW_HEIGHT / total
    left = _column([(before, count) for before, _, count in pairs], unit)
    right = _column([(after, count) for _, after, count in pairs], unit)
    streams = _streams(pairs, left, right, unit)
    ends = [node.y + max(node.height, _LEAST) for side in (left, right) for node in side.values()]
    height = round(max(ends, default=_LEAST)) + 2
    nodes = [
        *(_node(node, labels.get(key, key), is_left=True) for key, node in left.items()),
        *(_node(node, labels.get(key, key), is_left=False) for key, node in right.items()),
    ]
    return _picture("flow", WIDTH, height, [*streams, *nodes])


def _picture(name: str, width: int, height: int, parts: Sequence[str], more: str = "") -> Markup:
    head = _HEAD.format(name, width, height)
    return Markup(f"<svg {head}{more}>{''.join(parts)}</svg>")  # noqa: S704  texts are escaped


def _text(text: str) -> str:
    """Return *text* as XML, shortened to what fits."""
    clean = " ".join(_NOT_XML.sub("", text[:1000]).split())
    short = clean if len(clean) <= _MOST_LETTERS else f"{clean[: _MOST_LETTERS - 1].rstrip()}…"
    return str(escape(short))


def _x(at: int, count: int) -> float:
    return WIDTH * at / (count - 1) if count > 1 else WIDTH / 2


def _y(value: int, most: int) -> float:
    floor = _LINES_HEIGHT - 1
    return floor - (floor - _LINES_TOP) * value / most if most else floor


def _mark(x: float, label: str) -> str:
    side = "end" if x > WIDTH / 2 else "start"
    return (
        f'<path class="mark" d="M{x:.2f} 16V{_LINES_HEIGHT - 1}"/>'
        f'<text x="{x:.2f}" y="12" text-anchor="{side}">{_text(label)}</text>'
    )


def _column(counts: Sequence[tuple[str, int]], unit: float) -> dict[str, _Node]:
    """Return the pieces of a column from the top, the largest first."""
    sums: dict[str, int] = {}
    for key, count in counts:
        sums[key] = sums.get(key, 0) + count
    nodes, y = {}, 0.0
    for key, total in sorted(sums.items(), key=lambda each: -each[1]):
        height = max(total * unit, 1)
        nodes[key] = _Node(y, height, total)
        y += max(height, _LEAST) + _GAP
    return nodes


def _streams(
    pairs: Sequence[tuple[str, str, int]],
    left: Mapping[str, _Node],
    right: Mapping[str, _Node],
    unit: float,
) -> list[str]:
    """Return the streams: in each piece they lie in the order of the pieces across."""
    height = {pair: pair[2] * unit for pair in pairs}
    starts: dict[tuple[str, str, int], float] = {}
    ends: dict[tuple[str, str, int], float] = {}
    for own, other, into, side in ((0, 1, starts, left), (1, 0, ends, right)):
        across = right if side is left else left
        filled = {key: node.y for key, node in side.items()}
        for pair in sorted(pairs, key=lambda each: across[str(each[other])].y):
            into[pair] = filled[str(pair[own])]
            filled[str(pair[own])] += height[pair]
    return [_stream(starts[pair], ends[pair], height[pair]) for pair in pairs]


def _stream(top: float, end: float, height: float) -> str:
    x1, x2, middle = _LEFT + _COLUMN, WIDTH - _LEFT - _COLUMN, WIDTH / 2
    low, low_end = top + height, end + height
    return (
        f'<path class="stream" d="M{x1} {top:.2f}C{middle} {top:.2f} {middle} {end:.2f} {x2}'
        f" {end:.2f}V{low_end:.2f}C{middle} {low_end:.2f} {middle} {low:.2f} {x1} {low:.2f}Z"
        '"/>'
    )


def _node(node: _Node, label: str, *, is_left: bool) -> str:
    x = _LEFT if is_left else WIDTH - _LEFT - _COLUMN
    text_x, side = (x - 8, "end") if is_left else (x + _COLUMN + 8, "start")
    y = node.y + max(node.height, _LEAST) / 2 + 5
    return (
        f'<rect x="{x}" y="{node.y:.2f}" width="{_COLUMN}" height="{node.height:.2f}"/>'
        f'<text x="{text_x}" y="{y:.2f}" text-anchor="{side}">{_text(label)}'
        f' <tspan class="sum">{node.total:,}</tspan></text>'
    )
