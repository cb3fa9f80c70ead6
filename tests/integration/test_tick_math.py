"""Ticks and prices against a real Uniswap V3 pool: the contract says which tick a price is in; we must agree exactly.

A pool tells the tick of any price when it is initialised. The first price of a tick is where that answer changes, so
asking just below and at our boundary pins `sqrt_price(tick)` to the unit.
"""

import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e import chain_truth as truth
from tradewind import core
from tradewind.localnet.evm import EvmLocalnet

POOL = "0xC6962004f452bE9203591991D15f6b388e09E8D0"
MIN_TICK, MAX_TICK = -887_272, 887_272
MIN_SQRT_PRICE = 4_295_128_739
MAX_SQRT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342

# Each bit of a tick has a factor of its own in the contract: every one, in both signs, and a few of everything.
TICKS = sorted(
    {sign * (1 << bit) for bit in range(20) if 1 << bit < MAX_TICK for sign in (1, -1)}
    | set(random.Random(7).sample(range(MIN_TICK + 1, MAX_TICK - 1), 20))
    | {MIN_TICK, MIN_TICK + 1, -1, 0, 1, MAX_TICK - 1}
    # Those that the core's own test holds values of.
    | {50, 100, 250, 500, 1_000, 2_500, 3_000, 4_000, 5_000, 50_000, 150_000, 250_000, 500_000}
)


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as localnet:
        yield localnet


def in_tick(sqrt_price_x96: int, tick: int) -> bool:
    """Whether our core accepts that the price lies in the tick."""
    graph = core.PoolGraph()
    try:
        graph.upsert_uniswap_v3(
            pool=POOL,
            token0=truth.WETH,
            token1=truth.USDC,
            fee_pips=500,
            tick_spacing=10,
            sqrt_price_x96=sqrt_price_x96,
            tick=tick,
            liquidity=0,
            ticks=[],
        )
    except core.CoreError as error:
        if error.code != "tick_price_mismatch":
            raise
        return False
    return True


def our_first_price(tick: int) -> int:
    """The least price that our core puts into the tick, by bisection over its own answers."""
    if tick == MIN_TICK:
        return MIN_SQRT_PRICE
    # The float is good to far less than a tick's width, so it only says between which two prices to look.
    guess = int(1.0001 ** (tick / 2) * 2**96)
    below, inside = guess - (guess >> 32), min(guess + (guess >> 32), MAX_SQRT_PRICE - 1)
    assert in_tick(below, tick - 1)
    assert in_tick(inside, tick)
    while below + 1 < inside:
        middle = (below + inside) // 2
        if in_tick(middle, tick):
            inside = middle
        else:
            below = middle
    return inside


async def tick_on_chain(chain: EvmLocalnet, sqrt_price_x96: int) -> int:
    """What a real pool that is initialised at the price says: a pool whose slot0 is wiped can be initialised again."""
    await chain.rpc.call("anvil_setStorageAt", POOL, "0x" + "0" * 64, "0x" + "0" * 64)
    data = "0xf637731d" + f"{sqrt_price_x96:064x}"
    fields = {"from": truth.TRADER, "to": POOL, "data": data, "gas": hex(1_000_000)}
    answer = await chain.rpc.call("eth_simulateV1", {"blockStateCalls": [{"calls": [fields]}]}, "latest")
    [log] = answer[0]["calls"][0]["logs"]
    return int.from_bytes(bytes.fromhex(log["data"][2:])[32:64], signed=True)


async def test_the_first_price_of_each_tick_is_the_one_of_the_contract(chain: EvmLocalnet) -> None:
    for tick in TICKS:
        first = our_first_price(tick)
        assert await tick_on_chain(chain, first) == tick
        if tick > MIN_TICK:
            assert await tick_on_chain(chain, first - 1) == tick - 1


@pytest.mark.parametrize("tick", [MIN_TICK, 0, MAX_TICK - 1])
def test_a_price_belongs_to_one_tick_only(tick: int) -> None:
    first = our_first_price(tick)
    assert in_tick(first, tick)
    assert not in_tick(first, tick + 1)
    if tick > MIN_TICK:
        assert not in_tick(first - 1, tick)
