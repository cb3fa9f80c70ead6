"""The turn of a wallet: one intent at a time, the most urgent first."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests import builders
from tradewind.intents.turns import WalletTurns
from tradewind.streaming.recorded import Recorded


def ended(intent_id: UUID) -> Recorded:
    return Recorded(1, builders.envelope(builders.rejected(intent_id)), "")


async def queued(turns: WalletTurns, intent_id: UUID, *, priority: int, seq: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(turns.take("wallet", intent_id, priority=priority, seq=seq))
    await asyncio.sleep(0)
    return task


async def test_the_next_turn_goes_to_the_most_urgent_and_then_to_the_oldest() -> None:
    turns, holder = WalletTurns(), uuid4()
    await turns.take("wallet", holder, priority=5, seq=1)
    waiting = {
        name: (intent_id := uuid4(), await queued(turns, intent_id, priority=priority, seq=seq))
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
    turns, holder, other = WalletTurns(), uuid4(), uuid4()
    await turns.take("wallet", holder, priority=5, seq=1)
    waiting = await queued(turns, other, priority=10, seq=2)
    turns.on_recorded(Recorded(1, builders.envelope(builders.planned(holder)), ""))
    turns.on_recorded(ended(uuid4()))
    await asyncio.sleep(0)
    assert not waiting.done()
    turns.on_recorded(ended(holder))
    await asyncio.sleep(0)
    assert waiting.done()


async def test_wallets_do_not_wait_for_each_other() -> None:
    turns = WalletTurns()
    await turns.take("one", uuid4(), priority=1, seq=1)
    async with asyncio.timeout(1):
        await turns.take("another", uuid4(), priority=1, seq=2)


async def test_an_intent_that_gave_up_waiting_is_passed_over() -> None:
    turns, holder, patient = WalletTurns(), uuid4(), uuid4()
    await turns.take("wallet", holder, priority=5, seq=1)
    impatient = await queued(turns, uuid4(), priority=10, seq=2)
    waiting = await queued(turns, patient, priority=1, seq=3)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    turns.on_recorded(ended(holder))
    async with asyncio.timeout(1):
        await waiting


async def test_after_a_restart_the_intent_in_flight_has_its_turn_and_others_wait() -> None:
    turns, in_flight = WalletTurns(), uuid4()
    turns.restore("wallet", in_flight)
    waiting = await queued(turns, uuid4(), priority=10, seq=1)
    async with asyncio.timeout(1):
        await turns.take("wallet", in_flight, priority=1, seq=2)
    assert not waiting.done()
    waiting.cancel()
