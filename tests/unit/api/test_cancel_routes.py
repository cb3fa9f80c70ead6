"""Cancels over a socket: recorded once under their key, and answered with what has become of the intent."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar
from uuid import uuid4

from tests import builders
from tests.unit.api.house import House

T = TypeVar("T")


async def ended(house: House, answering: Awaitable[T]) -> T:
    """The answer, once the patience of a cancel is over."""
    task = asyncio.ensure_future(answering)
    await house.clock.until_asleep(1)
    await house.clock.advance(60)
    return await task


async def test_a_cancel_is_recorded_with_who_asked_and_why_and_says_that_it_is_under_way(house: House) -> None:
    await house.publish([first := builders.submitted()])
    path = f"/intents/{first.intent_id}/cancel"
    cancel = house.call("POST", path, body={"reason": "the signal is gone"}, headers={"Idempotency-Key": "c-1"})
    response, said = await ended(house, cancel)
    assert (response.status, said["status"], said["is_final"]) == (202, "PENDING", False)
    [asked, wish] = house.journal.read(after_seq=1)
    assert (asked.envelope.type, wish.envelope.type) == ("RequestAccepted", "IntentCancelRequested")
    assert wish.envelope.causation_id == asked.envelope.id
    assert (wish.envelope.body.by, wish.envelope.body.reason) == (  # type: ignore[attr-defined]
        "owner",
        "the signal is gone",
    )
    # Once more under the same key: the same request, with what has become of it.
    await house.publish([builders.rejected(first.intent_id)])
    again, later = await house.call(
        "POST", path, body={"reason": "the signal is gone"}, headers={"Idempotency-Key": "c-1"}
    )
    assert (again.status, later["status"], later["is_final"]) == (200, "REJECTED", True)
    other, problem = await house.call("POST", path, body={"reason": "another"}, headers={"Idempotency-Key": "c-1"})
    assert (other.status, problem["code"]) == (422, "idempotency_key_reused")


async def test_what_has_ended_cannot_be_cancelled_and_what_is_not_there_neither(house: House) -> None:
    await house.publish([first := builders.submitted(), builders.rejected(first.intent_id)])
    response, problem = await house.call("POST", f"/intents/{first.intent_id}/cancel", body={})
    assert (response.status, problem["code"]) == (409, "intent_ended")
    response, problem = await house.call("POST", f"/intents/{uuid4()}/cancel", body={})
    assert (response.status, problem["code"]) == (404, "intent_not_found")


async def test_a_transaction_that_was_sent_is_named_as_beyond_recall(house: House) -> None:
    await house.publish((life := builders.lifecycle())[:5])
    response, said = await ended(house, house.call("POST", f"/intents/{life[0].intent_id}/cancel", body={}))
    assert response.status == 202
    assert said["sent_transactions"] == [builders.TX_HASH]
    assert "cannot be recalled" in said["message"]


async def test_an_empty_reason_is_named(house: House) -> None:
    await house.publish([first := builders.submitted()])
    response, problem = await house.call("POST", f"/intents/{first.intent_id}/cancel", body={"reason": ""})
    assert (response.status, problem["faults"][0]["field"]) == (422, "reason")
