"""Uniswap V2 pools answer as the real router and pair contracts do, to the unit, refusals included."""

import asyncio
import json
import random

import pytest
import pytest_asyncio

from tests.integration.venues.conftest import dice_of
from tests.integration.venues.v2_contracts import V2, Pair
from tradewind.core import CoreError, PoolGraph, PoolQuote
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at

pytestmark = pytest.mark.asyncio(loop_scope="session")

POOL = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
TOKEN0 = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
TOKEN1 = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
MOST = 2**112 - 1
QUESTIONS = 250


@pytest_asyncio.fixture(loop_scope="session")
async def v2(localnet: EvmLocalnet) -> V2:
    return await V2.deploy(localnet)


def graph_of(reserves: tuple[int, int], *, pool: str = POOL, tokens: tuple[str, str] = (TOKEN0, TOKEN1)) -> PoolGraph:
    graph = PoolGraph()
    state = {
        "venue": "uniswap_v2",
        "pool": pool,
        "token0": tokens[0],
        "token1": tokens[1],
        "reserve0_raw": str(reserves[0]),
        "reserve1_raw": str(reserves[1]),
        "fee_ppm": 3000,
    }
    graph.add(json.dumps({"pools": [state]}))
    return graph


def number(dice: random.Random, bits: int = 112) -> int:
    """As likely a small one as a large one."""
    return min(dice.getrandbits(dice.randint(1, bits)), MOST)


def answered(
    graph: PoolGraph, pool: str, *, exact_in: str | None = None, exact_out: str | None = None, raw: int
) -> PoolQuote | str:
    """The quote, or the code of the refusal."""
    try:
        if exact_in is not None:
            return graph.quote_exact_in(pool, exact_in, raw)
        assert exact_out is not None
        return graph.quote_exact_out(pool, exact_out, raw)
    except CoreError as error:
        return error.code


async def test_quotes_are_the_routers_wherever_the_pair_has_room(v2: V2) -> None:
    dice = dice_of(2)
    questions = [(number(dice), number(dice), number(dice)) for _ in range(QUESTIONS)]
    questions += [
        (1, MOST - 1, MOST),
        (MOST - 5, 5, MOST),
        (MOST - 4, 5, MOST),
        (MOST, 1, MOST),
        (0, 5, 5),
        (5, 0, 5),
        (5, 5, 0),
    ]
    outs, ins = await asyncio.gather(v2.quotes("getAmountOut", questions), v2.quotes("getAmountIn", questions))
    quoted = refused = 0
    for (amount, reserve_in, reserve_out), out, paid in zip(questions, outs, ins, strict=True):
        graph = graph_of((reserve_in, reserve_out))
        ours = answered(graph, POOL, exact_in=TOKEN0, raw=amount)
        # The pair refuses an output of zero and a balance beyond 112 bits; the router's arithmetic alone does not.
        if out is None or out == 0 or reserve_in + amount > MOST:
            assert isinstance(ours, str), (amount, reserve_in, reserve_out)
            refused += 1
        else:
            assert not isinstance(ours, str), (amount, reserve_in, reserve_out, ours)
            assert (ours.amount_in_raw, ours.amount_out_raw) == (amount, out)
            quoted += 1
        ours = answered(graph, POOL, exact_out=TOKEN1, raw=amount)
        if paid is None or reserve_in + paid > MOST:
            assert isinstance(ours, str), (amount, reserve_in, reserve_out)
            refused += 1
        else:
            assert not isinstance(ours, str), (amount, reserve_in, reserve_out, ours)
            assert (ours.amount_in_raw, ours.amount_out_raw) == (paid, amount)
            quoted += 1
    assert min(quoted, refused) > QUESTIONS // 4


async def test_executed_swaps_move_what_was_quoted_and_leave_the_reserves_that_follow(
    localnet: EvmLocalnet, v2: V2
) -> None:
    dice = dice_of(3)
    pair = await v2.pair(at.USDC.address, at.ARB.address, (30_000_000 * 10**6, 40_000_000 * 10**18))
    for turn in range(24):
        tokens = (pair.token0, pair.token1)
        token_in, token_out = tokens if turn % 2 else tokens[::-1]
        reserves = await pair.reserves()
        graph = graph_of(reserves, pool=pair.address, tokens=tokens)
        got_before = await localnet.balance_of(token_out, at.MARKET_MAKER)
        if turn % 4 < 2:
            raw = 1 + dice.getrandbits(dice.randint(1, reserves[tokens.index(token_in)].bit_length() - 2))
            quote = answered(graph, pair.address, exact_in=token_in, raw=raw)
            passed = await v2.swap_exact_in(token_in, token_out, raw)
        else:
            raw = 1 + dice.getrandbits(dice.randint(1, reserves[tokens.index(token_out)].bit_length() - 2))
            quote = answered(graph, pair.address, exact_out=token_out, raw=raw)
            passed = await v2.swap_exact_out(token_in, token_out, raw)
        assert passed == (not isinstance(quote, str)), (turn, raw, quote)
        if isinstance(quote, str):
            assert await pair.reserves() == reserves
            continue
        assert await localnet.balance_of(token_out, at.MARKET_MAKER) == got_before + quote.amount_out_raw
        moved = dict(zip(tokens, reserves, strict=True))
        moved[token_in] += quote.amount_in_raw
        moved[token_out] -= quote.amount_out_raw
        assert await pair.reserves() == (moved[pair.token0], moved[pair.token1])
        after = (moved[token_out], moved[token_in])
        assert quote.spot_after[0] * after[1] == quote.spot_after[1] * after[0]


async def test_the_pair_gives_no_unit_more_and_takes_no_unit_less(localnet: EvmLocalnet, v2: V2) -> None:
    dice = dice_of(4)
    pair = await v2.pair(at.USDC.address, at.ARB.address, (1_000_003, 999_979))
    tokens = (pair.token0, pair.token1)
    for turn in range(16):
        token_in = tokens[turn % 2]
        token_out = tokens[1 - turn % 2]
        graph = graph_of(await pair.reserves(), pool=pair.address, tokens=tokens)
        quote = answered(graph, pair.address, exact_out=token_out, raw=1 + dice.randrange(90_000))
        assert not isinstance(quote, str)
        snapshot = await localnet.snapshot()
        best = answered(graph, pair.address, exact_in=token_in, raw=quote.amount_in_raw)
        assert not isinstance(best, str)
        assert not await pair.swap_directly(token_in, quote.amount_in_raw, best.amount_out_raw + 1)
        await localnet.revert(snapshot)
        assert await pair.swap_directly(token_in, quote.amount_in_raw, best.amount_out_raw)


async def test_a_balance_beyond_112_bits_and_an_output_of_zero_are_refused_as_by_the_contract(
    localnet: EvmLocalnet, v2: V2
) -> None:
    pair = await v2.pair(at.USDC.address, at.ARB.address, (MOST - 10, 1_000))
    assert not await _both(v2, pair, pair.token0, 11)
    assert not await _both(v2, pair, pair.token0, 10)
    assert await _both(v2, pair, pair.token1, 1)
    small = MOST - (await pair.reserves())[0]
    assert small > 10


async def _both(v2: V2, pair: Pair, token_in: str, raw: int) -> bool:
    """Whether the swap passes, of which our graph says the same."""
    tokens = (pair.token0, pair.token1)
    token_out = tokens[1 - tokens.index(token_in)]
    ours = answered(
        graph_of(await pair.reserves(), pool=pair.address, tokens=tokens), pair.address, exact_in=token_in, raw=raw
    )
    passed = await v2.swap_exact_in(token_in, token_out, raw)
    assert passed == (not isinstance(ours, str)), ours
    return passed
