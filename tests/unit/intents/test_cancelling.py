"""What a cancel answers, and that it is one wish however often it is asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tradewind.domain.receipt import CancelOutcome
from tradewind.domain.status import IntentStatus
from tradewind.errors import Conflict, NotFound
from tradewind.intents.cancelling import PATIENCE_S


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Nobody works on the intents: only what the cancel itself does is seen."""
    async with a_desk(tmp_path, planning=False) as opened:
        yield opened


async def asked(desk: Desk, intent_id: UUID) -> CancelOutcome:
    """The answer for an intent that does not end in time."""
    answer = asyncio.create_task(desk.manager.cancel(intent_id, by="desk", reason="test"))
    await desk.clock.until_asleep()
    await desk.clock.advance(PATIENCE_S)
    return await answer


async def test_an_unknown_intent_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        await desk.manager.cancel(uuid4(), by="desk", reason="test")
    assert caught.value.code == "intent_not_found"


async def test_an_intent_that_has_ended_cannot_be_cancelled(desk: Desk) -> None:
    bodies = builders.lifecycle()
    await desk.record(*bodies)
    with pytest.raises(Conflict) as caught:
        await desk.manager.cancel(bodies[0].intent_id, by="desk", reason="test")
    assert caught.value.code == "intent_ended"
    assert "COMPLETED" in str(caught.value)
    assert desk.state.events(bodies[0].intent_id)[-1].envelope.type == "ExecutionStepFinalized"


async def test_asking_twice_records_one_wish_the_first(desk: Desk) -> None:
    intent_id = await desk.accept(builders.an_intent())
    await asked(desk, intent_id)
    answer = asyncio.create_task(desk.manager.cancel(intent_id, by="somebody else", reason="other"))
    await desk.clock.until_asleep()
    await desk.clock.advance(PATIENCE_S)
    await answer
    assert [row.envelope.type for row in desk.state.events(intent_id)] == ["IntentSubmitted", "IntentCancelRequested"]
    wish = desk.view(intent_id).cancel_requested
    assert wish is not None
    assert wish.by == "desk"


async def test_what_was_sent_and_has_no_answer_is_named_and_cannot_be_recalled(desk: Desk) -> None:
    first, validated, processed, planned, submitted, *_ = builders.lifecycle()
    await desk.record(first, validated, processed, planned, submitted)
    outcome = await asked(desk, first.intent_id)
    assert outcome.status is IntentStatus.PROCESSING
    assert outcome.sent_transactions == (builders.TX_HASH,)
    assert "1 transaction was sent already and cannot be recalled" in outcome.message


async def test_what_the_chain_has_answered_is_not_named_as_sent(desk: Desk) -> None:
    bodies = builders.lifecycle()
    await desk.record(*bodies[:6])
    outcome = await asked(desk, bodies[0].intent_id)
    assert outcome.sent_transactions == ()
    assert "If a transaction is signed already, it is sent" in outcome.message


async def test_an_intent_that_ends_meanwhile_is_answered_with_how_it_ended(desk: Desk) -> None:
    bodies = builders.lifecycle()
    await desk.record(*bodies[:6])
    answer = asyncio.create_task(desk.manager.cancel(bodies[0].intent_id, by="desk", reason="test"))
    await desk.clock.until_asleep()
    await desk.record(bodies[6])
    outcome = await answer
    assert outcome.status is IntentStatus.COMPLETED
    assert outcome.message == "It was carried out in full before the cancel could stop anything."
