"""Amounts are exact: from the string at the edge to smallest units and back."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tradewind.domain.amount import (
    MAX_RAW,
    PositiveDecimal,
    Raw,
    SignedRaw,
    format_raw,
    from_raw,
    mul_ppm_ceil,
    mul_ppm_floor,
    to_raw,
)

RAWS = st.integers(min_value=0, max_value=MAX_RAW)
DECIMALS = st.integers(min_value=0, max_value=36)


@given(RAWS, DECIMALS)
@example(MAX_RAW, 36)
@example(1, 36)
def test_raw_to_decimal_and_back_loses_nothing(raw: int, decimals: int) -> None:
    amount = from_raw(raw, decimals)
    assert Fraction(amount) == Fraction(raw, 10**decimals)
    assert to_raw(amount, decimals) == raw


@given(RAWS, st.integers(min_value=0, max_value=35), st.integers(min_value=1, max_value=9))
@example(MAX_RAW, 35, 1)
def test_one_decimal_too_many_is_refused_however_long_the_number(raw: int, decimals: int, digit: int) -> None:
    finer = from_raw(raw * 10 + digit, decimals + 1)
    with pytest.raises(ValueError, match=f"more than {decimals} decimals"):
        to_raw(finer, decimals)


@given(RAWS, st.integers(min_value=0, max_value=2_000_000))
def test_parts_per_million_round_to_the_side_they_name(raw: int, ppm: int) -> None:
    exact = Fraction(raw * ppm, 1_000_000)
    assert mul_ppm_floor(raw, ppm) == exact.__floor__()
    assert mul_ppm_ceil(raw, ppm) == exact.__ceil__()


@given(RAWS)
def test_raw_travels_as_a_decimal_string(raw: int) -> None:
    adapter = TypeAdapter(Raw)
    assert adapter.dump_json(raw) == f'"{raw}"'.encode()
    assert adapter.validate_json(adapter.dump_json(raw)) == raw


@pytest.mark.parametrize("value", ["-1", str(2**256), "1.0", "0x1", "", " 1", "1e3", True, 1.5, None])
def test_what_is_no_raw_amount_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Raw).validate_python(value)


@given(st.integers(min_value=-MAX_RAW, max_value=MAX_RAW))
def test_a_signed_amount_travels_as_well(raw: int) -> None:
    adapter = TypeAdapter(SignedRaw)
    assert adapter.validate_json(adapter.dump_json(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "decimals", "symbol", "text"),
    [
        (1_500_000_000_000_000_000, 18, "WETH", "1.5 WETH"),
        (6_001_234_567, 6, "USDC", "6,001.234567 USDC"),
        (1, 18, "", "0.000000000000000001"),
        (0, 6, "USDC", "0 USDC"),
        (1_000_000, 6, "USDC", "1 USDC"),
        (-500_000, 6, "USDC", "-0.5 USDC"),
        (-1_234_500_000, 6, "USDC", "-1,234.5 USDC"),
        (12, 0, "NFT", "12 NFT"),
    ],
)
def test_people_see_thousands_and_no_idle_zeros(raw: int, decimals: int, symbol: str, text: str) -> None:
    assert format_raw(raw, decimals, symbol) == text


@given(st.integers(min_value=-MAX_RAW, max_value=MAX_RAW), DECIMALS)
def test_what_people_see_is_exact(raw: int, decimals: int) -> None:
    assert Fraction(format_raw(raw, decimals).replace(",", "")) == Fraction(raw, 10**decimals)


def test_a_decimal_of_python_must_be_finite_and_not_negative() -> None:
    adapter: TypeAdapter[Decimal] = TypeAdapter(PositiveDecimal)
    for value in (Decimal("NaN"), Decimal("Infinity"), Decimal(-1), Decimal(0)):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
