"""Medians of paired ratios, and percentiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benches.paired import Paired, percentile


def paired(better: str, *pairs: tuple[float, float]) -> Paired:
    result = Paired("lower" if better == "lower" else "higher")
    for ours, peer in pairs:
        result.add(ours=ours, peer=peer)
    return result


def test_a_shorter_time_is_a_better_one() -> None:
    assert paired("lower", (2, 10)).ratio == 5


def test_a_higher_rate_is_a_better_one() -> None:
    assert paired("higher", (10, 2)).ratio == 5


def test_the_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_the_medians() -> None:
    """The machine is ten times slower in the second round, for both: the pairs do not notice."""
    pairs = paired("lower", (1, 5), (10, 50), (1, 5), (10, 40), (1, 7))
    assert pairs.ratio == 5
    assert sorted(pairs.ratios) == [4, 5, 5, 5, 7]


def test_percentiles_by_nearest_rank() -> None:
    """The worked example of the method: 15, 20, 35, 40, 50."""
    values = [35.0, 20.0, 15.0, 50.0, 40.0]
    assert [percentile(values, percent) for percent in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]


@pytest.mark.parametrize("percent", [0, -1, 100.1])
def test_refuses_a_percentile_that_does_not_exist(percent: float) -> None:
    with pytest.raises(ValueError, match="percent above 0"):
        percentile([1.0], percent)


def test_refuses_a_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="needs values"):
        percentile([], 50)


@given(st.lists(st.floats(0, 1e9), min_size=1), st.floats(0.001, 100))
def test_at_least_that_many_values_do_not_exceed_a_percentile(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-9
    assert sum(value < found for value in values) < len(values) * percent / 100 + 1e-9
