"""No end is recorded on facts that the chain has just taken back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain.status import IntentStatus
from tradewind.planning.endings import Endings
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded


class House:
    """An intent whose only step is confirmed, and whoever may end it."""

    def __init__(self, journal: Journal) -> None:
        clock = FakeClock()
        self.state, self.stream, self.locks = (
            StateCoordinator(journal),
            EmbeddedEventStream(journal, clock),
            IntentLocks(),
        )
        self.stream.tap(self.state.apply)
        self.endings = Endings(self.stream, self.state, clock, self.locks)
        self.life = builders.lifecycle()
        self.intent_id: UUID = self.life[0].intent_id
        self.plan_id: UUID = self.life[3].plan.plan_id  # type: ignore[attr-defined]

    async def confirmed(self) -> Recorded:
        return (await self.stream.publish(*map(builders.envelope, self.life[:6])))[-1]

    async def take_back(self) -> None:
        await self.stream.publish(builders.envelope(builders.reorganised(self.intent_id, self.plan_id)))

    async def end(self, cause: Recorded, *, as_of_round: int) -> None:
        ended = builders.slice_ended(self.intent_id, self.plan_id)
        await self.endings.end_slice(ended, cause, as_of_round=as_of_round)

    @property
    def status(self) -> IntentStatus:
        view = self.state.intent(self.intent_id)
        assert view is not None
        return view.status


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    journal = Journal.open(tmp_path / "journal.db")
    yield House(journal)
    journal.close()


async def test_an_end_that_rests_on_the_chain_as_it_is_is_recorded(house: House) -> None:
    cause = await house.confirmed()
    await house.end(cause, as_of_round=0)
    assert house.status == "COMPLETED"


async def test_an_end_that_rests_on_what_was_taken_back_is_not_recorded(house: House) -> None:
    cause = await house.confirmed()
    await house.take_back()
    await house.end(cause, as_of_round=0)
    assert house.status == "PROCESSING"
    await house.end(cause, as_of_round=1)
    assert house.status == "COMPLETED"


async def test_an_end_waits_for_a_reorganisation_that_is_just_being_recorded(house: House) -> None:
    cause = await house.confirmed()
    async with house.locks.of(house.intent_id):
        ending = asyncio.create_task(house.end(cause, as_of_round=0))
        await asyncio.sleep(0)
        await house.take_back()
        assert not ending.done()
    await ending
    assert house.status == "PROCESSING"


async def test_two_intents_do_not_wait_for_each_other(house: House) -> None:
    cause = await house.confirmed()
    async with house.locks.of(UUID(int=1)):
        await house.end(cause, as_of_round=0)
    assert house.status == "COMPLETED"
