"""The bus on a real nats-server: streams, publishing, consuming, and a server that is killed in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StreamConfig

from tests import builders
from tests.integration.streaming.nats_server import NatsServer
from tradewind.domain.events import Envelope
from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability.clock import SystemClock
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.nats import NatsBus
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_consumer import ConsumerSpec, NatsConsumer
from tradewind.streaming.nats_publisher import NatsPublisher
from tradewind.streaming.nats_streams import ensure_streams
from tradewind.streaming.relay import JournalRelay
from tradewind.streaming.relay_position import RelayPosition
from tradewind.streaming.topology import STREAMS, bus_subject

PATIENCE_S = 120
PLANS = ConsumerSpec("PLANNED", "watcher", "execution.planned.*", "for a test")


def plan_event() -> Envelope:
    return builders.plan_envelope(builders.execution_plan())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


class Ear:
    """A handler that remembers, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.heard: list[UUID] = []
        self.failures = 0

    async def __call__(self, envelope: Envelope) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.heard.append(envelope.id)


async def test_the_streams_are_made_with_the_subjects_of_the_table(server: NatsServer) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    made = {
        info.config.name: tuple(info.config.subjects or ()) for info in await bus.connection.jetstream.streams_info()
    }
    assert made == {spec.name: spec.subjects for spec in STREAMS}
    await ensure_streams(bus.connection)
    await bus.close()


async def test_a_stream_that_would_lose_events_is_named_with_what_is_wrong(server: NatsServer) -> None:
    connection = await NatsConnection.open(server.settings(), name="test")
    await connection.jetstream.add_stream(
        StreamConfig(name="PLANNED", subjects=["execution.planned.>"], retention=RetentionPolicy.WORK_QUEUE)
    )
    with pytest.raises(Misconfigured) as refused:
        await ensure_streams(connection)
    assert refused.value.code == "stream_mismatch"
    assert "PLANNED" in refused.value.message
    assert "retention" in refused.value.message
    await connection.close()


async def test_a_stream_can_have_another_name_on_the_server(server: NatsServer) -> None:
    settings = server.settings(streams={"PLANNED": "DESK_PLANS"})
    bus = await NatsBus.open(settings, name="test")
    await bus.publish(plan_event())
    assert (await bus.connection.jetstream.stream_info("DESK_PLANS")).state.messages == 1
    await bus.close()


async def test_an_event_published_twice_is_in_the_stream_once(server: NatsServer) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    event = plan_event()
    await bus.publish(event)
    await bus.publish(event)
    assert (await bus.connection.jetstream.stream_info("PLANNED")).state.messages == 1
    await bus.close()


async def test_every_type_of_event_is_carried_as_it_is(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    samples = builders.one_of_each()
    for sample in samples:
        await bus.publish(sample)
    for stream in {sample.stream for sample in samples}:
        info = await bus.connection.jetstream.stream_info(stream)
        assert info.state.messages == sum(sample.stream == stream for sample in samples)
        first = next(sample for sample in samples if sample.stream == stream)
        message = await bus.connection.jetstream.get_msg(stream, seq=1)
        assert message.subject == bus_subject(first)
        assert Envelope.from_json(message.data or b"") == first
    await bus.close()


async def test_a_handler_that_fails_has_the_event_again_until_it_has_handled_it(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.streaming.nats_consumer.LONGEST_PAUSE_S", 0.05)
    bus = await NatsBus.open(server.settings(), name="test")
    ear = Ear()
    ear.failures = 2
    await bus.subscribe(PLANS, ear, store=tmp_path / "seen.db")
    event = plan_event()
    await bus.publish(event)
    await until(lambda: ear.heard == [event.id])
    await bus.close()


async def test_what_was_handled_is_recognised_when_it_is_delivered_again(server: NatsServer, tmp_path: Path) -> None:
    events = [plan_event() for _ in range(3)]
    first = await NatsBus.open(server.settings(), name="test")
    ear = Ear()
    await first.subscribe(PLANS, ear, store=tmp_path / "seen.db")
    for event in events:
        await first.publish(event)
    await until(lambda: len(ear.heard) == 3)
    await first.connection.jetstream.delete_consumer("PLANNED", PLANS.durable)
    await first.close()
    # A consumer without its place on the server is delivered everything anew.
    second = await NatsBus.open(server.settings(), name="test")
    late = plan_event()
    await second.subscribe(PLANS, ear, store=tmp_path / "seen.db")
    await second.publish(late)
    await until(lambda: late.id in ear.heard)
    assert ear.heard == [*(event.id for event in events), late.id]
    await second.close()


async def test_a_message_that_cannot_be_read_is_put_aside_and_holds_up_nobody(
    server: NatsServer, tmp_path: Path
) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    ear = Ear()
    for garbage in (b"", b"{}", b"\xff\xfe", b'{"type": "Nonsense"}', b"[" * 10_000):
        await bus.connection.jetstream.publish("execution.planned.x", garbage)
    event = plan_event()
    await bus.publish(event)
    await bus.subscribe(PLANS, ear, store=tmp_path / "seen.db")
    await until(lambda: ear.heard == [event.id])
    await bus.close()


async def test_consumers_of_one_name_with_another_purpose_are_refused(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    await bus.subscribe(PLANS, Ear(), store=tmp_path / "1.db")
    other = ConsumerSpec(PLANS.stream, PLANS.durable, PLANS.subject, "for another test")
    with pytest.raises(Misconfigured) as refused:
        await bus.subscribe(other, Ear(), store=tmp_path / "2.db")
    assert refused.value.code == "consumer_mismatch"
    assert "description" in refused.value.message
    await bus.close()


async def test_without_a_server_it_says_where_it_looked(server: NatsServer) -> None:
    server.kill()
    with pytest.raises(Unavailable) as refused:
        await NatsConnection.open(server.settings(connect_timeout_ms=300), name="test")
    assert refused.value.code == "nats_unreachable"
    assert str(server.port) in refused.value.message


class Relaying:
    """A journal and its relay on a server."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal.open(folder / "journal.db")
        self.stream = EmbeddedEventStream(self.journal, SystemClock())
        self.feed = EventFeed(self.journal.head()[0])
        self.stream.tap(self.feed.on_recorded)
        self.position = RelayPosition(folder / "relay.db", "bus")

    def run(self, connection: NatsConnection) -> "asyncio.Task[None]":
        relay = JournalRelay(
            self.journal,
            self.feed,
            self.position,
            NatsPublisher(connection),
            SystemClock(),
            types=["ExecutionPlanEvent"],
        )
        return asyncio.create_task(relay.run())

    async def close(self, *tasks: "asyncio.Task[None]") -> None:
        await end_tasks(*tasks)
        await self.stream.close()
        self.journal.close()
        self.position.close()


async def ids_in_stream(connection: NatsConnection, stream: str) -> list[UUID]:
    count = (await connection.jetstream.stream_info(stream)).state.messages
    messages = [await connection.jetstream.get_msg(stream, seq=number) for number in range(1, count + 1)]
    return [Envelope.from_json(message.data or b"").id for message in messages]


async def test_the_relay_carries_a_journal_in_order_through_kills_of_the_server(
    server: NatsServer, tmp_path: Path
) -> None:
    desk = Relaying(tmp_path)
    bus = await NatsBus.open(server.settings(), name="test")
    relaying = desk.run(bus.connection)
    events = [plan_event() for _ in range(120)]
    for number, event in enumerate(events):
        await desk.stream.publish(event)
        if number in {30, 70}:
            server.kill()
        if number in {50, 90}:
            await server.start()
    await until(lambda: desk.position.seq == 120)
    assert await ids_in_stream(bus.connection, "PLANNED") == [event.id for event in events]
    await desk.close(relaying)
    await bus.close()


async def test_the_relay_goes_on_where_the_bus_last_acknowledged(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    first = Relaying(tmp_path)
    relaying = first.run(bus.connection)
    await first.stream.publish(plan_event())
    await until(lambda: first.position.seq == 1)
    await first.close(relaying)
    await bus.connection.jetstream.purge_stream("PLANNED")
    second = Relaying(tmp_path)
    relaying = second.run(bus.connection)
    other = plan_event()
    await second.stream.publish(other)
    await until(lambda: second.position.seq == 2)
    info = await bus.connection.jetstream.stream_info("PLANNED")
    assert info.state.messages == 1
    await second.close(relaying)
    await bus.close()


async def test_events_that_are_not_the_relays_own_stay_where_they_are(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    desk = Relaying(tmp_path)
    relaying = desk.run(bus.connection)
    plan = builders.execution_plan()
    await desk.stream.publish(builders.plan_envelope(builders.execution_result(plan)), builders.plan_envelope(plan))
    await until(lambda: desk.position.seq == 2)
    assert (await bus.connection.jetstream.stream_info("EXECUTED")).state.messages == 0
    assert (await bus.connection.jetstream.stream_info("PLANNED")).state.messages == 1
    await desk.close(relaying)
    await bus.close()


async def test_a_consumer_hears_everything_through_a_kill_of_the_server(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    desk = Relaying(tmp_path)
    relaying = desk.run(bus.connection)
    ear = Ear()
    await bus.subscribe(PLANS, ear, store=tmp_path / "seen.db")
    events = [plan_event() for _ in range(60)]
    await desk.stream.publish(*events[:30])
    await until(lambda: len(ear.heard) >= 10)
    server.kill()
    await desk.stream.publish(*events[30:])
    await server.start()
    await until(lambda: len(ear.heard) >= 60)
    assert sorted(ear.heard) == sorted(event.id for event in events)
    await desk.close(relaying)
    await bus.close()


def halts() -> ConsumerSpec:
    return ConsumerSpec("SYSTEM", "executor-1-system", "system.>", "orders for executor executor-1", from_now=True)


@asynccontextmanager
async def listening(server: NatsServer, spec: ConsumerSpec, heard: list[bytes]) -> AsyncIterator[NatsConnection]:
    """A process of its own: it connects for the first time."""

    async def hear(_: str, data: bytes) -> None:
        heard.append(bytes(data))

    bus = await NatsBus.open(server.settings(), name="listener")
    consumer = NatsConsumer(bus.connection, spec, hear, SystemClock())
    await consumer.prepare()
    running = asyncio.create_task(consumer.run())
    try:
        yield bus.connection
    finally:
        await end_tasks(running)
        await bus.close()


async def test_a_process_that_starts_hears_again_what_was_acknowledged_last(server: NatsServer) -> None:
    heard: list[bytes] = []
    async with listening(server, halts(), heard) as connection:
        await connection.jetstream.publish("system.killswitch", b"one")
        await until(lambda: heard == [b"one"])
    # As after a loss of power of both: the number of what was acknowledged belongs to another message.
    async with listening(server, halts(), heard) as connection:
        await connection.jetstream.publish("system.killswitch", b"two")
        await until(lambda: heard == [b"one", b"one", b"two"])


async def test_who_hears_from_now_on_hears_nothing_older_however_often_it_starts(server: NatsServer) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    await bus.connection.jetstream.publish("system.killswitch", b"old")
    heard: list[bytes] = []
    for news in (b"one", b"two", b"three"):
        async with listening(server, halts(), heard) as connection:
            await connection.jetstream.publish("system.killswitch", news)
            await until(partial(heard.__contains__, news))
    assert set(heard) == {b"one", b"two", b"three"}
    await bus.close()


async def test_what_took_the_numbers_of_lost_messages_is_heard_after_a_start(server: NatsServer) -> None:
    heard: list[bytes] = []
    async with listening(server, halts(), heard) as connection:
        for number in range(20):
            await connection.jetstream.publish("system.killswitch", f"{number}".encode())
        await until(lambda: len(heard) == 20)
        jetstream = connection.jetstream
        # The server forgets the last messages, and its consumer does not.
        await jetstream.delete_stream("SYSTEM")
        await ensure_streams(connection)
        config = ConsumerConfig(
            durable_name="executor-1-system",
            description="orders for executor executor-1",
            filter_subject="system.>",
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=21,
        )
        await jetstream.add_consumer("SYSTEM", config)
        await jetstream.publish("system.killswitch", b"halt")
    async with listening(server, halts(), heard):
        await until(lambda: heard[-1] == b"halt")


async def test_a_relay_that_starts_sends_again_what_was_acknowledged_last(server: NatsServer, tmp_path: Path) -> None:
    bus = await NatsBus.open(server.settings(), name="test")
    desk = Relaying(tmp_path)
    relaying = desk.run(bus.connection)
    event = plan_event()
    await desk.stream.publish(event)
    await until(lambda: desk.position.seq == 1)
    await desk.close(relaying)
    # The server loses what it acknowledged.
    await bus.connection.jetstream.delete_stream("PLANNED")
    await ensure_streams(bus.connection)
    again = Relaying(tmp_path)
    relaying = again.run(bus.connection)
    async with asyncio.timeout(PATIENCE_S):
        while await ids_in_stream(bus.connection, "PLANNED") != [event.id]:
            await asyncio.sleep(0.01)
    await again.close(relaying)
    await bus.close()
