"""Events page by page: everything once, in order, and only what was asked for."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.unit.api.house import House
from tradewind.api.scopes import Scope
from tradewind.domain.events import ServiceStarted
from tradewind.streaming.recorded import GENESIS, chain_hash

OTHER_STRATEGY = UUID("b2b2c3d4-e5f6-7890-1234-567890abcdef")
OTHER_WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def of_another() -> list[Any]:
    """The life of an intent of another strategy, with another wallet."""
    first, *others = builders.lifecycle(builders.an_intent(strategy_id=OTHER_STRATEGY))
    return [first.model_copy(update={"wallet": OTHER_WALLET}), *others]


async def started(house: House) -> None:
    body = ServiceStarted(software="tradewind 0.1.0", open_intents=0, config_digest="ab" * 32)
    await house.stream.publish(builders.system_envelope(body))


async def read_all(house: House, path: str) -> list[dict[str, Any]]:
    """Every event, from page to page."""
    rows = []
    while path:
        response, page = await house.call("GET", path)
        assert response.status == 200, page
        rows += page["events"]
        path = page["next"]
    return rows


async def test_the_pages_have_every_event_once_in_order_with_a_chain_that_verifies(house: House) -> None:
    await started(house)
    await house.publish(builders.lifecycle())
    await house.publish(of_another())
    rows = await read_all(house, "/events?limit=3")
    assert [row["seq"] for row in rows] == list(range(1, 18))
    previous = GENESIS
    for row in rows:
        # The envelope is sent in the very text that was hashed.
        text = json.dumps(row["envelope"], separators=(",", ":"), ensure_ascii=False)
        previous = chain_hash(previous, text)
        assert row["hash"] == previous


async def test_a_page_ends_with_the_place_behind_which_later_events_are_found(house: House) -> None:
    await house.publish(builders.lifecycle())
    _, page = await house.call("GET", "/events")
    assert (page["up_to_seq"], page["next"], len(page["events"])) == (8, None, 8)
    await house.publish([builders.submitted()])
    _, later = await house.call("GET", f"/events?after={page['up_to_seq']}")
    assert [row["seq"] for row in later["events"]] == [9]
    _, nothing = await house.call("GET", "/events?after=9")
    assert (nothing["events"], nothing["up_to_seq"]) == ([], 9)


@pytest.mark.parametrize(
    "query", [f"strategy={OTHER_STRATEGY}", f"wallet={OTHER_WALLET}", f"wallet={OTHER_WALLET.lower()}"]
)
async def test_a_filter_gives_the_events_of_its_intents_and_none_of_the_service(house: House, query: str) -> None:
    await started(house)
    await house.publish(builders.lifecycle())
    await house.publish(theirs := of_another())
    rows = await read_all(house, f"/events?limit=2&{query}")
    assert [row["envelope"]["type"] for row in rows] == [event.type_name() for event in theirs]
    assert {row["envelope"]["correlation_id"] for row in rows} == {str(theirs[0].intent_id)}


async def test_a_type_gives_the_events_of_that_type(house: House) -> None:
    await house.publish(builders.lifecycle())
    await house.publish(of_another())
    rows = await read_all(house, "/events?limit=1&type=PlanCreated")
    assert [row["seq"] for row in rows] == [4, 12]


async def test_the_events_of_one_intent_come_in_pages_too(house: House) -> None:
    await house.publish(mine := builders.lifecycle())
    await house.publish(of_another())
    rows = await read_all(house, f"/intents/{mine[0].intent_id}/events?limit=3")
    assert [row["seq"] for row in rows] == list(range(1, 9))


@pytest.mark.parametrize(
    ("path", "field", "code"),
    [
        ("/events?after=-1", "query.after", "value_out_of_range"),
        ("/events?limit=501", "query.limit", "value_out_of_range"),
        ("/events?type=Nothing", "query.type", "event_type_unknown"),
        ("/events?strategy=example", "query.strategy", "uuid_malformed"),
        ("/events?wallet=0x12", "query.wallet", "address_malformed"),
        ("/events?before=2", "query.before", "unknown_parameter"),
    ],
)
async def test_a_wrong_parameter_is_named(house: House, path: str, field: str, code: str) -> None:
    response, problem = await house.call("GET", path)
    assert response.status == 422
    assert [(fault["field"], fault["code"]) for fault in problem["faults"]] == [(field, code)]


async def test_a_token_of_a_strategy_sees_its_events_alone_and_does_not_learn_of_others(house: House) -> None:
    await started(house)
    await house.publish(mine := builders.lifecycle())
    await house.publish(theirs := of_another())
    _, token = house.new_token("desk", Scope.READ, strategies=[OTHER_STRATEGY])
    headers = {"Authorization": f"Bearer {token}"}
    _, page = await house.call("GET", "/events", headers=headers)
    assert {row["envelope"]["correlation_id"] for row in page["events"]} == {str(theirs[0].intent_id)}
    for path in ("", "/events", "/events/stream"):
        response, problem = await house.call("GET", f"/intents/{mine[0].intent_id}{path}", headers=headers)
        unknown, same = await house.call("GET", f"/intents/{uuid4()}{path}", headers=headers)
        assert (response.status, problem["code"]) == (unknown.status, same["code"]) == (404, "intent_not_found")
    response, problem = await house.call("GET", f"/events?strategy={builders.STRATEGY_ID}", headers=headers)
    assert (response.status, problem["code"]) == (403, "strategy_not_allowed")
    _, listed = await house.call("GET", "/intents", headers=headers)
    assert [item["id"] for item in listed["intents"]] == [str(theirs[0].intent_id)]


@pytest.mark.parametrize("path", ["/events", "/intents/{id}/events"])
async def test_a_page_behind_a_place_that_the_journal_does_not_have_is_refused(house: House, path: str) -> None:
    """Answered with nothing, whoever reads on from another journal's place would never see what happens before it."""
    await house.publish(life := builders.lifecycle())
    path = path.replace("{id}", str(life[0].intent_id))
    response, _ = await house.call("GET", f"{path}?after=8")
    assert response.status == 200
    response, problem = await house.call("GET", f"{path}?after=9")
    assert (response.status, problem["faults"][0]["field"]) == (422, "query.after")
    assert problem["code"] == "event_id_unknown"
