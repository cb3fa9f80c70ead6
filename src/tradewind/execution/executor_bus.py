"""Joins an executor's journal to the bus: plans and orders come in, results go out, whenever the bus is there."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tradewind.errors import TradewindError, Unavailable
from tradewind.execution.executor_intake import ExecutorIntake
from tradewind.execution.executor_service import ExecutorService
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.consumer_beginning import ConsumerBeginning
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_consumer import ConsumerSpec, NatsConsumer
from tradewind.streaming.nats_publisher import NatsPublisher
from tradewind.streaming.nats_settings import NatsSettings
from tradewind.streaming.nats_streams import ensure_streams
from tradewind.streaming.relay import JournalRelay
from tradewind.streaming.relay_position import RelayPosition
from tradewind.streaming.topology import PLANNED, SYSTEM

RELAYED = ("ExecutionResultEvent", "ExecutorStopped")
_LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class BusPlace:
    """Who it is on the bus. Executors of one `group` share the plans, so they must share the gate `gate_id`."""

    name: str
    group: str
    gate_id: str
    position_file: Path


class ExecutorBus:
    """`run` it until it is cancelled, then `close` it. The service must have been started."""

    def __init__(
        self,
        settings: NatsSettings,
        place: BusPlace,
        *,
        service: ExecutorService,
        stream: EventStream,
        journal: Journal,
        clock: Clock,
        run_id: UUID,
    ) -> None:
        self._settings = settings
        self._place = place
        self._service = service
        self._journal = journal
        self._clock = clock
        self._intake = ExecutorIntake(stream, clock, run_id, is_stopping=lambda: service.is_stopping)
        self._feed = EventFeed(journal.head()[0])
        stream.tap(self._feed.on_recorded)
        self._position = RelayPosition(place.position_file, "bus")
        self._beginning = ConsumerBeginning(place.position_file, f"{place.name}-system")
        self._connection: NatsConnection | None = None
        self._relay: JournalRelay | None = None
        self.is_joined = asyncio.Event()

    async def run(self) -> None:
        """Waits for a bus that is away. Raises Misconfigured when its streams are others, or another gate's."""
        connection, plans, orders = await self._connected()
        self.is_joined.set()
        # A task group would cancel each of them only once.
        tasks = [asyncio.create_task(work) for work in (plans.run(), orders.run(), self._relaying(connection).run())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end_tasks(*tasks)

    async def close(self, *, within_s: float = 5.0) -> None:
        """Give the bus what is still for it, as long as it takes it, and let go."""
        if self._connection is not None:
            last = asyncio.create_task(self._last_words(self._connection))
            await asyncio.wait({last}, timeout=within_s)
            await end_tasks(last)
            await self._connection.close()
        self._position.close()
        self._beginning.close()

    async def _last_words(self, connection: NatsConnection) -> None:
        await self._relaying(connection).catch_up()

    def _relaying(self, connection: NatsConnection) -> JournalRelay:
        """One for the life of the bus: a new one would send again what this one has sent."""
        if self._relay is None:
            publisher = NatsPublisher(connection)
            self._relay = JournalRelay(self._journal, self._feed, self._position, publisher, self._clock, types=RELAYED)
        return self._relay

    def _consumers(self, connection: NatsConnection) -> tuple[NatsConsumer, NatsConsumer]:
        place = self._place
        plans = ConsumerSpec(PLANNED.name, place.group, "execution.planned.*", f"plans for gate {place.gate_id}")
        orders = ConsumerSpec(
            SYSTEM.name, f"{place.name}-system", "system.>", f"orders for executor {place.name}", from_now=True
        )
        room = self._service.room
        return (
            NatsConsumer(connection, plans, self._intake.on_plan, self._clock, room=room),
            NatsConsumer(connection, orders, self._intake.on_system, self._clock, beginning=self._beginning),
        )

    async def _connected(self) -> tuple[NatsConnection, NatsConsumer, NatsConsumer]:
        """The connection with everything on it in place; what is away is waited for, what is wrong is raised."""
        pause_s = 0.1
        while True:
            try:
                connection = self._connection or await NatsConnection.open(self._settings, name=self._place.name)
                self._connection = connection
                await ensure_streams(connection)
                plans, orders = self._consumers(connection)
                await plans.prepare()
                await orders.prepare()
            except Unavailable as error:
                pause_s = await self._wait(error, pause_s)
            else:
                return connection, plans, orders

    async def _wait(self, error: TradewindError, pause_s: float) -> float:
        observe.consumer_waits(consumer=self._place.name, code=error.code, message=str(error), retry_in_s=pause_s)
        await self._clock.sleep(pause_s)
        return min(pause_s * 2, _LONGEST_PAUSE_S)
