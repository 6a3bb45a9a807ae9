"""Which words changed: exactly those of both texts, and soon for any two of them."""

import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.content.word_diff import Budget, Piece, longest_increasing, word_diff

TEXTS = st.lists(st.sampled_from(["a", "b", "the", " ", "  ", "\n", "\n\n", ".", "ü"])).map("".join)


def shown(old, new, budget=None):
    marks = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in word_diff(old, new, budget))


@given(TEXTS, TEXTS)
def test_the_pieces_make_both_texts(old, new):
    pieces = word_diff(old, new)

    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    assert all(piece.text for piece in pieces)


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("Open the page.", "Open the new page.", "Open the [+new +]page."),
    ("Open the page.\nWait.\n", "Open a page.\nWait.\n", "Open [-the-][+a+] page.\nWait.\n"),
    ("One two three.", "One 2 3.", "One [-two three-][+2 3+]."),
    ("One two", "1  2", "[-One two-][+1  2+]"), ("One  two", "1  2", "[-One  two-][+1  2+]"),
    ("a\nb\nc\n", "a\nc\n", "a\n[-b\n-]c\n"),
    ("", "New.", "[+New.+]"), ("Old.", "", "[-Old.-]"), ("Same.", "Same.", "Same."),
])  # fmt: skip
def test_only_the_words_that_changed_are_marked(old, new, expected):
    assert shown(old, new) == expected


def test_what_is_over_the_budget_is_replaced_whole():
    replaced = (Piece("removed", "One two."), Piece("added", "One 2."))
    assert word_diff("One two.", "One 2.", Budget(characters=13)) == replaced
    assert shown("One two.", "One 2.", Budget(characters=14)) == "One [-two-][+2+]."
    assert shown("One two.", "One two.", Budget(characters=0)) == "One two."
    assert Budget() == Budget(comparisons=5_000_000, characters=1_048_576)
    # Words that are there more than once are compared: seven with seven, at most seven times.
    old, new, found = "p - - q", "r - - s", "[-p-][+r+] - - [-q-][+s+]"
    assert shown(old, new) == shown(old, new, Budget(comparisons=343)) == found
    assert shown(old, new, Budget(comparisons=342)) == "[-p - - q-][+r - - s+]"
    twice = shown(f"{old}\nand\n{old}", f"{new}\nand\n{new}", Budget(comparisons=400))
    assert twice == f"{found}\nand\n[-p - - q-][+r - - s+]"


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("- - x - -", "- - y - -", "- - [-x-][+y+] - -"),
    ("- - x one - y -", "- - z - one - w -", "- - [-x-][+z -+] one - [-y-][+w+] -"),
    ("a b c d", "c d a b", "[-a b -]c d[+ a b+]"),
    ("- a - b - c", "b - a - c", "[-- a - -]b - [+a - +]c"),
    ("one\ntwo\n", "one\none\ntwo\n", "one\n[+one\n+]two\n"),
    ("x one", "one one", "[-x-][+one+] one"), ("x--one-", "--one+", "[-x-]--one[---][+++]"),
])  # fmt: skip
def test_without_any_comparison_the_ends_and_what_is_there_once_are_found(old, new, expected):
    assert shown(old, new, Budget(comparisons=0)) == expected


def test_the_pieces_of_any_texts_are_joined_and_their_ends_differ():
    dice = random.Random(7)
    for round_ in range(400):
        many = dice.choice([3, 9, 40])
        old = [dice.choice(["", "\n", "a"]) + str(dice.randrange(many)) for _ in range(12)]
        new = [each for each in old if dice.random() < 0.7]
        new[dice.randrange(9) : 9] = [str(dice.randrange(many)) for _ in range(dice.randrange(4))]
        old, new = " ".join(old), " ".join(new)
        pieces = word_diff(old, new, Budget(comparisons=dice.choice([0, 5_000_000])))
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == old, round_
        assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new, round_
        for one, other in itertools.pairwise(pieces):
            assert (one.kind, other.kind) in {
                ("same", "removed"), ("same", "added"), ("removed", "added"),
                ("removed", "same"), ("added", "same"),
            }  # fmt: skip


def test_a_longest_growing_part_is_found():
    assert longest_increasing([]) == []
    for numbers in itertools.permutations(range(5)):
        found = longest_increasing(numbers)
        assert found == sorted(found)
        grown = [numbers[place] for place in found]
        assert grown == sorted(grown)
        longest = next(
            size for size in range(5, 0, -1)
            if any(list(some) == sorted(some) for some in itertools.combinations(numbers, size))
        )  # fmt: skip
        assert len(found) == longest


def prose(seed, words):
    dice = random.Random(seed)
    return [
        dice.choice(["the", "a", "open", "page"])
        if dice.random() < 0.5
        else f"w{dice.randrange(3000)}"
        for _ in range(words)
    ]


def _edited(words, seed):
    dice = random.Random(seed)
    return [f"n{dice.randrange(3000)}" if dice.random() < 0.1 else word for word in words]


def _cases():
    words = prose(1, 13_000)
    yield "prose", " ".join(words), " ".join(_edited(words, 2))
    lines = [" ".join(words[n : n + 10]) for n in range(0, len(words), 10)]
    yield "lines", "\n".join(lines), "\n".join(_edited(lines, 3))
    yield "nothing in common", " ".join(words), " ".join(reversed([f"x{word}" for word in words]))
    yield (
        "two letters",
        "".join(random.Random(4).choices("ab ", k=65_536)),
        "".join(random.Random(5).choices("ab ", k=65_536)),
    )
    yield "signs", "!?" * 32_768, "?!." * 21_845
    yield "the same lines", "a\n" * 32_768, "b\na\n" * 16_384
    yield "reversed", " ".join(map(str, range(12_000))), " ".join(map(str, reversed(range(12_000))))
    block = [f"{n % 9}" for n in range(99)]
    yield (
        "costly gaps",
        "".join(f"u{n} {' '.join(block)} " for n in range(320)),
        "".join(f"u{n} {' '.join(reversed(block))} " for n in range(320)),
    )


@pytest.mark.parametrize(
    ("name", "old", "new"), list(_cases()), ids=lambda each: each if len(each) < 30 else ""
)
def test_two_texts_of_a_steps_size_are_compared_soon(name, old, new):
    old, new = old[:65_536], new[:65_536]
    started = time.process_time()
    pieces = word_diff(old, new)
    took = time.process_time() - started

    print(name, round(took * 1000), "ms", len(pieces))
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert took < 1  # some 0.1 s on an idle machine
