"""Decimals at the edge: exact both ways, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.strategies import decimal_of, raw_of


@pytest.mark.parametrize(
    ("amount", "decimals", "raw"),
    [("1.5", 9, 1_500_000_000), ("0.000001", 6, 1), ("-2", 0, -2), ("123456789012345678901234567890.5", 1, None)],
)
def test_an_amount_is_so_many_units(amount: str, decimals: int, raw: int | None) -> None:
    expected = 1234567890123456789012345678905 if raw is None else raw
    assert raw_of(Decimal(amount), decimals) == expected


@pytest.mark.parametrize("amount", ["0.0000001", "NaN", "Infinity"])
def test_what_has_no_exact_units_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="Round it first"):
        raw_of(Decimal(amount), 6)


@given(st.integers(-(10**40), 10**40), st.integers(0, 30))
def test_units_come_back_as_they_were(raw: int, decimals: int) -> None:
    assert raw_of(decimal_of(raw, decimals), decimals) == raw
