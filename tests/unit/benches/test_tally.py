"""Answers are counted one by one."""

import pytest

from benches.tally import Tally


def test_a_tally_counts_each_answer() -> None:
    tally = Tally()
    tally.add([1, 2, 3], [1, 2, 4])
    tally.add([5], [5])
    tally.add_one(right=False)
    assert (tally.compared, tally.equal) == (5, 3)


def test_a_tally_refuses_answers_that_are_missing() -> None:
    with pytest.raises(ValueError, match="zip"):
        Tally().add([1], [1, 2])
