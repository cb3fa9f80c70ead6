"""GET /report over HTTP: its window and filters, and what it refuses."""

from typing import Any

import pytest

from tests import builders
from tests.builders import STRATEGY_ID, WALLET
from tests.unit.accounting.journal_rows import DOLLAR, ETHER, Trade, buy, sell
from tests.unit.api.house import House
from tradewind.api.scopes import Scope

HOUR_NS = 3_600 * 10**9


async def record(house: House, *trades: Trade) -> None:
    """Each trade whole, an hour after the one before."""
    for hour, trade in enumerate(trades):
        intent = builders.an_intent(id=trade.intent_id)
        bodies = (
            builders.submitted(intent),
            builders.validated(intent.id),
            builders.processed(intent.id),
            trade.planned(),
            trade.submitted(),
            trade.confirmed(),
            trade.completed(),
        )
        at_ns = builders.START_NS + hour * HOUR_NS
        await house.stream.publish(*(builders.envelope(body, at_ns=at_ns) for body in bodies))


async def shown(house: House, query: str = "") -> Any:
    response, document = await house.call("GET", f"/report{query}")
    assert response.status == 200, document
    return document


async def test_it_has_every_step_and_the_totals(house: House) -> None:
    await record(house, buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR))
    document = await shown(house)
    assert [step["value_usd"] for step in document["steps"]] == ["2000", "2100"]
    [total] = document["totals"]
    assert (total["strategy"], total["fills"], total["realised_usd"]) == ("example", 2, "100")


async def test_a_window_and_a_number_of_steps_narrow_it(house: House) -> None:
    await record(house, buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR), buy(ETHER, 1_900 * DOLLAR))
    # The trades are at 08:53:20, 09:53:20 and 10:53:20.
    document = await shown(house, "?since=2025-10-09T09:00:00Z&until=2025-10-09T10:00:00Z")
    assert [step["value_usd"] for step in document["steps"]] == ["2100"]
    document = await shown(house, "?steps=1")
    assert ([step["value_usd"] for step in document["steps"]], document["steps_left_off"]) == (["1900"], 2)


async def test_it_is_narrowed_to_a_strategy_and_a_wallet(house: House) -> None:
    await record(house, buy(ETHER, 2_000 * DOLLAR))
    assert len((await shown(house, f"?strategy={STRATEGY_ID}&wallet={WALLET}"))["steps"]) == 1
    assert len((await shown(house, f"?wallet={WALLET.lower()}"))["steps"]) == 1
    assert (await shown(house, "?strategy=00000000-0000-0000-0000-000000000001"))["totals"] == []


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("since=yesterday", "query.since", "time_malformed"),
        ("until=1969-12-31", "query.until", "time_malformed"),
        ("until=9999-12-31T23:59:59-23:59", "query.until", "time_malformed"),
        ("since=" + "1" * 65, "query.since", "value_out_of_range"),
        ("strategy=example", "query.strategy", "uuid_malformed"),
        ("steps=-1", "query.steps", "value_out_of_range"),
        ("steps=1001", "query.steps", "value_out_of_range"),
        ("compare=perhaps", "query.compare", "wrong_type"),
        ("sinse=2025-10-09", "query.sinse", "unknown_parameter"),
        ("wallet=0x12", "query.wallet", "address_malformed"),
    ],
)
async def test_what_it_cannot_understand_is_named(house: House, query: str, field: str, code: str) -> None:
    response, problem = await house.call("GET", f"/report?{query}")
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [(field, code)]


async def test_it_needs_read_and_is_not_for_tokens_that_are_bound_to_a_strategy(house: House) -> None:
    async def status(*scopes: Scope, **bound: Any) -> int:
        _, token = house.new_token(f"t{len(house.tokens_file.read())}", *scopes, **bound)
        response, _ = await house.call("GET", "/report", headers={"Authorization": f"Bearer {token}"})
        return response.status

    assert await status(Scope.READ) == 200
    assert await status(Scope.HALT) == 403
    assert await status(Scope.READ, strategies=[STRATEGY_ID]) == 403
