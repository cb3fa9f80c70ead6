"""Average cost by hand and by brute force: what closing realises, on either side of zero."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.accounting.position import Position

D = Decimal


def test_selling_realises_the_difference_to_the_average_price_paid() -> None:
    # 1 at 2,000 and 3 at 2,400 cost 9,200: 2,300 each. Two sold at 2,500: 2 * 200.
    position = Position()
    assert position.trade(10, D(2000)) == 0
    assert position.trade(30, D(7200)) == 0
    assert position.trade(-20, D(5000)) == D(400)
    assert (position.raw, position.cost_usd) == (20, D(4600))


def test_selling_what_was_not_bought_is_realised_when_it_is_bought_back() -> None:
    # 2 sold at 2,500, 1 bought back at 2,400, the other at 2,700.
    position = Position()
    assert position.trade(-20, D(5000)) == 0
    assert position.trade(10, D(2400)) == D(100)
    assert position.trade(10, D(2700)) == D(-200)
    assert (position.raw, position.cost_usd) == (0, D(0))


def test_a_trade_through_zero_closes_and_opens() -> None:
    # 1 bought at 2,000; 3 sold for 6,600: one closes at a profit of 200, two are open at 2,200.
    position = Position()
    position.trade(10, D(2000))
    assert position.trade(-30, D(6600)) == D(200)
    assert (position.raw, position.cost_usd) == (-20, D(-4400))


def test_what_closes_a_cost_that_is_not_known_realises_what_is_not_known() -> None:
    position = Position()
    assert position.trade(10, None) is None
    assert position.trade(10, D(2000)) == 0
    assert position.trade(-5, D(1000)) is None
    assert position.trade(-15, D(3000)) is None
    # Flat again: what follows is known again.
    assert position.trade(10, D(2000)) == 0
    assert position.trade(-10, D(2100)) == D(100)


def test_closing_without_a_price_leaves_the_cost_of_the_rest() -> None:
    position = Position()
    position.trade(10, D(2000))
    assert position.trade(-4, None) is None
    assert (position.raw, position.cost_usd) == (6, D(1200))
    assert position.trade(-6, D(1500)) == D(300)


def test_parts_are_rounded_to_eighteen_places_half_to_even() -> None:
    position = Position()
    position.trade(3, D(1))
    assert position.trade(-1, D(0)) == D("-0.333333333333333333")
    assert position.trade(-1, D(0)) == D("-0.333333333333333334")
    # What is left over goes with the last unit, so that nothing is lost.
    assert position.trade(-1, D(0)) == D("-0.333333333333333333")


class Model:
    """The same by exact fractions and unit prices, one sign at a time."""

    def __init__(self) -> None:
        self.raw, self.price = 0, Fraction(0)

    def trade(self, delta: int, unit_price: Fraction) -> Fraction:
        if self.raw * delta >= 0:
            total = self.price * abs(self.raw) + unit_price * abs(delta)
            self.raw += delta
            self.price = total / abs(self.raw)
            return Fraction(0)
        closed = min(abs(delta), abs(self.raw))
        side = 1 if self.raw > 0 else -1
        realised = (unit_price - self.price) * closed * side
        rest = abs(delta) - closed
        self.raw += -side * closed
        if rest:
            self.raw, self.price = -side * rest, unit_price
        return realised


trades = st.lists(
    st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 10**6)),
    max_size=30,
)


@given(trades)
def test_agrees_with_exact_fractions(series: list[tuple[int, int]]) -> None:
    position, model = Position(), Model()
    for delta, unit_price in series:
        realised = position.trade(delta, D(unit_price * abs(delta)))
        expected = model.trade(delta, Fraction(unit_price))
        assert realised is not None
        assert position.raw == model.raw
        assert float(realised) == pytest.approx(float(expected), abs=1e-12)


@given(trades)
def test_no_dollar_is_made_or_lost(series: list[tuple[int, int]]) -> None:
    """What went in less what came out is the profit realised and the cost of what is still held: exactly."""
    position, paid, realised = Position(), D(0), D(0)
    for delta, unit_price in series:
        value = D(unit_price) * abs(delta) / 7
        value = value.quantize(D(1).scaleb(-18))
        paid += value if delta > 0 else -value
        realised += position.trade(delta, value) or 0
        assert paid == position.cost_usd - realised
