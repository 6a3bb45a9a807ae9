import pytest

from sync.batches import MOST, Batch, WithTexts, in_batches
from sync.format.parse_result import WantedWalkthrough
from tests.builders import step
from walkthroughs.content.values import WalkthroughContent

#: Told as a number here, so that a changed limit is seen.
MOST_CHARACTERS = 3 * 2**19


def item(characters=1, steps=1):
    texts = WalkthroughContent(
        "a", "A", steps=tuple(step(f"s{n}", content="x" * characters) for n in range(steps))
    )
    return WithTexts(WantedWalkthrough(texts.outline()), texts)


def test_a_batch_has_so_many_walkthroughs_and_all_are_in_one_in_order():
    items = [item() for _ in range(2 * MOST + 1)]

    batches = list(in_batches(items))
    assert [len(batch) for batch in batches] == [MOST, MOST, 1]
    assert [each for batch in batches for each in batch] == items
    assert list(in_batches([])) == []


def test_much_text_fills_a_batch_and_no_more_is_taken_until_it_is_stored():
    taken = []
    large = item(MOST_CHARACTERS // 4, steps=2)
    batches = in_batches(taken.append(each) or each for each in [large] * 5)

    assert next(batches) == [large, large]
    assert len(taken) == 2
    assert [len(batch) for batch in batches] == [2, 1]


@pytest.mark.parametrize("text", ["content", "agent_instructions", "verify"])
def test_each_part_of_a_step_counts_whoever_it_is_for(text):
    batch = Batch()
    large = step("a", **{text: "x" * MOST_CHARACTERS})
    texts = WalkthroughContent("a", "A", steps=(large,))
    batch.add(WithTexts(WantedWalkthrough(texts.outline()), texts))

    assert batch.is_full()


def test_the_description_of_a_walkthrough_counts_too():
    batch = Batch()
    texts = WalkthroughContent("a", "A", "x" * MOST_CHARACTERS)
    batch.add(WithTexts(WantedWalkthrough(texts.outline()), texts))

    assert batch.is_full()


def test_a_batch_may_be_full_with_fewer():
    batch = Batch()
    batch.add(item())

    assert not batch.is_full()
    assert batch.is_full(1)
