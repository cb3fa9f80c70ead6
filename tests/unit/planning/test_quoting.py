"""What is asked of the chain for a quote, and what is not asked a second time."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest

from tests import builders
from tests.memory_market import SECOND_POOL, MemoryMarket
from tradewind.domain.intent import Intent
from tradewind.domain.plan import Exact
from tradewind.domain.slice import Slice
from tradewind.planning.drafting import draft_plan
from tradewind.planning.quoting import BestQuote, BeyondLimit, Quoting
from tradewind.planning.terms import Spending

AMOUNT_RAW = 10**16
POLL_INTERVAL_S = 0.25


async def validated(market: MemoryMarket, quoting: Quoting, intent: Intent) -> BestQuote:
    """The quote that a validation asks for."""
    await quoting.sync(intent)
    return await quoting.best(intent, AMOUNT_RAW, wallet=builders.WALLET, deadline_s=0)


async def planned(quoting: Quoting, intent: Intent, **changes: Any) -> BestQuote:
    """The quote that a plan is made of."""
    asked: dict[str, Any] = {"amount_raw": AMOUNT_RAW, "wallet": builders.WALLET, "deadline_s": 1, **changes}
    return await quoting.newest(intent, asked.pop("amount_raw"), **asked)


async def test_a_plan_on_the_heels_of_its_validation_asks_for_nothing() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    quoting = market.quoting
    found = await validated(market, quoting, intent)
    asked = (market.syncs, market.readings)
    await market.clock.advance(POLL_INTERVAL_S - 0.001)
    assert await planned(quoting, intent) is found
    assert (market.syncs, market.readings) == asked


async def test_a_quote_is_used_once() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    quoting = market.quoting
    found = await validated(market, quoting, intent)
    await planned(quoting, intent)
    assert await planned(quoting, intent) is not found
    assert market.syncs == 2


@pytest.mark.parametrize(
    "changes",
    [{"amount_raw": AMOUNT_RAW + 1}, {"wallet": builders.ROUTER}, {"limit_raw": 10**30}],
    ids=["another amount", "another wallet", "a slice's limit"],
)
async def test_another_question_is_asked(changes: dict[str, Any]) -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    quoting = market.quoting
    found = await validated(market, quoting, intent)
    assert await planned(quoting, intent, **changes) is not found
    assert market.syncs == 2


async def test_another_intent_for_the_same_is_asked_about() -> None:
    market, first, second = MemoryMarket(), builders.an_intent(), builders.an_intent()
    quoting = market.quoting
    found = await validated(market, quoting, first)
    assert await planned(quoting, second) is not found


async def test_the_chain_is_asked_again_after_a_poll_interval_and_when_the_venue_has_gone_on() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    quoting = market.quoting
    found = await validated(market, quoting, intent)
    await market.clock.advance(POLL_INTERVAL_S)
    assert await planned(quoting, intent) is not found
    found = await validated(market, quoting, intent)
    market.at = market.at.model_copy(update={"hash": "0x" + "99" * 32})
    again = await planned(quoting, intent)
    assert again is not found
    assert again.block == market.at


async def test_account_and_gas_take_one_round_trip_and_the_nodes_own_estimate_a_second() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    assert (await validated(market, market.quoting, intent)).terms.spending is Spending.PERMIT
    assert market.readings == 1
    market.allowance_raw = 10**30
    assert (await validated(market, market.quoting, intent)).terms.spending is Spending.ALLOWED
    assert market.readings == 3


async def test_a_quote_beyond_the_slices_limit_is_told_before_anything_is_asked() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    with pytest.raises(BeyondLimit):
        await planned(market.quoting, intent, limit_raw=1)
    assert market.readings == 0


async def test_a_trade_is_split_where_that_pays_after_the_gas_of_another_leg() -> None:
    """Of two equal pools with different fees the cheaper one is taken alone until its price has moved by as much."""
    market, intent = MemoryMarket(second_pool=True), builders.an_intent()
    small = await planned(market.quoting, intent, amount_raw=10**17)
    large = await planned(market.quoting, intent, amount_raw=10**19)
    assert [leg.share_ppm for leg in small.legs] == [1_000_000]
    assert {leg.hops[0].pool for leg in large.legs} == {builders.POOL, SECOND_POOL}
    assert sum(leg.share_ppm for leg in large.legs) == 1_000_000
    alone = MemoryMarket()
    assert large.route.amount_in_raw < (await planned(alone.quoting, intent, amount_raw=10**19)).route.amount_in_raw
    # Where a further leg costs more than it saves, there is none.
    market.leg_gas = 10**12
    dear = await planned(market.quoting, intent, amount_raw=10**19)
    assert [leg.share_ppm for leg in dear.legs] == [1_000_000]


async def test_limits_impact_and_fee_of_a_split_are_those_of_its_sums() -> None:
    market, intent = MemoryMarket(second_pool=True), builders.an_intent()
    best = await planned(market.quoting, intent, amount_raw=10**19)
    quoted_raw = sum(leg.amount_in_raw for leg in best.legs)
    assert best.route.amount_in_raw == quoted_raw
    assert best.worst_in_raw == sum(leg.worst_in_raw for leg in best.legs) == quoted_raw * 1_005 // 1_000
    assert best.worst_out_raw == sum(leg.worst_out_raw for leg in best.legs) == 10**19
    # At 3,000 USDC before the trade, to the rounding of the pool's square root of the price.
    assert abs(best.route.spot_amount_raw - 30_000 * 10**6) <= 1
    fees = {builders.POOL: 500, SECOND_POOL: 3_000}
    paid = sum(Fraction(leg.amount_in_raw * fees[leg.hops[0].pool], quoted_raw) for leg in best.legs)
    assert best.route.fee_ppm == ceil(paid)
    lost = Fraction((quoted_raw - best.route.spot_amount_raw) * 1_000_000, quoted_raw)
    assert best.price_impact_ppm == floor(lost) - ceil(paid)
    assert best.route.optimality.share_ppm > 999_900


async def test_a_plan_keeps_its_legs_and_what_was_weighed_against_them() -> None:
    market, intent = MemoryMarket(second_pool=True), builders.an_intent()
    best = await planned(market.quoting, intent, amount_raw=10**19)
    part = Slice(
        index=0, exact=Exact.OUT, token_in=builders.USDC.address, token_out=builders.WETH.address, amount_raw=10**19
    )
    plan = draft_plan(intent, part, best, wallet=builders.WALLET, deadline_s=1, executor="service")
    assert plan.legs == best.legs
    assert plan.optimality == best.route.optimality
    assert [one.chosen for one in plan.considered] == [True, False]
    assert plan.considered[0].pools == tuple(leg.hops[0].pool for leg in plan.legs)
    assert plan.considered[1].amount_raw > plan.considered[0].amount_raw
    assert plan.steps[0].amount_in_raw == plan.worst_in_raw
