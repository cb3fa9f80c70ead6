"""The bus on NATS JetStream, for those who only want to say something or to hear it: publish and subscribe.

NATS is transport, not the record: what must not be lost is in a journal first, and relayed (relay.py). Each consumer
remembers in a file of its own what it has handled, because a message may come more than once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from tradewind.domain.events import Envelope
from tradewind.domain.model import invalid_input
from tradewind.errors import InvalidInput
from tradewind.observability.clock import Clock, SystemClock
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_consumer import ConsumerSpec, NatsConsumer
from tradewind.streaming.nats_publisher import NatsPublisher
from tradewind.streaming.nats_settings import NatsSettings
from tradewind.streaming.nats_streams import ensure_streams
from tradewind.streaming.seen_events import SeenEvents

EventHandler = Callable[[Envelope], Awaitable[None]]


class NatsBus:
    """Open one with `open`, and `close` it."""

    def __init__(self, connection: NatsConnection, clock: Clock) -> None:
        self.connection = connection
        self._clock = clock
        self._publisher = NatsPublisher(connection)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stores: list[SeenEvents] = []

    @classmethod
    async def open(cls, settings: NatsSettings, *, name: str, clock: Clock | None = None) -> Self:
        """Connect, and make or check the streams; see `NatsConnection.open` and `ensure_streams` for the errors."""
        connection = await NatsConnection.open(settings, name=name)
        try:
            await ensure_streams(connection)
        except BaseException:
            await connection.close()
            raise
        return cls(connection, clock or SystemClock())

    async def publish(self, envelope: Envelope) -> None:
        """Returns once the stream has acknowledged it. Raises Unavailable `bus_unavailable`."""
        await self._publisher.publish(envelope)

    async def subscribe(self, spec: ConsumerSpec, handler: EventHandler, *, store: Path) -> None:
        """Hand every event to `handler`, once as long as `store` is kept: after a crash inside it, once more.

        Raises Misconfigured `consumer_mismatch`.
        """
        seen = SeenEvents(store)
        self._stores.append(seen)

        async def once(subject: str, data: bytes) -> None:
            envelope = read_envelope(data, subject=subject)
            if envelope.id not in seen:
                await handler(envelope)
                seen.add(envelope.id)

        consumer = NatsConsumer(self.connection, spec, once, self._clock)
        await consumer.prepare()
        task = asyncio.create_task(consumer.run(), name=spec.durable)
        self._tasks.add(task)

    async def close(self) -> None:
        """Stop consuming, and let go of the server."""
        await end_tasks(*self._tasks)
        for seen in self._stores:
            seen.close()
        await self.connection.close()


def read_envelope(data: bytes, *, subject: str) -> Envelope:
    """Raises InvalidInput, which names the field."""
    try:
        return Envelope.from_json(data)
    except ValidationError as error:
        raise invalid_input(error, what=f"the event on {subject}") from None
    except KeyError as error:
        raise InvalidInput.one(
            "type", "event_unknown", f"{error.args[0]} is no event known here.", what=subject
        ) from None
