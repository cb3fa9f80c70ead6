"""Reference prices and balances on the real contracts: what the pools say, and what nobody can make them say."""

from collections.abc import AsyncIterator
from decimal import Decimal
from math import isqrt

import pytest_asyncio

from tests.integration.venues.conftest import client_of, venue_on
from tests.integration.venues.positions import add_position, as_market_maker, calldata, create_pool
from tradewind.accounting.reference_price import PricedChain, ReferencePrices
from tradewind.domain.token_list import Token, TokenList
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.wallet_balances import ChainBalances

TOKENS = TokenList(
    (at.CHAIN_ID, Token(symbol=token.symbol, address=token.address, decimals=token.decimals))
    for token in at.TOKENS.values()
)
# ARB is token0: a price of p USDC for one ARB is p / 10^12 in smallest units.
ARB_USDC = (at.ARB.address, at.USDC.address)
PROBE_USD = 10_000


def sqrt_price_x96(usdc_per_arb: str) -> int:
    """Of a pool of ARB and USDC."""
    return isqrt(int(Decimal(usdc_per_arb) * 2**192) // 10**12)


def tick_of(usdc_per_arb: str) -> int:
    """The tick of a price: its logarithm to the base 1.0001."""
    price = Decimal(usdc_per_arb).scaleb(-12)
    return int((price.ln() / Decimal("1.0001").ln()).to_integral_value())


@pytest_asyncio.fixture
async def localnet() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as running:
        yield running


@pytest_asyncio.fixture
async def chain(localnet: EvmLocalnet) -> AsyncIterator[EvmChain]:
    async with client_of(localnet.rpc_url) as rpc:
        yield EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3)


@pytest_asyncio.fixture
async def venue(chain: EvmChain) -> UniswapV3Adapter:
    adapter = venue_on(chain)
    await adapter.sync()
    return adapter


def reference_prices(venue: UniswapV3Adapter, *stables: str) -> ReferencePrices:
    chain = PricedChain(
        venues=[venue],
        stables=frozenset(stables or (at.USDC.address,)),
        wrapped_native=at.WETH.address,
        probe_usd=PROBE_USD,
    )
    return ReferencePrices({at.CHAIN_ID: chain}, TOKENS)


def usd(prices: ReferencePrices, token: str) -> Decimal:
    price = prices.price(at.CHAIN_ID, token)
    assert price is not None
    return price.usd


async def spot_on_chain(localnet: EvmLocalnet, pool: str, decimals: int) -> Decimal:
    """Token1 for one token0 as the pool's slot0 says: (sqrtPriceX96 / 2^96)^2, shifted by the decimals."""
    answer = await localnet.rpc.eth_call(pool, calldata("slot0()"))
    root = int.from_bytes(answer[:32])
    return (Decimal(root) ** 2 / 2**192).scaleb(decimals)


async def test_a_price_is_the_spot_of_the_pool_that_it_names(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    prices = reference_prices(venue)
    deep = "0xC6962004f452bE9203591991D15f6b388e09E8D0"
    price = prices.price(at.CHAIN_ID, at.WETH.address)
    assert price is not None
    assert price.source == f"uniswap_v3 pool {deep} against USDC"
    assert abs(price.usd - await spot_on_chain(localnet, deep, 12)) < Decimal("1e-12")
    assert price.block_number == await localnet.block_number()
    native = prices.price(at.CHAIN_ID, None)
    assert native is not None
    assert native.usd == price.usd


async def test_prices_agree_around_the_triangle(venue: UniswapV3Adapter) -> None:
    """Counted in ARB, one WETH is as many USDC as it costs counted in USDC, but for what the pools' fees allow."""
    by_arb = reference_prices(venue, at.ARB.address)
    direct, weth = usd(by_arb, at.USDC.address), usd(by_arb, at.WETH.address)
    assert abs(weth / direct / usd(reference_prices(venue), at.WETH.address) - 1) < Decimal("0.01")


async def test_a_dust_pool_fools_the_best_route_and_not_the_reference_price(
    localnet: EvmLocalnet, venue: UniswapV3Adapter
) -> None:
    """Two dollars in a new pool, in which one ARB costs 100 USDC."""
    before = usd(reference_prices(venue), at.ARB.address)
    await approve_positions(localnet)
    await create_pool(localnet, ARB_USDC, 10_000, sqrt_price_x96("100"))
    ticks = (tick_of("50") // 200 * 200, tick_of("200") // 200 * 200)
    await add_position(localnet, ARB_USDC, 10_000, ticks, (10**18, 100 * 10**6))
    await venue.sync()
    assert await venue.get_price(at.ARB.address, at.USDC.address) > 10
    assert usd(reference_prices(venue), at.ARB.address) == before


async def test_a_little_money_in_one_tick_is_not_depth(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    """200 dollars in a range of 0.01 % have the liquidity of millions, for as long as nobody trades."""
    before, known = usd(reference_prices(venue), at.ARB.address), set(venue.graph.pools())
    await approve_positions(localnet)
    await create_pool(localnet, ARB_USDC, 100, sqrt_price_x96("0.8"))
    tick = tick_of("0.8")
    await add_position(localnet, ARB_USDC, 100, (tick - 1, tick + 1), (125 * 10**18, 100 * 10**6))
    await venue.sync()
    [new] = set(venue.graph.pools()) - known
    deep = "0xb0f6cA40411360c03d41C5fFc5F179b8403CdcF8"
    assert venue.graph.uniswap_v3_state(new).liquidity > venue.graph.uniswap_v3_state(deep).liquidity // 100
    assert usd(reference_prices(venue), at.ARB.address) == before


async def test_balances_are_all_of_one_block(localnet: EvmLocalnet, chain: EvmChain) -> None:
    reader = ChainBalances(chain, [token.address for token in at.TOKENS.values()])
    found = await reader.read(at.TRADER)
    assert found.block.number == await localnet.block_number()
    assert found.native_raw == await localnet.eth_balance(at.TRADER)
    expected = {token.address: await localnet.balance_of(token.address, at.TRADER) for token in at.TOKENS.values()}
    assert {held.token: held.balance_raw for held in found.tokens} == expected
    assert await reader.holds(found.block) is True
    await localnet.mine(3)
    await localnet.reorg(4)
    assert await reader.holds(found.block) is False
    assert await reader.holds(found.block.model_copy(update={"number": 10_000})) is None


async def test_a_token_that_does_not_answer_is_left_out(chain: EvmChain) -> None:
    stranger = "0x" + "12" * 20
    found = await ChainBalances(chain, [at.USDC.address, at.UNISWAP_V3_FACTORY, stranger]).read(at.TRADER)
    assert [held.token for held in found.tokens] == [at.USDC.address]


async def approve_positions(localnet: EvmLocalnet) -> None:
    """The market maker lets the position manager take its tokens."""
    for token in ARB_USDC:
        data = calldata("approve(address,uint256)", at.POSITION_MANAGER, 2**255)
        await as_market_maker(localnet, token, data)
