"""What is asked of the chain for a quote, and what is not asked a second time."""

from typing import Any

import pytest

from tests import builders
from tests.memory_market import MemoryMarket
from tradewind.domain.intent import Intent
from tradewind.planning.quoting import BestQuote, BeyondLimit, Quoting, Spending

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
    assert (await validated(market, market.quoting, intent)).spending is Spending.PERMIT
    assert market.readings == 1
    market.allowance_raw = 10**30
    assert (await validated(market, market.quoting, intent)).spending is Spending.ALLOWED
    assert market.readings == 3


async def test_a_quote_beyond_the_slices_limit_is_told_before_anything_is_asked() -> None:
    market, intent = MemoryMarket(), builders.an_intent()
    with pytest.raises(BeyondLimit):
        await planned(market.quoting, intent, limit_raw=1)
    assert market.readings == 0
