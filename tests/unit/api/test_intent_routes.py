"""Sending intents and looking at them, over a real socket and a real journal."""

import json
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.unit.api.house import House
from tradewind.domain.receipt import IntentReceipt
from tradewind.streaming.recorded import GENESIS, chain_hash


async def test_the_example_of_the_specification_is_accepted_and_is_on_disk_when_the_answer_arrives(
    house: House,
) -> None:
    response, receipt = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    assert response.status == 202
    assert IntentReceipt.model_validate_json(json.dumps(receipt)).status == "PENDING"
    assert response.headers["Location"] == f"/intents/{receipt['id']}"
    [row] = house.journal.read(correlation_id=UUID(receipt["id"]))
    assert row.envelope.type == "IntentSubmitted"


async def test_the_location_of_an_accepted_intent_shows_that_intent(house: House) -> None:
    response, receipt = await house.call("POST", "/intents", data=builders.INTENT_JSON)
    _, shown = await house.call("GET", response.headers["Location"])
    assert shown["id"] == receipt["id"]
    assert shown["wants"] == "acquire 1.5 WETH with USDC"
    assert shown["intent"]["constraints"]["max_slippage"] == "0.005"
    assert shown["wallet"] == builders.WALLET


async def test_the_same_intent_sent_again_gets_the_same_receipt_and_is_recorded_once(house: House) -> None:
    body = {**json.loads(builders.INTENT_JSON), "id": str(uuid4())}
    first, again = [await house.call("POST", "/intents", body=body) for _ in range(2)]
    assert first[0].status == again[0].status == 202
    assert first[1] == again[1]
    assert [row.envelope.type for row in house.journal.read()].count("IntentSubmitted") == 1


async def test_another_intent_under_the_same_id_is_a_conflict(house: House) -> None:
    body = {**json.loads(builders.INTENT_JSON), "id": str(uuid4())}
    await house.call("POST", "/intents", body=body)
    response, problem = await house.call("POST", "/intents", body={**body, "intent_type": "dispose"})
    assert (response.status, problem["code"]) == (409, "intent_id_conflict")


async def test_every_wrong_field_of_an_intent_is_named_at_once(house: House) -> None:
    body = json.loads(builders.INTENT_JSON)
    body["intent_type"] = "borrow"
    body["assets"][0]["amount"] = 1.5
    body["constraints"]["max_slipage"] = body["constraints"].pop("max_slippage")
    response, problem = await house.call("POST", "/intents", body=body)
    assert response.status == 422
    faults = {(fault["field"], fault["code"]) for fault in problem["faults"]}
    assert {
        ("intent_type", "value_not_allowed"),
        ("assets.0.amount", "amount_not_a_string"),
        ("constraints.max_slippage", "field_missing"),
        ("constraints.max_slipage", "unknown_field"),
    } <= faults


async def test_a_slippage_above_the_limit_of_the_strategy_is_refused_with_the_rule(house: House) -> None:
    body = json.loads(builders.INTENT_JSON)
    body["constraints"]["max_slippage"] = "0.02"
    response, problem = await house.call("POST", "/intents", body=body)
    assert (response.status, problem["code"]) == (422, "slippage_above_strategy_limit")
    assert problem["disposition"] == "reject"


async def test_a_filled_intent_shows_route_fill_price_and_transaction(house: House) -> None:
    await house.publish(events := builders.lifecycle(), every_ns=1_500_000)
    response, shown = await house.call("GET", f"/intents/{events[0].intent_id}")
    assert response.status == 200
    assert (shown["status"], shown["is_final"], shown["time_left_ms"]) == ("COMPLETED", True, None)
    [plan] = shown["plans"]
    assert plan["route"] == "USDC -(0.05 %)-> WETH"
    assert plan["quoted_pay"] == {
        "raw": "6000000000",
        "decimal": "6000",
        "symbol": "USDC",
        "token": builders.USDC.address,
    }
    assert plan["worst_pay"]["decimal"] == "6030"
    assert plan["price_impact_percent"] == "0.117"
    assert plan["expected_network_fee"]["decimal"] == "0.0000018"
    [transaction] = shown["transactions"]
    assert (transaction["outcome"], transaction["level"]) == ("succeeded", "finalized")
    assert transaction["block_number"] == builders.BLOCK.number
    assert shown["fill"]["paid"]["decimal"] == "6001"
    assert shown["fill"]["got"]["decimal"] == "1.5"
    # 6001 / 1.5, to twelve digits.
    assert shown["fill"]["price"] == "4000.66666667 USDC per WETH"
    assert shown["fill"]["network_fee"] == {
        "raw": "1812340000000",
        "decimal": "0.00000181234",
        "symbol": "ETH",
        "token": None,
    }


async def test_the_timeline_gives_the_time_since_receipt_and_since_the_event_before(house: House) -> None:
    await house.publish(events := builders.lifecycle(), every_ns=1_500_000)
    _, shown = await house.call("GET", f"/intents/{events[0].intent_id}")
    timeline = shown["timeline"]
    assert [entry["event"] for entry in timeline] == [event.type_name() for event in events]
    assert [entry["after_ms"] for entry in timeline] == [0, 1.5, 3, 4.5, 6, 7.5, 9, 10.5]
    assert [entry["since_previous_ms"] for entry in timeline] == [0] + [1.5] * 7
    assert timeline[1]["at"] == "2025-10-09T08:53:20.001Z"


async def test_a_replaced_attempt_is_superseded_once_another_one_of_its_step_landed(house: House) -> None:
    events = builders.lifecycle()
    intent_id, plan_id = events[0].intent_id, events[3].plan.plan_id  # type: ignore[attr-defined]
    replaced = builders.step_submitted(intent_id, plan_id).model_copy(update={"tx_hash": "0x" + "11" * 32})
    landed = builders.step_submitted(intent_id, plan_id, attempt=1)
    await house.publish([*events[:4], replaced])
    _, before = await house.call("GET", f"/intents/{intent_id}")
    assert [sent["outcome"] for sent in before["transactions"]] == ["pending"]
    await house.publish([landed, *events[5:]])
    _, after = await house.call("GET", f"/intents/{intent_id}")
    assert [sent["outcome"] for sent in after["transactions"]] == ["superseded", "succeeded"]


async def test_an_intent_that_failed_shows_why(house: House) -> None:
    first = builders.submitted()
    await house.publish([first, builders.rejected(first.intent_id)])
    _, shown = await house.call("GET", f"/intents/{first.intent_id}")
    assert shown["status"] == "REJECTED"
    assert shown["end"] == {"code": "balance_too_low", "message": "The wallet holds 0 USDC."}
    assert shown["fill"] is None


async def test_an_open_intent_shows_the_time_it_has_left_and_never_less_than_none(house: House) -> None:
    await house.publish([first := builders.submitted()])
    await house.clock.advance(60)
    _, shown = await house.call("GET", f"/intents/{first.intent_id}")
    assert shown["time_left_ms"] == builders.WINDOW_MS - 60_000
    await house.clock.advance(3_600)
    _, shown = await house.call("GET", f"/intents/{first.intent_id}")
    assert shown["time_left_ms"] == 0


async def test_the_events_of_an_intent_are_those_of_the_journal_with_a_chain_that_verifies(house: House) -> None:
    await house.publish(events := builders.lifecycle())
    response, page = await house.call("GET", f"/intents/{events[0].intent_id}/events")
    assert response.status == 200
    previous = GENESIS
    for row in page["events"]:
        # The envelope is sent in the very text that was hashed.
        text = json.dumps(row["envelope"], separators=(",", ":"), ensure_ascii=False)
        previous = chain_hash(previous, text)
        assert row["hash"] == previous
    assert [row["seq"] for row in page["events"]] == list(range(1, len(events) + 1))


@pytest.mark.parametrize("path", ["/intents/{}", "/intents/{}/events"])
async def test_an_intent_that_does_not_exist_is_not_found(house: House, path: str) -> None:
    response, problem = await house.call("GET", path.format(uuid4()))
    assert (response.status, problem["code"]) == (404, "intent_not_found")


async def test_an_id_that_is_no_uuid_is_named_as_the_fault(house: House) -> None:
    response, problem = await house.call("GET", "/intents/banana")
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [("path.id", "uuid_malformed")]


async def test_the_list_leads_from_the_newest_to_the_oldest_without_gap_or_repeat(house: House) -> None:
    sent = [builders.submitted() for _ in range(5)]
    await house.publish(sent)
    seen, path = [], "/intents?limit=2"
    while path:
        _, page = await house.call("GET", path)
        seen += [entry["id"] for entry in page["intents"]]
        path = page["next"]
    assert seen == [str(event.intent_id) for event in reversed(sent)]


async def test_the_list_of_a_status_keeps_that_status_on_every_page(house: House) -> None:
    sent = [builders.submitted() for _ in range(3)]
    for event in sent:
        await house.publish([event, builders.rejected(event.intent_id)])
    await house.publish([builders.submitted()])
    seen, path = [], "/intents?status=REJECTED&limit=1"
    while path:
        _, page = await house.call("GET", path)
        seen += [entry["status"] for entry in page["intents"]]
        path = page["next"]
    assert seen == ["REJECTED"] * 3


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "query.limit", "value_out_of_range"),
        ("limit=201", "query.limit", "value_out_of_range"),
        ("limit=many", "query.limit", "wrong_type"),
        ("cursor=12", "query.cursor", "cursor_malformed"),
        ("cursor=YmVmb3JlOng", "query.cursor", "cursor_malformed"),
        ("strategy=example", "query.strategy", "uuid_malformed"),
        ("wallet=0x12", "query.wallet", "address_malformed"),
        ("before=3", "query.before", "unknown_parameter"),
        ("status=HAPPY", "query.status", "value_not_allowed"),
        ("state=PENDING", "query.state", "unknown_parameter"),
        ("limit=1&limit=2", "query.limit", "parameter_given_twice"),
    ],
)
async def test_a_wrong_query_parameter_of_the_list_is_named(house: House, query: str, field: str, code: str) -> None:
    response, problem = await house.call("GET", f"/intents?{query}")
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [(field, code)]
