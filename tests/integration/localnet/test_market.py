"""The market is what its description promises, and the quoter tells the truth about it."""

from decimal import Decimal

import pytest

from tests.integration.localnet.reading import ask
from tradewind.localnet import EvmLocalnet, LocalnetError, RpcError
from tradewind.localnet import addresses as at
from tradewind.localnet.market import POOLS, Pool

pytestmark = pytest.mark.asyncio(loop_scope="session")

WETH, USDC, ARB = at.WETH.address, at.USDC.address, at.ARB.address
FEES = (100, 500, 3000, 10000)
ONE_WETH_RAW = 10**18
MAX_SQRT_PRICE_X96 = 1461446703485210103287273052203988822378723970342


def named(pool: Pool) -> str:
    return f"{pool.base.symbol}-{pool.quote.symbol}-{pool.fee_pips}"


def weth(amount: str) -> int:
    return int(Decimal(amount) * ONE_WETH_RAW)


async def cost_of_buying(chain: EvmLocalnet, amount_out_raw: int) -> dict[int | str, int]:
    """USDC for WETH: in each single pool that can fill it, and over ARB."""
    costs: dict[int | str, int] = {}
    for fee in FEES:
        try:
            quote = await chain.quoter.quote_exact_output_single(USDC, WETH, fee, amount_out_raw)
        except RpcError:
            continue
        costs[fee] = quote.amount_raw
    over_arb = await chain.quoter.quote_exact_output([USDC, ARB, WETH], [500, 500], amount_out_raw)
    return costs | {"over ARB": over_arb.amount_raw}


async def proceeds_of_selling(chain: EvmLocalnet, amount_in_raw: int) -> dict[int | str, int]:
    proceeds: dict[int | str, int] = {
        fee: (await chain.quoter.quote_exact_input_single(WETH, USDC, fee, amount_in_raw)).amount_raw for fee in FEES
    }
    over_arb = await chain.quoter.quote_exact_input([WETH, ARB, USDC], [500, 500], amount_in_raw)
    return proceeds | {"over ARB": over_arb.amount_raw}


async def sqrt_price_x96(chain: EvmLocalnet, pool: Pool) -> int:
    return int((await ask(chain, pool.address, "slot0()", ["uint160", "int24"]))[0])


@pytest.mark.parametrize("pool", POOLS, ids=named)
async def test_pool_starts_at_its_price(chain: EvmLocalnet, pool: Pool) -> None:
    root = Decimal(await sqrt_price_x96(chain, pool)) / 2**96
    price = root**2 * 10 ** (pool.base.decimals - pool.quote.decimals)
    assert abs(price / pool.price - 1) < Decimal("1e-12")


@pytest.mark.parametrize("pool", POOLS, ids=named)
@pytest.mark.parametrize("buying_base", [False, True], ids=["base in", "quote in"])
async def test_swap_fills_exactly_as_quoted(chain: EvmLocalnet, pool: Pool, buying_base: bool) -> None:
    paid, got = (pool.quote, pool.base) if buying_base else (pool.base, pool.quote)
    amount_in_raw = 12_345 * 10**paid.decimals // (1 if paid is not at.WETH else 5_000) + 7
    quote = await chain.quoter.quote_exact_input_single(paid.address, got.address, pool.fee_pips, amount_in_raw)
    before = [await chain.balance_of(token.address, at.MARKET_MAKER) for token in (paid, got)]
    swap = await chain.swap_as_market(paid.address, got.address, pool.fee_pips, amount_in_raw)
    after = [await chain.balance_of(token.address, at.MARKET_MAKER) for token in (paid, got)]
    assert before[0] - after[0] == swap.amount_in_raw == amount_in_raw
    assert after[1] - before[1] == swap.amount_out_raw == quote.amount_raw > 0
    assert await sqrt_price_x96(chain, pool) == quote.sqrt_prices_after_x96[0]


async def test_quote_of_a_path_is_the_chain_of_its_single_quotes(chain: EvmLocalnet) -> None:
    bought = await chain.quoter.quote_exact_output_single(ARB, WETH, 500, weth("2"))
    paid = await chain.quoter.quote_exact_output_single(USDC, ARB, 3000, bought.amount_raw)
    path = await chain.quoter.quote_exact_output([USDC, ARB, WETH], [3000, 500], weth("2"))
    assert path.amount_raw == paid.amount_raw
    assert path.sqrt_prices_after_x96 == bought.sqrt_prices_after_x96 + paid.sqrt_prices_after_x96
    sold = await chain.quoter.quote_exact_input_single(WETH, ARB, 3000, weth("2"))
    got = await chain.quoter.quote_exact_input_single(ARB, USDC, 500, sold.amount_raw)
    path = await chain.quoter.quote_exact_input([WETH, ARB, USDC], [3000, 500], weth("2"))
    assert path.amount_raw == got.amount_raw
    assert path.sqrt_prices_after_x96 == sold.sqrt_prices_after_x96 + got.sqrt_prices_after_x96


@pytest.mark.parametrize(
    ("amount", "best"), [("0.05", 100), ("0.5", 100), ("1.5", 500), ("3", 500), ("10", "over ARB"), ("200", 3000)]
)
async def test_the_cheapest_way_to_buy_depends_on_the_size(chain: EvmLocalnet, amount: str, best: int | str) -> None:
    costs = await cost_of_buying(chain, weth(amount))
    assert min(costs, key=costs.__getitem__) == best


@pytest.mark.parametrize(("amount", "best"), [("0.1", 100), ("1.5", 500), ("10", "over ARB"), ("200", 3000)])
async def test_the_best_way_to_sell_depends_on_the_size(chain: EvmLocalnet, amount: str, best: int | str) -> None:
    proceeds = await proceeds_of_selling(chain, weth(amount))
    assert max(proceeds, key=proceeds.__getitem__) == best


async def test_buying_one_and_a_half_weth_has_a_small_but_visible_impact(chain: EvmLocalnet) -> None:
    pool = next(pool for pool in POOLS if (pool.quote, pool.fee_pips) == (at.USDC, 500))
    cost_raw = (await cost_of_buying(chain, weth("1.5")))[500]
    without_fee = Decimal(cost_raw) * (1_000_000 - pool.fee_pips) / 1_000_000
    impact = without_fee / (Decimal("1.5") * pool.price * 10**6) - 1
    assert Decimal("0.0002") < impact < Decimal("0.002")


@pytest.mark.parametrize(("fee", "at_least"), [(500, 30), (3000, 8)])
async def test_two_hundred_weth_cross_many_ticks(chain: EvmLocalnet, fee: int, at_least: int) -> None:
    bought = await chain.quoter.quote_exact_output_single(USDC, WETH, fee, weth("200"))
    sold = await chain.quoter.quote_exact_input_single(WETH, USDC, fee, weth("200"))
    assert bought.ticks_crossed[0] >= at_least
    assert sold.ticks_crossed[0] >= at_least


async def test_no_round_trip_through_two_pools_is_profitable(chain: EvmLocalnet) -> None:
    for there in FEES:
        for back in FEES:
            got = await chain.quoter.quote_exact_input_single(WETH, USDC, there, weth("0.01"))
            returned = await chain.quoter.quote_exact_input_single(USDC, WETH, back, got.amount_raw)
            assert returned.amount_raw < weth("0.01"), (there, back)


async def test_an_unknown_pool_and_more_than_a_pool_holds_are_errors(chain: EvmLocalnet) -> None:
    with pytest.raises(RpcError) as unknown:
        await chain.quoter.quote_exact_input_single(WETH, USDC, 123, 1)
    assert unknown.value.code == "rpc_error"
    with pytest.raises(RpcError, match="Unexpected error"):
        await chain.quoter.quote_exact_output_single(USDC, WETH, 100, weth("100"))


async def test_the_price_limit_reaches_the_contract(chain: EvmLocalnet) -> None:
    limit = POOLS[0].sqrt_price_x96 * 10_001 // 10_000
    quote = await chain.quoter.quote_exact_input_single(USDC, WETH, 100, 10**12, limit)
    assert quote.sqrt_prices_after_x96 == (limit,)


async def test_market_swap_moves_the_price_the_way_it_trades(chain: EvmLocalnet) -> None:
    pool = POOLS[1]
    start = await sqrt_price_x96(chain, pool)
    await chain.swap_as_market(WETH, USDC, 500, weth("3"))
    lower = await sqrt_price_x96(chain, pool)
    await chain.swap_as_market(USDC, WETH, 500, 20_000 * 10**6)
    assert lower < start < await sqrt_price_x96(chain, pool) < MAX_SQRT_PRICE_X96


async def test_trader_is_funded_and_has_done_nothing_yet(chain: EvmLocalnet) -> None:
    assert await chain.eth_balance(at.TRADER) == 10 * 10**18
    assert await chain.balance_of(USDC, at.TRADER) == 50_000 * 10**6
    assert await chain.balance_of(WETH, at.TRADER) == 20 * 10**18
    assert await chain.balance_of(ARB, at.TRADER) == 10_000 * 10**18
    assert await chain.rpc.call("eth_getTransactionCount", at.TRADER, "pending") == "0x0"
    for token in at.TOKENS.values():
        for spender in (at.SWAP_ROUTER_02, at.SWAP_ROUTER, at.PERMIT2, at.POSITION_MANAGER):
            assert await chain.allowance(token.address, at.TRADER, spender) == 0


async def test_a_market_swap_that_reverts_says_why(chain: EvmLocalnet) -> None:
    with pytest.raises(LocalnetError, match=r"reverted on the local chain: AS\b") as reverted:
        await chain.swap_as_market(WETH, USDC, 500, 0)
    assert reverted.value.code == "transaction_reverted"


async def test_a_market_swap_that_empties_the_pool_tells_what_it_really_paid(chain: EvmLocalnet) -> None:
    swap = await chain.swap_as_market(WETH, USDC, 100, weth("5000"))
    assert 0 < swap.amount_in_raw < weth("5000")
    assert await chain.balance_of(USDC, POOLS[0].address) < 10**6
