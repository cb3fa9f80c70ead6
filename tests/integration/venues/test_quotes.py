"""Quotes from the graph equal QuoterV2's, to the unit, for any size."""

import random
from decimal import Decimal

import pytest

from tests.integration.venues.conftest import dice_of
from tradewind.core import CoreError, PoolQuote
from tradewind.domain.plan import Exact
from tradewind.errors import Refused
from tradewind.localnet import EvmLocalnet, Quote, RpcError
from tradewind.localnet import addresses as at
from tradewind.localnet.market import Pool
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.movement import movement

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Where a price ends up when a pool is emptied (Uniswap/v3-core TickMath: one inside of the ends).
PRICE_LIMITS = (4295128740, 1461446703485210103287273052203988822378723970341)
SIZES_PER_DIRECTION = 25


# Ten to the power of this many whole tokens is about what the local market's deepest pools hold.
DEPTH = {at.WETH: 3.5, at.USDC: 7, at.ARB: 7.5}


def random_size(dice: random.Random, token: at.Token) -> int:
    """From one unit to more than a pool holds; half of the sizes are large ones."""
    top = token.decimals + DEPTH[token]
    return int(10 ** dice.uniform(dice.choice([0, top - 3]), top)) + dice.randint(0, 9)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("exact", list(Exact))
async def test_single_pools_quote_what_the_quoter_contract_answers(
    localnet: EvmLocalnet, venue: UniswapV3Adapter, number: int, exact: Exact
) -> None:
    pool, dice = localnet.pools[number], dice_of(number)
    for token_in, token_out in ((pool.base, pool.quote), (pool.quote, pool.base)):
        fixed = token_in if exact is Exact.IN else token_out
        for _ in range(SIZES_PER_DIRECTION):
            amount_raw = random_size(dice, fixed)
            theirs = await quoted_by_contract(localnet, pool, exact, token_in.address, token_out.address, amount_raw)
            ours = quoted_by_graph(venue, pool, exact, fixed.address, amount_raw)
            assert (ours is None) == (theirs is None), amount_raw
            if ours is not None and theirs is not None:
                moved_raw = ours.amount_out_raw if exact is Exact.IN else ours.amount_in_raw
                assert moved_raw == theirs.amount_raw
                assert (movement(ours).sqrt_price_after,) == theirs.sqrt_prices_after_x96


@pytest.mark.parametrize("exact", list(Exact))
async def test_quotes_across_many_ticks_are_what_the_quoter_contract_answers(
    localnet: EvmLocalnet, venue: UniswapV3Adapter, exact: Exact
) -> None:
    pool = next(pool for pool in localnet.pools if (pool.quote, pool.fee_pips) == (at.USDC, 500))
    crossed = set()
    for sold, bought in ((at.WETH, at.USDC), (at.USDC, at.WETH)):
        fixed = sold if exact is Exact.IN else bought
        for whole in range(5, 160, 5):
            amount_raw = whole * (10**18 if fixed is at.WETH else 3000 * 10**6) + 7
            theirs = await quoted_by_contract(localnet, pool, exact, sold.address, bought.address, amount_raw)
            ours = quoted_by_graph(venue, pool, exact, fixed.address, amount_raw)
            assert theirs is not None
            assert ours is not None
            assert (ours.amount_out_raw if exact is Exact.IN else ours.amount_in_raw) == theirs.amount_raw
            crossed.add(movement(ours).ticks_crossed)
    assert max(crossed) >= 4


async def quoted_by_contract(
    localnet: EvmLocalnet, pool: Pool, exact: Exact, token_in: str, token_out: str, amount_raw: int
) -> Quote | None:
    """The contract's answer; None when the pool cannot take or give that much."""
    ask = localnet.quoter.quote_exact_input_single if exact is Exact.IN else localnet.quoter.quote_exact_output_single
    try:
        quote = await ask(token_in, token_out, pool.fee_pips, amount_raw)
    except RpcError:
        assert exact is Exact.OUT
        return None
    return None if quote.sqrt_prices_after_x96[0] in PRICE_LIMITS else quote


def quoted_by_graph(venue: UniswapV3Adapter, pool: Pool, exact: Exact, fixed: str, amount_raw: int) -> PoolQuote | None:
    ask = venue.graph.quote_exact_in if exact is Exact.IN else venue.graph.quote_exact_out
    try:
        return ask(pool.address, fixed, amount_raw)
    except CoreError as error:
        if error.code != "insufficient_liquidity":
            raise
        return None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("exact", list(Exact))
async def test_routes_of_several_hops_quote_what_the_quoter_contract_answers(
    localnet: EvmLocalnet, venue: UniswapV3Adapter, exact: Exact, seed: int
) -> None:
    dice = dice_of(seed)
    for _ in range(30):
        token_in, between, token_out = dice.sample([at.WETH, at.USDC, at.ARB], 3)
        fixed = token_in if exact is Exact.IN else token_out
        amount_raw = int(10 ** dice.uniform(fixed.decimals - 3, fixed.decimals + DEPTH[fixed] - 2))
        over_two = [pool.address for pool in localnet.pools if between in (pool.base, pool.quote)]
        route = await venue.quote(
            token_in=token_in.address,
            token_out=token_out.address,
            amount_raw=amount_raw,
            exact=exact,
            allowed_pools=over_two,
            max_paths=1,
        )
        tokens = [route.hops[0].token_in, *(hop.token_out for hop in route.hops)]
        fees = [hop.fee_ppm for hop in route.hops]
        assert tokens == [token_in.address, between.address, token_out.address]
        if exact is Exact.IN:
            theirs = await localnet.quoter.quote_exact_input(tokens, fees, amount_raw)
            assert route.amount_out_raw == theirs.amount_raw
        else:
            theirs = await localnet.quoter.quote_exact_output(tokens, fees, amount_raw)
            assert route.amount_in_raw == theirs.amount_raw


async def test_the_best_route_is_no_worse_than_any_pool_the_quoter_contract_knows(
    localnet: EvmLocalnet, venue: UniswapV3Adapter
) -> None:
    for amount_raw in (10**16, 10**18, 10**19, 10**20):
        route = await venue.quote(
            token_in=at.WETH.address, token_out=at.USDC.address, amount_raw=amount_raw, exact=Exact.IN
        )
        singles = [
            await localnet.quoter.quote_exact_input_single(at.WETH.address, at.USDC.address, fee, amount_raw)
            for fee in (100, 500, 3000, 10000)
        ]
        assert route.amount_out_raw >= max(single.amount_raw for single in singles)


async def test_price_is_the_one_the_pool_was_opened_with(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    prices = {pool.price for pool in localnet.pools if (pool.base, pool.quote) == (at.WETH, at.USDC)}
    price = await venue.get_price(at.WETH.address, at.USDC.address)
    assert any(abs(price / opened - 1) < Decimal("1e-9") for opened in prices)
    inverse = await venue.get_price(at.USDC.address, at.WETH.address)
    assert any(abs(inverse * opened - 1) < Decimal("1e-9") for opened in prices)


async def test_gas_costs_the_token_amount_that_spot_says_rounded_up(
    localnet: EvmLocalnet, venue: UniswapV3Adapter
) -> None:
    cost_wei = 3_456_789_123_456
    exactly = [
        cost_wei * pool.sqrt_price_x96**2 / Decimal(2**192)
        for pool in localnet.pools
        if (pool.base, pool.quote) == (at.WETH, at.USDC)
    ]
    cost_raw = await venue.fee_in_token(cost_wei, at.USDC.address)
    assert any(0 <= cost_raw - exact < 1 for exact in exactly)
    assert await venue.fee_in_token(cost_wei, at.WETH.address) == cost_wei
    assert await venue.fee_in_token(0, at.USDC.address) == 0
    assert await venue.fee_in_token(1, at.USDC.address) == 1


async def test_gas_cannot_be_priced_in_a_token_without_a_route(venue: UniswapV3Adapter) -> None:
    with pytest.raises(Refused):
        await venue.fee_in_token(10**15, "0x00000000000000000000000000000000000000AA")


async def test_refuses_a_token_that_no_pool_trades(venue: UniswapV3Adapter) -> None:
    stranger = "0x00000000000000000000000000000000000000AA"
    with pytest.raises(Refused):
        await venue.quote(token_in=stranger, token_out=at.WETH.address, amount_raw=1, exact=Exact.IN)
    with pytest.raises(Refused) as caught:
        await venue.get_price(stranger, at.WETH.address)
    assert caught.value.code == "asset_not_listed"


async def test_refuses_more_than_all_pools_hold(venue: UniswapV3Adapter) -> None:
    with pytest.raises(Refused) as caught:
        await venue.quote(token_in=at.USDC.address, token_out=at.WETH.address, amount_raw=10**24, exact=Exact.OUT)
    assert caught.value.code == "insufficient_liquidity"
