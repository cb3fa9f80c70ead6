"""The turn of a wallet: one slice at a time, that of the most urgent intent first."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests import builders
from tradewind.domain.events import IntentEvent
from tradewind.intents.turns import WalletTurns
from tradewind.state.fold import fold
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded

WALLET = (builders.ARBITRUM, builders.WALLET)


def recorded(body: IntentEvent) -> Recorded:
    return Recorded(1, builders.envelope(body), "")


def ended(intent_id: UUID) -> Recorded:
    return recorded(builders.rejected(intent_id))


async def queued(turns: WalletTurns, holder: tuple[UUID, int], *, priority: int, seq: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(turns.take(WALLET, holder, priority=priority, seq=seq))
    await asyncio.sleep(0)
    return task


async def test_the_next_turn_goes_to_the_most_urgent_and_then_to_the_oldest() -> None:
    turns, holder = WalletTurns(), uuid4()
    await turns.take(WALLET, (holder, 0), priority=5, seq=1)
    waiting = {
        name: (intent_id := uuid4(), await queued(turns, (intent_id, 0), priority=priority, seq=seq))
        for name, priority, seq in (("calm", 3, 2), ("second urgent", 9, 4), ("first urgent", 9, 3))
    }
    order = []
    for _ in range(3):
        turns.on_recorded(ended(holder))
        await asyncio.sleep(0)
        [(name, holder)] = [(n, i) for n, (i, task) in waiting.items() if task.done() and n not in order]
        order.append(name)
    assert order == ["first urgent", "second urgent", "calm"]


async def test_only_the_end_of_its_holder_passes_a_turn_on() -> None:
    turns, holder = WalletTurns(), uuid4()
    await turns.take(WALLET, (holder, 1), priority=5, seq=1)
    waiting = await queued(turns, (uuid4(), 0), priority=10, seq=2)
    for body in (
        builders.planned(holder),
        builders.rejected(uuid4()),
        # Another slice of the same intent, such as one that ends anew after a reorganisation.
        builders.slice_ended(holder, uuid4(), slice_index=0),
    ):
        turns.on_recorded(recorded(body))
    await asyncio.sleep(0)
    assert not waiting.done()
    turns.on_recorded(recorded(builders.slice_ended(holder, uuid4(), slice_index=1)))
    async with asyncio.timeout(10):
        await waiting


async def test_the_end_of_an_intent_does_not_take_the_turn_that_its_last_slice_passed_on() -> None:
    turns, holder, next_one, last = WalletTurns(), uuid4(), uuid4(), uuid4()
    await turns.take(WALLET, (holder, 0), priority=5, seq=1)
    await queued(turns, (next_one, 0), priority=9, seq=2)
    waiting = await queued(turns, (last, 0), priority=1, seq=3)
    turns.on_recorded(recorded(builders.slice_ended(holder, uuid4())))
    turns.on_recorded(recorded(builders.completed(holder, uuid4())))
    await asyncio.sleep(0)
    assert not waiting.done()
    turns.on_recorded(ended(next_one))
    async with asyncio.timeout(10):
        await waiting


async def test_a_holder_that_has_to_wait_lets_the_others_go_first() -> None:
    turns, holder = WalletTurns(), (uuid4(), 0)
    await turns.take(WALLET, holder, priority=10, seq=1)
    waiting = await queued(turns, (uuid4(), 0), priority=1, seq=2)
    turns.give_back(holder)
    async with asyncio.timeout(10):
        await waiting
    again = await queued(turns, holder, priority=10, seq=1)
    assert not again.done()
    again.cancel()


async def test_wallets_do_not_wait_for_each_other() -> None:
    turns = WalletTurns()
    await turns.take("one", (uuid4(), 0), priority=1, seq=1)
    async with asyncio.timeout(10):
        await turns.take("another", (uuid4(), 0), priority=1, seq=2)


async def test_an_intent_that_gave_up_waiting_is_passed_over() -> None:
    turns, holder, patient = WalletTurns(), uuid4(), uuid4()
    await turns.take(WALLET, (holder, 0), priority=5, seq=1)
    impatient = await queued(turns, (uuid4(), 0), priority=10, seq=2)
    waiting = await queued(turns, (patient, 0), priority=1, seq=3)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    turns.on_recorded(ended(holder))
    async with asyncio.timeout(10):
        await waiting


def seen(*bodies: IntentEvent) -> IntentView:
    view = None
    for seq, body in enumerate(bodies, 1):
        view = fold(view, Recorded(seq, builders.envelope(body), ""))
    assert view is not None
    return view


def in_flight(stage: str) -> IntentView:
    first = builders.submitted()
    validated = [first, builders.validated(first.intent_id), builders.processed(first.intent_id)]
    planned = builders.planned(first.intent_id)
    stages: dict[str, list[IntentEvent]] = {
        "accepted": [first],
        "decomposed": validated,
        "planned": [*validated, planned],
        "between": [*validated, planned, builders.slice_ended(first.intent_id, planned.plan.plan_id)],
    }
    return seen(*stages[stage])


@pytest.mark.parametrize(("stage", "holds"), [("accepted", False), ("decomposed", True), ("planned", True)])
async def test_after_a_restart_the_slice_in_flight_has_its_turn_and_others_wait(stage: str, holds: bool) -> None:
    turns, view = WalletTurns(), in_flight(stage)
    turns.restore(view)
    waiting = await queued(turns, (uuid4(), 0), priority=10, seq=1)
    assert waiting.done() is not holds
    if holds:
        async with asyncio.timeout(10):
            await turns.take(WALLET, (view.intent.id, 0), priority=1, seq=2)
        waiting.cancel()


async def test_after_a_restart_an_intent_between_two_slices_keeps_nobody_waiting() -> None:
    turns = WalletTurns()
    turns.restore(in_flight("between"))
    async with asyncio.timeout(10):
        await turns.take(WALLET, (uuid4(), 0), priority=1, seq=2)


async def test_a_slice_that_gave_up_waiting_can_wait_again() -> None:
    """Its handler is tried again when the journal refused what it came to."""
    turns, holder, other = WalletTurns(), uuid4(), uuid4()
    await turns.take(WALLET, (holder, 0), priority=5, seq=1)
    gave_up = await queued(turns, (other, 0), priority=5, seq=2)
    gave_up.cancel()
    await asyncio.gather(gave_up, return_exceptions=True)
    again = await queued(turns, (other, 0), priority=5, seq=2)
    turns.on_recorded(ended(holder))
    await asyncio.wait_for(again, timeout=1)
