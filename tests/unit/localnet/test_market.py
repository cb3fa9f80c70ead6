"""Prices, ticks and deposits of the market's table, against independent arithmetic."""

import math
from decimal import Decimal

import pytest
from eth_utils.address import to_checksum_address

from tradewind.localnet.addresses import USDC, WETH
from tradewind.localnet.market import POOLS, TICK_SPACING, Pool, Range

RANGES = [(pool, span) for pool in POOLS for span in pool.ranges]


def name(value: object) -> str:
    if isinstance(value, Pool):
        return f"{value.base.symbol}-{value.quote.symbol}-{value.fee_pips}"
    return f"{value.lower}-{value.upper}" if isinstance(value, Range) else str(value)


def pool_at(price: str, fee_pips: int = 500) -> Pool:
    return Pool(WETH, USDC, fee_pips, "0x" + "00" * 20, Decimal(price), ())


def test_three_thousand_usdc_per_weth_is_the_known_sqrt_price() -> None:
    assert pool_at("3000").sqrt_price_x96 == 4339505179874779489431521


def test_a_price_of_one_raw_unit_each_is_exactly_two_to_the_96() -> None:
    assert pool_at("1000000000000").sqrt_price_x96 == 2**96


@pytest.mark.parametrize("pool", POOLS, ids=name)
def test_tokens_are_in_the_order_of_their_addresses(pool: Pool) -> None:
    assert int(pool.base.address, 16) < int(pool.quote.address, 16)
    assert to_checksum_address(pool.address) == pool.address


@pytest.mark.parametrize(("pool", "span"), RANGES, ids=name)
def test_ticks_enclose_the_range_by_less_than_one_spacing(pool: Pool, span: Range) -> None:
    spacing = TICK_SPACING[pool.fee_pips]
    lower, upper = pool.ticks(span)
    assert lower % spacing == upper % spacing == 0
    scale = 10.0 ** (pool.quote.decimals - pool.base.decimals)
    exact_lower = math.log(float(span.lower) * scale) / math.log(1.0001)
    exact_upper = math.log(float(span.upper) * scale) / math.log(1.0001)
    assert 0 <= exact_lower - lower < spacing
    assert 0 <= upper - exact_upper < spacing


@pytest.mark.parametrize(("pool", "span"), RANGES, ids=name)
def test_deposit_is_one_sided_exactly_when_the_price_is_outside(pool: Pool, span: Range) -> None:
    amount0, amount1 = pool.deposit(span)
    assert (amount0 > 0) == (pool.price < span.upper)
    assert (amount1 > 0) == (pool.price > span.lower)


def test_deposit_gives_the_depth_by_the_whitepapers_formula() -> None:
    """With sqrt prices 50, 60 and 75 the amounts are whole: 300,000 · (1/60 - 1/75) and 300,000 · (60 - 50)."""
    span = Range(Decimal(2500), Decimal(5625), 300_000)
    amount0, amount1 = pool_at("3600").deposit(span)
    assert abs(amount0 - 1_000 * 10**18) <= 10**6
    assert abs(amount1 - 3_000_000 * 10**6) <= 1
