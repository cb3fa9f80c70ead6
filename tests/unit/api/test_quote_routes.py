"""Quotes over a socket: the numbers of the plan as people and programs read them, and refusals as data."""

import json
from dataclasses import replace
from uuid import uuid4

from tests import builders
from tests.unit.api.doubles import a_quote, refusal
from tests.unit.api.house import House
from tradewind.api.scopes import Scope
from tradewind.errors import Unavailable
from tradewind.execution.signer_answers import PolicyVerdict


async def test_a_quote_shows_route_amounts_gas_funds_and_the_transaction(house: House) -> None:
    response, said = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert response.status == 200
    assert (said["would_be"], said["code"], said["rejections"]) == ("accepted", None, [])
    assert (said["wants"], said["amount"]["decimal"]) == ("acquire 1.5 WETH with USDC", "1.5")
    route = said["route"]
    assert (route["route"], route["venue"]) == ("USDC -(0.05 %)-> WETH", "uniswap_v3")
    assert (route["quoted_pay"]["decimal"], route["worst_pay"]["decimal"]) == ("6000", "6030")
    assert (route["price_impact_percent"], route["fee_percent"]) == ("0.117", "0.05")
    # 6000 / 1.5.
    assert route["price"] == "4000 USDC per WETH"
    # 180,000 gas at 10,000,000 wei, and 300,000 at 20,000,000.
    assert (route["expected_network_fee"]["raw"], route["worst_network_fee"]["raw"]) == (
        "1800000000000",
        "6000000000000",
    )
    assert (said["funds"]["enough"], said["funds"]["needed"]["decimal"]) == (True, "6030")
    [sent] = route["transactions"]
    assert (sent["unsigned_tx"], sent["permit_is_blank"]) == ("0x02c0", True)
    assert sent["policy"] == {"verdict": "passed", "rule": None, "message": None}
    assert [part["amount"]["decimal"] for part in said["slices"]] == ["1.5"]


async def test_a_refusal_is_an_answer_and_not_an_error(house: House) -> None:
    house.quotes.answer = a_quote(refusals=(refusal("price_impact_too_high", "Too much."), refusal("later", "And.")))
    response, said = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert response.status == 200
    assert (said["would_be"], said["code"], said["message"]) == ("rejected", "price_impact_too_high", "Too much.")
    assert [found["code"] for found in said["rejections"]] == ["price_impact_too_high", "later"]


async def test_the_signers_refusal_comes_behind_those_of_the_service(house: House) -> None:
    quote = a_quote(refusals=(refusal("balance_too_low", "Not enough."),))
    step = replace(
        quote.steps[0], verdict=PolicyVerdict(passed=False, rule="amount_per_day", message="Too much today.")
    )
    house.quotes.answer = replace(quote, steps=(step,))
    _, said = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert [found["code"] for found in said["rejections"]] == ["balance_too_low", "amount_per_day"]
    assert said["route"]["transactions"][0]["policy"]["verdict"] == "refused"


async def test_a_signer_that_cannot_be_asked_is_said_and_rejects_nothing(house: House) -> None:
    quote = a_quote()
    fault = Unavailable("signer_unreachable", "No signer answers.")
    house.quotes.answer = replace(quote, steps=(replace(quote.steps[0], verdict=None, fault=fault),))
    _, said = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert said["would_be"] == "accepted"
    policy = said["route"]["transactions"][0]["policy"]
    assert policy == {"verdict": "unknown", "rule": "signer_unreachable", "message": "No signer answers."}


async def test_without_a_route_there_is_nothing_to_show_but_why(house: House) -> None:
    quote = a_quote(refusals=(refusal("no_route", "No route."),))
    house.quotes.answer = replace(quote, preview=quote.preview.model_copy(update={"plan": None}), steps=())
    _, said = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert (said["would_be"], said["route"], said["funds"]) == ("rejected", None, None)


async def test_nothing_is_recorded_for_a_quote(house: House) -> None:
    await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert house.journal.read() == []


async def test_a_wrong_intent_is_a_wrong_request_here_too(house: House) -> None:
    body = {**json.loads(builders.INTENT_JSON), "intent_type": "borrow"}
    response, problem = await house.call("POST", "/quotes", body=body)
    assert (response.status, problem["faults"][0]["field"]) == (422, "intent_type")
    assert house.quotes.asked == []


async def test_a_chain_that_does_not_answer_is_unavailable(house: House) -> None:
    house.quotes.failure = Unavailable("rpc_unreachable", "No endpoint answers.")
    response, problem = await house.call("POST", "/quotes", data=builders.INTENT_JSON)
    assert (response.status, problem["code"], response.headers["Retry-After"]) == (503, "rpc_unreachable", "1")


async def test_a_token_that_may_only_read_may_ask_and_one_of_another_strategy_may_not(house: House) -> None:
    _, reader = house.new_token("reader", Scope.READ)
    _, other = house.new_token("other", Scope.TRADE, strategies=[uuid4()])
    for token, status in ((reader, 200), (other, 403)):
        headers = {"Authorization": f"Bearer {token}"}
        response, _ = await house.call("POST", "/quotes", data=builders.INTENT_JSON, headers=headers)
        assert response.status == status
