"""The embedded stream: order for each intent, concurrency across, redelivery, and bounded memory."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from tests import builders
from tests.fake_clock import FakeClock
from tradewind.domain.events import Envelope
from tradewind.errors import InvalidInput
from tradewind.streaming.cursor import READ_AHEAD
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.group_commit import GroupCommit
from tradewind.streaming.journal import Journal, Recorded

GUARD_S = 20


class Consumer:
    """A handler that remembers what it was given, and can be told to hold or to fail."""

    def __init__(self) -> None:
        self.handled: list[Recorded] = []
        self.started: list[Recorded] = []
        self.cancelled = 0
        self.running = 0
        self.most_running = 0
        self.held: dict[UUID, asyncio.Event] = {}
        self.turns: dict[UUID, int] = {}
        self.failures: dict[int, list[BaseException]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def __call__(self, recorded: Recorded) -> None:
        self.started.append(recorded)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        self._changed.set()
        try:
            if gate := self.held.get(recorded.envelope.correlation_id):
                await gate.wait()
            for _ in range(self.turns.get(recorded.envelope.id, 1)):
                await asyncio.sleep(0)
            if self.failures[recorded.seq]:
                raise self.failures[recorded.seq].pop(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        self.handled.append(recorded)
        self._changed.set()

    async def until_handled(self, count: int) -> None:
        await self._until(lambda: len(self.handled) >= count)

    async def until_started(self, count: int) -> None:
        await self._until(lambda: len(self.started) >= count)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(GUARD_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    @property
    def seqs(self) -> list[int]:
        return [recorded.seq for recorded in self.handled]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stream(journal: Journal, clock: FakeClock) -> AsyncIterator[EmbeddedEventStream]:
    opened = EmbeddedEventStream(journal, clock)
    yield opened
    await opened.close()


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


def life_of(intent_id: UUID) -> list[Envelope]:
    """Eight events of one intent."""
    plan_id = uuid4()
    steps = [builders.step_submitted(intent_id, plan_id, attempt=attempt) for attempt in range(8)]
    return [builders.envelope(body) for body in steps]


def unrelated(count: int) -> list[Envelope]:
    return [builders.envelope(builders.rejected(uuid4())) for _ in range(count)]


def test_is_an_event_stream(stream: EmbeddedEventStream) -> None:
    as_protocol: EventStream = stream
    assert as_protocol is stream


class TestTap:
    async def test_hears_every_event_in_order_under_concurrent_publishes(self, stream: EmbeddedEventStream) -> None:
        heard: list[int] = []
        returned: list[int] = []
        stream.tap(lambda recorded: heard.append(recorded.seq))

        async def publish(envelope: Envelope) -> None:
            [recorded] = await stream.publish(envelope)
            assert recorded.seq in heard, "the tap is told before publish returns"
            returned.append(recorded.seq)

        await asyncio.gather(*(publish(envelope) for envelope in unrelated(300)))
        assert heard == list(range(1, 301))
        assert sorted(returned) == heard

    async def test_hears_an_event_that_is_published_twice_only_once(self, stream: EmbeddedEventStream) -> None:
        heard: list[int] = []
        stream.tap(lambda recorded: heard.append(recorded.seq))
        [envelope] = unrelated(1)
        first = await stream.publish(envelope)
        assert await stream.publish(envelope) == first
        assert heard == [1]

    async def test_hears_what_a_cancelled_publisher_left_behind(self, stream: EmbeddedEventStream) -> None:
        heard: list[int] = []
        stream.tap(lambda recorded: heard.append(recorded.seq))
        first, second = unrelated(2)
        publisher = asyncio.create_task(stream.publish(first))
        await asyncio.sleep(0)
        publisher.cancel()
        await stream.publish(second)
        assert heard == [1, 2]

    async def test_that_raises_is_raised_to_the_publisher_and_keeps_nobody_else_from_hearing(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        def refuse(_: Recorded) -> None:
            raise ZeroDivisionError

        heard: list[int] = []
        stream.tap(refuse)
        stream.tap(lambda recorded: heard.append(recorded.seq))
        stream.subscribe(">", consumer, name="all", after_seq=0)
        with pytest.raises(ZeroDivisionError):
            await stream.publish(*unrelated(1))
        await consumer.until_handled(1)
        assert heard == [1]


class TestSubscription:
    async def test_is_handed_nothing_that_the_taps_have_not_heard(
        self, stream: EmbeddedEventStream, journal: Journal, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A row is on disk a moment before the event loop hears of it; a thread that is slow then makes it a while."""
        hold, hand_back = threading.Event(), GroupCommit._hand_back

        def late(commit: GroupCommit, batch: list[object]) -> None:
            hold.wait()
            hand_back(commit, batch)  # type: ignore[arg-type]

        monkeypatch.setattr(GroupCommit, "_hand_back", late)
        heard: list[int] = []
        stream.tap(lambda recorded: heard.append(recorded.seq))
        publishing = asyncio.create_task(stream.publish(*unrelated(3)))
        while journal.head()[0] < 3:
            await asyncio.sleep(0)
        stream.subscribe(">", consumer, name="all", after_seq=0)
        for _ in range(50):
            await asyncio.sleep(0)
        started_before = list(consumer.started)
        hold.set()
        await publishing
        await consumer.until_handled(3)
        assert started_before == []
        assert heard == consumer.seqs == [1, 2, 3]

    async def test_hands_over_only_what_its_pattern_selects(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        stream.subscribe("intent.*.>", consumer, name="intents", after_seq=0)
        envelopes = builders.one_of_each()
        await stream.publish(*envelopes)
        selected = [envelope for envelope in envelopes if envelope.subject.startswith("intent.")]
        await consumer.until_handled(len(selected))
        assert {row.envelope.id for row in consumer.handled} == {envelope.id for envelope in selected}

    async def test_keeps_the_order_of_each_intent(self, stream: EmbeddedEventStream, consumer: Consumer) -> None:
        stream.subscribe(">", consumer, name="all", after_seq=0)
        lives = [life_of(uuid4()) for _ in range(20)]
        # Each event takes less time than the one before it, and would overtake it.
        consumer.turns = {envelope.id: 40 - 5 * place for life in lives for place, envelope in enumerate(life)}
        for step in zip(*lives, strict=True):
            await stream.publish(*step)
        await consumer.until_handled(160)
        handled: dict[UUID, list[UUID]] = defaultdict(list)
        for recorded in consumer.handled:
            handled[recorded.envelope.correlation_id].append(recorded.envelope.id)
        assert handled == {life[0].correlation_id: [envelope.id for envelope in life] for life in lives}

    async def test_never_handles_two_events_of_one_intent_at_once(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        stream.subscribe(">", consumer, name="all", after_seq=0)
        await stream.publish(*life_of(uuid4()))
        await consumer.until_handled(8)
        assert consumer.most_running == 1

    async def test_one_held_intent_keeps_no_other_waiting(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        held = uuid4()
        gate = consumer.held[held] = asyncio.Event()
        subscription = stream.subscribe(">", consumer, name="all", after_seq=0)
        await stream.publish(*life_of(held), *unrelated(10))
        await consumer.until_handled(10)
        assert all(recorded.envelope.correlation_id != held for recorded in consumer.handled)
        assert subscription.position == 0, "nothing up to the first event is done yet"
        gate.set()
        await consumer.until_handled(18)

    async def test_handles_up_to_its_concurrency_at_once(self, stream: EmbeddedEventStream, consumer: Consumer) -> None:
        envelopes = unrelated(30)
        gate = asyncio.Event()
        consumer.held = {envelope.correlation_id: gate for envelope in envelopes}
        stream.subscribe(">", consumer, name="all", after_seq=0, concurrency=7)
        await stream.publish(*envelopes)
        await consumer.until_started(7)
        for _ in range(50):
            await asyncio.sleep(0)
        assert consumer.running == 7
        gate.set()
        await consumer.until_handled(30)
        assert consumer.most_running == 7

    async def test_starts_behind_the_place_it_is_given(self, stream: EmbeddedEventStream, consumer: Consumer) -> None:
        await stream.publish(*unrelated(10))
        stream.subscribe(">", consumer, name="all", after_seq=6)
        await stream.publish(*unrelated(1))
        await consumer.until_handled(5)
        assert sorted(consumer.seqs) == [7, 8, 9, 10, 11]

    async def test_knows_its_position_when_all_is_handled(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        subscription = stream.subscribe("intent.rejected.>", consumer, name="rejected", after_seq=0)
        await stream.publish(*unrelated(3), builders.envelope(builders.expired(uuid4())))
        await consumer.until_handled(3)
        for _ in range(20):
            await asyncio.sleep(0)
        assert subscription.position == 4
        assert subscription.in_memory == 0

    async def test_refuses_a_malformed_pattern(self, stream: EmbeddedEventStream, consumer: Consumer) -> None:
        with pytest.raises(InvalidInput):
            stream.subscribe("intent..>", consumer, name="x", after_seq=0)


class TestRedelivery:
    async def test_calls_a_failing_handler_again_with_doubling_pauses_up_to_five_seconds(
        self, stream: EmbeddedEventStream, consumer: Consumer, clock: FakeClock
    ) -> None:
        consumer.failures[1] = [ValueError("not yet")] * 8
        stream.subscribe(">", consumer, name="all", after_seq=0)
        await stream.publish(*unrelated(1))
        pauses = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
        async with asyncio.timeout(GUARD_S):
            for attempt, pause in enumerate(pauses, start=1):
                await clock.until_asleep()
                assert len(consumer.started) == attempt
                await clock.advance(pause)
            await consumer.until_handled(1)
        assert clock.slept == pauses

    async def test_later_events_of_the_intent_wait_and_others_do_not(
        self, stream: EmbeddedEventStream, consumer: Consumer, clock: FakeClock
    ) -> None:
        consumer.failures[1] = [ValueError("not yet")]
        # With one slot: the pause must not occupy it.
        stream.subscribe(">", consumer, name="all", after_seq=0, concurrency=1)
        await stream.publish(*life_of(uuid4())[:2], *unrelated(2))
        await consumer.until_handled(2)
        assert sorted(consumer.seqs) == [3, 4]
        await clock.until_asleep()
        await clock.advance(0.1)
        await consumer.until_handled(4)
        assert consumer.seqs[2:] == [1, 2]

    async def test_reports_each_failure(
        self, stream: EmbeddedEventStream, consumer: Consumer, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer.failures[1] = [ValueError("not yet")]
        stream.subscribe(">", consumer, name="planner", after_seq=0)
        await stream.publish(*unrelated(1))
        await clock.until_asleep()
        [record] = [record for record in caplog.records if record.getMessage() == "handler_failed"]
        assert record.__dict__["fields"] == {"subscription": "planner", "seq": 1, "retry_in_s": 0.1}

    async def test_a_cancellation_inside_the_handler_is_a_failure_like_any_other(
        self, stream: EmbeddedEventStream, consumer: Consumer, clock: FakeClock
    ) -> None:
        consumer.failures[1] = [asyncio.CancelledError()]
        stream.subscribe(">", consumer, name="all", after_seq=0)
        await stream.publish(*unrelated(1))
        async with asyncio.timeout(GUARD_S):
            await clock.until_asleep()
        await clock.advance(0.1)
        await consumer.until_handled(1)

    async def test_an_event_that_was_not_handled_before_a_restart_is_handed_over_again(
        self, journal: Journal, clock: FakeClock, consumer: Consumer
    ) -> None:
        before = EmbeddedEventStream(journal, clock)
        consumer.failures[1] = [ValueError("not yet")] * 3
        before.subscribe(">", consumer, name="all", after_seq=0)
        await before.publish(*unrelated(1))
        await clock.until_asleep()
        await before.close()
        after, second = EmbeddedEventStream(journal, clock), Consumer()
        after.subscribe(">", second, name="all", after_seq=0)
        await second.until_handled(1)
        await after.close()
        assert consumer.handled == []


class TestBackPressure:
    async def test_ten_thousand_waiting_events_stay_on_disk(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        envelopes = unrelated(10_000)
        gate = asyncio.Event()
        consumer.held = {envelope.correlation_id: gate for envelope in envelopes}
        subscription = stream.subscribe(">", consumer, name="slow", after_seq=0, concurrency=16)
        most = 0
        for start in range(0, 10_000, 500):
            # Publishing returns although the consumer has not handled a single event.
            async with asyncio.timeout(GUARD_S):
                await stream.publish(*envelopes[start : start + 500])
            most = max(most, subscription.in_memory)
        await consumer.until_started(16)
        assert consumer.handled == []
        assert max(most, subscription.in_memory) == READ_AHEAD * 16
        gate.set()
        await consumer.until_handled(10_000)
        assert sorted(consumer.seqs) == list(range(1, 10_001))


class TestClose:
    async def test_cancels_what_is_running_and_hands_over_nothing_more(
        self, stream: EmbeddedEventStream, consumer: Consumer
    ) -> None:
        envelopes = unrelated(5)
        consumer.held = {envelope.correlation_id: asyncio.Event() for envelope in envelopes}
        stream.subscribe(">", consumer, name="all", after_seq=0)
        await stream.publish(*envelopes)
        await consumer.until_started(5)
        await stream.close()
        assert consumer.cancelled == 5
        await stream.publish(*unrelated(3))
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(consumer.started) == 5
        await stream.close()
