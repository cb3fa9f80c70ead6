"""The pool graph equals the chain: after the first read, and after everything that can happen to pools."""

import random
from collections.abc import Callable

import pytest
from eth_abi.abi import decode

from tests.integration.venues.conftest import dice_of, venue_on
from tests.integration.venues.positions import (
    add_position,
    add_to_position,
    calldata,
    create_pool,
    position,
    take_from_position,
)
from tradewind.core import UniswapV3State
from tradewind.errors import Unavailable
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.localnet.market import TICK_SPACING, Pool
from tradewind.observability import events
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

WETH_USDC = (at.WETH.address, at.USDC.address)
ARB_USDC = (at.ARB.address, at.USDC.address)
Reloads = Callable[[], list[str]]


def states(venue: UniswapV3Adapter) -> dict[str, UniswapV3State]:
    return {pool: venue.graph.uniswap_v3_state(pool) for pool in venue.graph.pools()}


async def fresh_states(chain: EvmChain) -> dict[str, UniswapV3State]:
    """Every pool as a client reads it that has just been started."""
    venue = venue_on(chain)
    await venue.sync()
    return states(venue)


@pytest.fixture
def reloads(monkeypatch: pytest.MonkeyPatch) -> Reloads:
    """Why the pools were read anew, each time that they were since the test asked last."""
    seen: list[str] = []
    monkeypatch.setattr(events, "pools_reloaded", lambda **fields: seen.append(fields["because"]))

    def take() -> list[str]:
        taken = list(seen)
        seen.clear()
        return taken

    return take


async def test_finds_exactly_the_pools_that_were_created(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    assert sorted(venue.graph.pools()) == sorted(pool.address for pool in localnet.pools)


async def test_reads_every_pool_as_its_contract_answers(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    for pool in localnet.pools:
        state = venue.graph.uniswap_v3_state(pool.address)
        slot0 = decode(["uint160", "int24"], await localnet.rpc.eth_call(pool.address, calldata("slot0()")))
        (liquidity,) = decode(["uint128"], await localnet.rpc.eth_call(pool.address, calldata("liquidity()")))
        assert (state.sqrt_price_x96, state.tick, state.liquidity) == (*slot0, liquidity)
        assert (state.token0, state.token1) == (pool.base.address, pool.quote.address)
        assert (state.fee_pips, state.tick_spacing) == (pool.fee_pips, TICK_SPACING[pool.fee_pips])
        assert state.ticks == await ticks_of(localnet, pool)


async def ticks_of(localnet: EvmLocalnet, pool: Pool) -> list[tuple[int, int, int]]:
    """The ticks at which the market's own ranges end, each as the pool's contract answers for it."""
    ends = sorted({tick for span in pool.ranges for tick in pool.ticks(span)})
    answers = [await localnet.rpc.eth_call(pool.address, calldata("ticks(int24)", tick)) for tick in ends]
    return [(tick, *decode(["uint128", "int128"], answer)) for tick, answer in zip(ends, answers, strict=True)]


async def test_refuses_to_quote_before_the_pools_are_read(chain: EvmChain) -> None:
    with pytest.raises(Unavailable) as caught:
        await venue_on(chain).fee_in_token(10**15, at.USDC.address)
    assert caught.value.code == "pools_not_loaded"


@pytest.mark.parametrize("seed", range(4))
async def test_logs_of_swaps_and_liquidity_lead_to_what_a_fresh_read_finds(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter, reloads: Reloads, seed: int
) -> None:
    dice = dice_of(seed)
    own = [await random_position(localnet, dice) for _ in range(3)]
    for round_number in range(4):
        for _ in range(6):
            await random_event(localnet, dice, own)
        assert await venue.sync() == await chain.head()
        assert states(venue) == await fresh_states(chain), f"round {round_number}"
    assert set(reloads()) == {"start"}


async def random_position(localnet: EvmLocalnet, dice: random.Random) -> int:
    """A range around, above or below the price, in a pool picked by chance."""
    pool = dice.choice(localnet.pools)
    spacing = TICK_SPACING[pool.fee_pips]
    middle = pool.ticks(pool.ranges[0])[0] // spacing + dice.randint(-1500 // spacing, 1500 // spacing)
    width = dice.randint(1, 3000 // spacing)
    amounts = (dice.randint(10**15, 10**20), dice.randint(10**6, 10**11))
    if pool.quote is at.ARB:
        amounts = (amounts[0], dice.randint(10**18, 10**23))
    ticks = ((middle - width) * spacing, (middle + width) * spacing)
    return await add_position(localnet, (pool.base.address, pool.quote.address), pool.fee_pips, ticks, amounts)


async def random_event(localnet: EvmLocalnet, dice: random.Random, own: list[int]) -> None:
    kind = dice.choice(["swap", "swap", "swap", "burn", "burn all", "poke", "mint", "more"])
    if kind == "swap":
        pool = dice.choice(localnet.pools)
        token, other = dice.sample([pool.base, pool.quote], 2)
        whole = {at.WETH: 60, at.USDC: 180_000, at.ARB: 400_000}[token]
        amount_raw = int(whole * 10**token.decimals * dice.random() ** 4) + 1
        await localnet.swap_as_market(token.address, other.address, pool.fee_pips, amount_raw)
    elif kind == "mint":
        own.append(await random_position(localnet, dice))
    else:
        number = dice.choice([*own, dice.randint(1, 20)])
        _, _, liquidity = await position(localnet, number)
        if kind == "more" or not liquidity:
            await add_to_position(localnet, number, (10**18, 10**12))
        else:
            parts = {"burn": dice.randint(1, liquidity), "burn all": liquidity, "poke": 0}
            if parts[kind]:
                await take_from_position(localnet, number, parts[kind])


@pytest.mark.parametrize("depth", [1, 2, 3])
async def test_a_reorganisation_leads_to_what_a_fresh_read_finds(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter, reloads: Reloads, depth: int
) -> None:
    for _ in range(3):
        await localnet.swap_as_market(*WETH_USDC, 500, 40 * 10**18)
    await venue.sync()
    swapped = states(venue)
    await localnet.reorg(depth)
    await venue.sync()
    assert reloads() == ["reorganisation"]
    assert states(venue) == await fresh_states(chain) != swapped


async def test_a_reorganisation_below_new_blocks_is_noticed(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter, reloads: Reloads
) -> None:
    await localnet.swap_as_market(*WETH_USDC, 500, 40 * 10**18)
    await venue.sync()
    await localnet.reorg(1)
    await localnet.swap_as_market(*WETH_USDC, 3000, 30 * 10**18)
    await venue.sync()
    assert reloads() == ["reorganisation"]
    assert states(venue) == await fresh_states(chain)


async def test_a_chain_that_became_shorter_leads_to_what_a_fresh_read_finds(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter
) -> None:
    before = states(venue)
    snapshot = await localnet.snapshot()
    await localnet.swap_as_market(*WETH_USDC, 500, 40 * 10**18)
    await venue.sync()
    assert states(venue) != before
    await localnet.revert(snapshot)
    await venue.sync()
    assert states(venue) == await fresh_states(chain) == before


async def test_a_long_pause_leads_to_a_fresh_read(localnet: EvmLocalnet, chain: EvmChain, reloads: Reloads) -> None:
    venue = venue_on(chain, max_log_blocks=8)
    await venue.sync()
    await localnet.swap_as_market(*WETH_USDC, 500, 40 * 10**18)
    await localnet.mine(7)
    await venue.sync()
    assert reloads() == ["start"]
    await localnet.mine(9)
    await venue.sync()
    assert reloads() == ["long pause"]
    assert states(venue) == await fresh_states(chain)


async def test_an_unchanged_chain_is_not_read_again(venue: UniswapV3Adapter, reloads: Reloads) -> None:
    graph, block = venue.graph, venue.block
    assert await venue.sync() == block
    assert venue.graph is graph
    assert reloads() == []


async def test_a_new_pool_joins_the_graph_with_its_liquidity(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter, reloads: Reloads
) -> None:
    price = next(pool for pool in localnet.pools if pool.base is at.ARB).sqrt_price_x96
    await create_pool(localnet, ARB_USDC, 100, price)
    number = await add_position(localnet, ARB_USDC, 100, (-300_000, -200_000), (10**24, 10**12))
    await take_from_position(localnet, number, 10**10)
    await venue.sync()
    assert len(venue.graph) == len(localnet.pools) + 1
    assert states(venue) == await fresh_states(chain)
    await localnet.swap_as_market(*ARB_USDC, 100, 10**21)
    await venue.sync()
    assert states(venue) == await fresh_states(chain)
    assert set(reloads()) == {"start"}


async def test_a_pool_joins_the_graph_only_once_it_has_a_price(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter
) -> None:
    price = next(pool for pool in localnet.pools if pool.base is at.ARB).sqrt_price_x96
    await create_pool(localnet, ARB_USDC, 10000, None)
    await venue.sync()
    assert len(venue.graph) == len(localnet.pools)
    assert states(venue) == await fresh_states(chain)
    await create_pool(localnet, ARB_USDC, 10000, price)
    await venue.sync()
    assert len(venue.graph) == len(localnet.pools) + 1
    assert states(venue) == await fresh_states(chain)


async def test_a_pool_of_a_token_that_is_not_listed_stays_out(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    stranger = "0x00000000000000000000000000000000000000AA"
    await create_pool(localnet, (stranger, at.USDC.address), 500, 2**96)
    await venue.sync()
    assert len(venue.graph) == len(localnet.pools)


async def test_the_self_check_finds_a_change_that_no_log_told_of(
    localnet: EvmLocalnet, chain: EvmChain, venue: UniswapV3Adapter, reloads: Reloads
) -> None:
    # The price of an empty pool lies in slot 0 of its storage; moved by hand, as no transaction can.
    pool = next(pool for pool in localnet.pools if pool.fee_pips == 500 and pool.base is at.WETH).address
    slot = await localnet.rpc.call("eth_getStorageAt", pool, "0x0", "latest")
    changed = int(slot, 16) - 1
    await localnet.rpc.call("anvil_setStorageAt", pool, f"0x{0:064x}", f"0x{changed:064x}")
    await localnet.mine()
    await venue.sync()
    assert reloads() == ["self-check"]
    assert states(venue) == await fresh_states(chain)
