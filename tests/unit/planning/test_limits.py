"""The worst that a trade may do, whole and leg by leg."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.planning.limits import leg_limits

PPM = 1_000_000
amounts = st.integers(1, 10**30)
legs_of_a_trade = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8)


@dataclass(frozen=True)
class ALeg:
    amount_in_raw: int
    amount_out_raw: int


@dataclass(frozen=True)
class ATrade:
    exact: Literal["in", "out"]
    legs: list[ALeg]

    @property
    def amount_in_raw(self) -> int:
        return sum(leg.amount_in_raw for leg in self.legs)

    @property
    def amount_out_raw(self) -> int:
        return sum(leg.amount_out_raw for leg in self.legs)


def trade(exact: Literal["in", "out"], drawn: list[tuple[int, int]]) -> ATrade:
    return ATrade(exact, [ALeg(*amounts) for amounts in drawn])


@given(drawn=legs_of_a_trade, slippage_ppm=st.integers(0, PPM - 1))
def test_legs_together_may_pay_the_slippage_of_the_whole_and_not_a_unit_more(
    drawn: list[tuple[int, int]], slippage_ppm: int
) -> None:
    bought = trade("out", drawn)
    limits = leg_limits(bought, slippage_ppm)
    most = bought.amount_in_raw * Fraction(PPM + slippage_ppm, PPM)
    assert most - 1 < sum(limit.worst_in_raw for limit in limits) <= most
    for limit, leg in zip(limits, bought.legs, strict=True):
        assert limit.worst_out_raw == leg.amount_out_raw
        own = leg.amount_in_raw * Fraction(PPM + slippage_ppm, PPM)
        assert leg.amount_in_raw <= limit.worst_in_raw < own + 1


@given(drawn=legs_of_a_trade, slippage_ppm=st.integers(0, PPM - 1))
def test_legs_together_must_bring_the_whole_less_the_slippage_and_not_a_unit_less(
    drawn: list[tuple[int, int]], slippage_ppm: int
) -> None:
    sold = trade("in", drawn)
    limits = leg_limits(sold, slippage_ppm)
    least = sold.amount_out_raw * Fraction(PPM - slippage_ppm, PPM)
    assert least <= sum(limit.worst_out_raw for limit in limits) < least + 1
    for limit, leg in zip(limits, sold.legs, strict=True):
        assert limit.worst_in_raw == leg.amount_in_raw
        own = leg.amount_out_raw * Fraction(PPM - slippage_ppm, PPM)
        assert own - 1 < limit.worst_out_raw <= leg.amount_out_raw


@given(drawn=legs_of_a_trade, slippage_ppm=st.integers(0, PPM - 1), room=st.integers(0, 10**30))
def test_the_limit_of_a_slice_holds_for_its_legs_together_where_it_is_stricter(
    drawn: list[tuple[int, int]], slippage_ppm: int, room: int
) -> None:
    bought, sold = trade("out", drawn), trade("in", drawn)
    most = bought.amount_in_raw + room
    limits = leg_limits(bought, slippage_ppm, most)
    without = sum(limit.worst_in_raw for limit in leg_limits(bought, slippage_ppm))
    assert sum(limit.worst_in_raw for limit in limits) == min(most, without)
    least = max(0, sold.amount_out_raw - room)
    limits = leg_limits(sold, slippage_ppm, least)
    without = sum(limit.worst_out_raw for limit in leg_limits(sold, slippage_ppm))
    assert sum(limit.worst_out_raw for limit in limits) == max(least, without)


@pytest.mark.parametrize(
    ("exact", "drawn", "expected"),
    [
        ("out", [(1_000_003, 7)], [(1_005_003, 7)]),
        ("in", [(7, 1_000_003)], [(7, 995_003)]),
        # 0.5 % of 399 is 1.995: one unit more for both together, and the second leg has it.
        ("out", [(199, 5), (200, 6)], [(199, 5), (201, 6)]),
        ("in", [(5, 199), (6, 200)], [(5, 199), (6, 199)]),
    ],
)
def test_limits_of_small_trades_by_hand(
    exact: Literal["in", "out"], drawn: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    limits = leg_limits(trade(exact, drawn), 5_000)
    assert [(limit.worst_in_raw, limit.worst_out_raw) for limit in limits] == expected
