"""Idempotency keys: one key is one request of one owner, for ever, whatever crashes and whoever sends it again."""

import asyncio
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute

from tests import builders
from tests.unit.api.house import House, open_house
from tradewind.api.limits import Limits
from tradewind.api.scopes import SAFE_METHODS, Scope, rule_of
from tradewind.domain.events import Envelope, IntentSubmitted, RequestAccepted
from tradewind.errors import Unavailable
from tradewind.streaming.recorded import Recorded

ANOTHER = json.dumps({**json.loads(builders.INTENT_JSON), "intent_type": "dispose"})


def types(house: House) -> list[str]:
    return [row.envelope.type for row in house.journal.read()]


async def test_the_same_key_and_body_get_the_first_answer_and_are_recorded_once(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    first, again = [await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key) for _ in range(2)]
    assert (first[0].status, again[0].status) == (202, 202)
    assert first[1] == again[1]
    assert first[0].headers["Location"] == again[0].headers["Location"]
    assert types(house) == ["RequestAccepted", "IntentSubmitted"]


async def test_the_first_answer_is_given_again_after_the_intent_has_ended(house: House) -> None:
    events = builders.lifecycle()
    submitted = events[0]
    assert isinstance(submitted, IntentSubmitted)
    body = submitted.intent.model_dump_json()
    key = {"Idempotency-Key": "order-1"}
    _, first = await house.call("POST", "/intents", data=body, headers=key)
    await house.publish(events[1:])
    _, shown = await house.call("GET", f"/intents/{first['id']}")
    assert shown["status"] == "COMPLETED"
    _, again = await house.call("POST", "/intents", data=body, headers=key)
    assert again == first


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
    # Another order, and the same order in other bytes: what was sent is compared, not what it was taken for.
    for body in (ANOTHER, builders.INTENT_JSON + " "):
        response, problem = await house.call("POST", "/intents", data=body, headers=key)
        assert (response.status, problem["code"]) == (422, "idempotency_key_reused")
    assert types(house) == ["RequestAccepted", "IntentSubmitted"]


async def test_a_request_under_the_same_key_while_the_first_is_done_is_told_so(house: House) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        entered.set()
        await go_on.wait()

    house.door.wait = wait
    key = {"Idempotency-Key": "order-1"}
    first = asyncio.create_task(house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key))
    await entered.wait()
    for body in (builders.INTENT_JSON, ANOTHER):
        response, problem = await house.call("POST", "/intents", data=body, headers=key)
        assert (response.status, problem["code"], problem["disposition"]) == (409, "request_in_flight", "retry")
    go_on.set()
    assert (await first)[0].status == 202
    response, _ = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
    assert response.status == 202
    assert types(house) == ["RequestAccepted", "IntentSubmitted"]


async def test_a_key_is_in_flight_for_as_long_as_the_work_goes_on_and_not_only_its_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(answer_s=0.05)) as house:
        go_on = asyncio.Event()
        house.door.wait = go_on.wait
        key = {"Idempotency-Key": "order-1"}
        response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
        assert (response.status, problem["code"]) == (503, "answer_too_slow")
        response, problem = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
        assert (response.status, problem["code"]) == (409, "request_in_flight")
        go_on.set()
        await house.state.wait_for(RequestAccepted.intent_id_of("owner", "order-1"), lambda view: True, 10)


async def test_an_intent_without_id_gets_the_same_id_whenever_it_is_sent_under_its_key(tmp_path: Path) -> None:
    """The crash between the commit and the answer: the second service knows nothing but what is on disk."""
    key = {"Idempotency-Key": "order-1"}
    async with open_house(tmp_path) as house:
        _, first = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
    async with open_house(tmp_path) as house:
        _, again = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
        assert again == first
        assert types(house) == ["RequestAccepted", "IntentSubmitted"]
        _, other = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers={"Idempotency-Key": "2"})
        assert other["id"] != first["id"]


async def test_an_id_of_the_senders_own_is_kept(house: House) -> None:
    body = {**json.loads(builders.INTENT_JSON), "id": str(uuid4())}
    _, receipt = await house.call("POST", "/intents", body=body)
    assert receipt["id"] == body["id"]


async def test_the_record_and_the_intent_are_in_one_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[list[str]] = []
    publish = house.stream.publish

    async def note(*events: Envelope) -> list[Recorded]:
        commits.append([event.type for event in events])
        return await publish(*events)

    monkeypatch.setattr(house.stream, "publish", note)
    assert (await house.call("POST", "/intents", data=builders.INTENT_JSON))[0].status == 202
    assert commits == [["RequestAccepted", "IntentSubmitted"]]


async def test_the_record_and_the_intent_name_each_other_and_the_token(house: House) -> None:
    name, token = house.new_token("desk", Scope.TRADE)
    own = {"Authorization": f"Bearer {token}", "Idempotency-Key": "order-1"}
    response, receipt = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own)
    assert response.status == 202, receipt
    accepted, submitted = (row.envelope for row in house.journal.read())
    assert isinstance(accepted.body, RequestAccepted)
    assert isinstance(submitted.body, IntentSubmitted)
    assert (accepted.body.owner, accepted.body.scope, accepted.body.key) == (name, "trade", "order-1")
    assert (accepted.body.method, accepted.body.path) == ("POST", "/intents")
    assert accepted.body.intent_id == submitted.body.intent_id == UUID(receipt["id"])
    assert submitted.causation_id == accepted.id
    assert submitted.body.submitted_by == name


async def test_neither_is_there_when_the_disk_refuses_both(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    house.door.failure = Unavailable("journal_unavailable", "The disk is full.")
    assert (await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key))[0].status == 503
    house.door.failure = None
    assert types(house) == []
    assert (await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key))[0].status == 202


async def test_what_was_refused_leaves_its_key_free(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    wrong = json.loads(builders.INTENT_JSON)
    wrong["constraints"]["max_slippage"] = "0.02"
    response, _ = await house.call("POST", "/intents", body=wrong, headers=key)
    assert response.status == 422
    response, _ = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=key)
    assert response.status == 202


async def test_the_same_key_of_two_owners_is_two_keys(house: House) -> None:
    receipts = []
    for name, body in (("desk", builders.INTENT_JSON), ("bot", builders.INTENT_JSON), ("third", ANOTHER)):
        _, token = house.new_token(name, Scope.TRADE)
        own = {"Authorization": f"Bearer {token}", "Idempotency-Key": "order-1"}
        response, receipt = await house.call("POST", "/intents", data=body, headers=own)
        assert response.status == 202, receipt
        receipts.append(receipt["id"])
    assert len(set(receipts)) == 3
    assert types(house) == ["RequestAccepted", "IntentSubmitted"] * 3


async def test_a_replaced_token_keeps_the_keys_of_its_name(house: House) -> None:
    _, old = house.new_token("desk", Scope.TRADE)
    own = {"Authorization": f"Bearer {old}", "Idempotency-Key": "order-1"}
    _, first = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own)
    house.tokens_file.revoke("desk", now_ns=house.clock.now_ns())
    _, new = house.new_token("desk", Scope.TRADE)
    own["Authorization"] = f"Bearer {new}"
    response, again = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers=own)
    assert (response.status, again) == (202, first)


async def test_the_same_intent_under_another_key_is_recorded_once_and_binds_that_key_too(house: House) -> None:
    body = {**json.loads(builders.INTENT_JSON), "id": str(uuid4())}
    first, again = [
        (await house.call("POST", "/intents", body=body, headers={"Idempotency-Key": key}))[1] for key in ("1", "2")
    ]
    assert first == again
    assert types(house) == ["RequestAccepted", "IntentSubmitted", "RequestAccepted"]
    response, _ = await house.call("POST", "/intents", data=ANOTHER, headers={"Idempotency-Key": "2"})
    assert response.status == 422


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 65, "schlüssel", "a\tb"])
async def test_a_key_that_is_not_1_to_64_visible_characters_is_refused(house: House, key: str) -> None:
    response, problem = await house.call(
        "POST", "/intents", data=builders.INTENT_JSON, headers={"Idempotency-Key": key}
    )
    assert (response.status, problem["code"]) == (400, "idempotency_key_malformed")
    assert types(house) == []


async def test_a_key_of_64_characters_from_either_end_of_ascii_is_taken(house: House) -> None:
    for key in ("!" * 64, "~" * 64):
        response, _ = await house.call("POST", "/intents", data=builders.INTENT_JSON, headers={"Idempotency-Key": key})
        assert response.status == 202


async def test_every_route_that_changes_something_needs_a_key_but_what_may_be_sent_twice(house: House) -> None:
    without = set()
    for route in house.app.routes:
        assert isinstance(route, APIRoute)
        for method in (route.methods or set()) - SAFE_METHODS:
            path = route.path.replace("{id}", str(uuid4())).replace(":path", "").replace("{key}", "x")
            response, problem = await house.call(method, path, data="{}", headers={"Idempotency-Key": None})
            if rule_of(method, path).keyed:
                assert (response.status, problem["code"]) == (400, "idempotency_key_missing")
            else:
                assert response.status != 400
                without.add((method, route.path.replace(":path", "")))
    assert without == {
        ("POST", "/halt"),
        ("POST", "/resume"),
        ("POST", "/quotes"),
        ("PUT", "/limits/{key}"),
        ("DELETE", "/limits/{key}/raise"),
    }
    assert types(house) == []
