"""The log read back on its own thread: single intents, lists and events, always in agreement with the fold."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.fake_clock import FakeClock
from tests.unit.state.test_coordinator import publish
from tradewind.domain.status import IntentStatus
from tradewind.errors import Unavailable
from tradewind.state.archive import MAX_EXAMINED, Archive, Selection
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_reader import JournalReader

ANYTHING = Selection()
OTHER = UUID("b2b2c3d4-e5f6-7890-1234-567890abcdef")


@pytest.fixture
def reader(journal: Journal, tmp_path: Path) -> Iterator[JournalReader]:
    opened = JournalReader(tmp_path / "data" / "journal.db")
    yield opened
    opened.close()


@pytest.fixture
def archive(reader: JournalReader, journal: Journal, state: StateCoordinator) -> Archive:
    return Archive(reader, state, head=lambda: journal.head()[0])


async def ids(archive: Archive, selection: Selection, *, limit: int) -> list[UUID]:
    """Every intent of the selection, page by page."""
    found: list[UUID] = []
    before_seq: int | None = None
    while True:
        page, before_seq = await archive.summaries(selection, limit, before_seq)
        assert len(page) <= limit
        found += [summary.intent.id for summary in page]
        if before_seq is None:
            return found


async def test_an_intent_is_the_same_from_memory_and_from_the_log(
    stream: EmbeddedEventStream, state: StateCoordinator, archive: Archive
) -> None:
    life = builders.lifecycle()
    for count in range(1, len(life) + 1):
        intent_id = await publish(stream, *life[:count])
        assert await archive.intent(intent_id) == state.intent(intent_id) != None  # noqa: E711
    assert state.in_memory(intent_id) is None
    assert await archive.intent(uuid4()) is None


class TestList:
    async def test_pages_newest_first_through_every_intent(self, stream: EmbeddedEventStream, archive: Archive) -> None:
        sent = [await publish(stream, *builders.lifecycle()[: 7 if number % 3 else 2]) for number in range(7)]
        for limit in (1, 3, 7, 50):
            assert await ids(archive, ANYTHING, limit=limit) == sent[::-1]

    async def test_filters_by_status_strategy_and_wallet_together(
        self, stream: EmbeddedEventStream, archive: Archive
    ) -> None:
        kinds = [(length, strategy) for length in (7, 1, 4, 8, 2) for strategy in (builders.STRATEGY_ID, OTHER)]
        sent = {}
        for length, strategy in kinds:
            life = builders.lifecycle(builders.an_intent(strategy_id=strategy))
            sent[await publish(stream, *life[:length])] = (length, strategy)
        for status, lengths in (
            (None, {1, 2, 4, 7, 8}),
            (IntentStatus.COMPLETED, {7, 8}),
            (IntentStatus.PENDING, {1, 2}),
            (IntentStatus.PROCESSING, {4}),
        ):
            for strategies in (None, frozenset({OTHER}), frozenset[UUID]()):
                selection = Selection(strategies=strategies, wallet=builders.WALLET, status=status)
                expected = [
                    one
                    for one, (length, strategy) in reversed(sent.items())
                    if length in lengths and (strategies is None or strategy in strategies)
                ]
                assert await ids(archive, selection, limit=2) == expected
                assert await ids(archive, replace(selection, wallet=builders.ROUTER), limit=2) == []

    async def test_hands_back_a_short_page_rather_than_search_without_end(
        self, stream: EmbeddedEventStream, archive: Archive
    ) -> None:
        oldest = builders.submitted()
        await publish(stream, oldest, builders.rejected(oldest.intent_id))
        for _ in range(MAX_EXAMINED // 50 + 1):
            firsts = [builders.submitted() for _ in range(50)]
            bodies = [body for first in firsts for body in (first, builders.expired(first.intent_id))]
            await stream.publish(*(builders.envelope(body) for body in bodies))
        rejected = Selection(status=IntentStatus.REJECTED)
        page, following = await archive.summaries(rejected, 50, None)
        assert page == []
        assert following is not None
        assert await ids(archive, rejected, limit=50) == [oldest.intent_id]

    async def test_of_nothing_is_empty(self, archive: Archive) -> None:
        assert await archive.summaries(ANYTHING, 50, None) == ([], None)


@settings(max_examples=11, deadline=None)
@given(st.integers(min_value=1, max_value=11))
def test_the_status_of_a_list_is_that_of_the_fold_after_every_event(
    tmp_path_factory: pytest.TempPathFactory, steps: int
) -> None:
    """A list reads only the names of the events; the fold reads all of them."""

    async def compare(folder: Path) -> None:
        journal = Journal.open(folder / "journal.db")
        reader = JournalReader(folder / "journal.db")
        state = StateCoordinator(journal)
        stream = EmbeddedEventStream(journal, FakeClock())
        stream.tap(state.apply)
        archive = Archive(reader, state, head=lambda: journal.head()[0])
        life = builders.lifecycle()
        plan_id = life[3].plan.plan_id  # type: ignore[attr-defined]
        taken_back = [
            builders.reorganised(life[0].intent_id, plan_id),
            *(body.model_copy(update={"round": 1}) for body in life[5:7]),
        ]
        bodies = [*life[:7], *taken_back, life[7]][:steps]
        for body in bodies:
            await publish(stream, body)
            [summary], _ = await archive.summaries(ANYTHING, 1, None)
            view = state.intent(life[0].intent_id)
            assert view is not None
            assert summary.status is view.status
        await stream.close()
        reader.close()
        journal.close()

    asyncio.run(compare(tmp_path_factory.mktemp("log")))


class TestEvents:
    async def test_of_a_selection_are_those_of_its_intents_and_pages_say_how_far_they_looked(
        self, stream: EmbeddedEventStream, archive: Archive
    ) -> None:
        mine, theirs = builders.lifecycle(), builders.lifecycle(builders.an_intent(strategy_id=OTHER))
        for pair in zip(mine, theirs, strict=True):
            for body in pair:
                await publish(stream, body)
        seen: list[int] = []
        after_seq = 0
        while True:
            selection = Selection(strategies=frozenset({OTHER}))
            found = await archive.events(after_seq=after_seq, limit=3, selection=selection)
            seen += [row.seq for row in found.rows]
            assert found.up_to_seq > after_seq or not found.more
            after_seq = found.up_to_seq
            if not found.more:
                break
        assert seen == list(range(2, 17, 2))
        assert after_seq == 16

    async def test_what_is_recorded_behind_the_head_that_was_asked_for_belongs_to_the_next_reading(
        self, stream: EmbeddedEventStream, reader: JournalReader, state: StateCoordinator
    ) -> None:
        """Otherwise a reading could report a place that it has not looked at."""
        for _ in range(3):
            await publish(stream, builders.submitted())
        archive = Archive(reader, state, head=lambda: 2)
        found = await archive.events(after_seq=0, limit=10)
        assert ([row.seq for row in found.rows], found.up_to_seq, found.more) == ([1, 2], 2, False)


async def test_a_long_reading_keeps_nobody_from_the_event_loop(
    stream: EmbeddedEventStream, reader: JournalReader
) -> None:
    """The reading does not end before others have published, which they could not if it were in their way."""
    published = threading.Event()

    def long_reading(log: object) -> bool:
        return published.wait(20)

    reading = asyncio.create_task(reader.read(long_reading))
    await asyncio.sleep(0)
    await publish(stream, builders.submitted())
    published.set()
    assert await reading


async def test_a_closed_reader_says_so(reader: JournalReader) -> None:
    reader.close()
    reader.close()
    with pytest.raises(Unavailable) as caught:
        await reader.read(lambda log: None)
    assert caught.value.code == "journal_closed"


async def test_a_reading_that_fails_says_what_to_do(reader: JournalReader) -> None:
    with pytest.raises(Unavailable) as caught:
        await reader.read(lambda log: log.execute("SELECT nothing FROM nowhere"))
    assert caught.value.code == "journal_unreadable"
    assert "tradewind journal verify" in str(caught.value)
