"""Hundreds of swaps of random size, one after the other, with no slippage allowed: each fills at its quote to the unit.

The pools are never read anew in between: every quote rests on the logs of all the swaps before it.
"""

import pytest

from tests.e2e.chain_truth import balance
from tests.integration.venues.conftest import dice_of
from tests.integration.venues.trader import Order, Trader, without_slippage
from tradewind.domain.plan import Exact
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

SWAPS = 300
# What the largest swap of a token may be, in base units: enough to walk through many ticks.
LARGEST_RAW = {"WETH": 300 * 10**18, "USDC": 900_000 * 10**6, "ARB": 900_000 * 10**18}


async def test_hundreds_of_fills_equal_their_quotes_to_the_unit(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    dice, trader = dice_of(11), Trader(localnet, venue)
    for token in at.TOKENS.values():
        await localnet.fund(at.TRADER, token.address, 100 * LARGEST_RAW[token.symbol])
        await trader.approve(token, 2**255)
    hops, legs, ticks = set(), set(), []
    for _ in range(SWAPS):
        token_in, token_out = dice.sample(list(at.TOKENS.values()), 2)
        exact = dice.choice(list(Exact))
        fixed = token_in if exact is Exact.IN else token_out
        # From a thousandth of a unit's worth to the largest, evenly by order of magnitude.
        amount_raw = max(1000, int(LARGEST_RAW[fixed.symbol] * 10 ** dice.uniform(-7, 0)))
        order = Order(token_in, token_out, amount_raw, exact)
        before = [balance(localnet.rpc_url, token.address) for token in (token_in, token_out)]
        plan = await trader.plan(order)
        plan = without_slippage(plan)
        receipt = await trader.send(await trader.transaction(plan))
        assert receipt.succeeded, (order, plan.hops)
        after = [balance(localnet.rpc_url, token.address) for token in (token_in, token_out)]
        assert (before[0] - after[0], after[1] - before[1]) == (plan.quoted_in_raw, plan.quoted_out_raw), order
        hops |= {len(leg.hops) for leg in plan.legs}
        legs.add(len(plan.legs))
        ticks.append(sum(hop.ticks_crossed for hop in plan.hops))
    assert hops >= {1, 2}
    assert legs >= {1, 2, 3}
    assert sum(ticks) > 50
    assert max(ticks) > 5
