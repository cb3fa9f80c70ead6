"""Publishes one event on the bus: acknowledged by the stream that it belongs to, recognised when it comes again."""

from typing import Protocol

import nats.errors
from nats.js.errors import APIError

from tradewind.domain.events import Envelope
from tradewind.errors import Unavailable
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.topology import bus_subject


class BusPublisher(Protocol):
    """Whoever can put an event on the bus."""

    @property
    def times_connected(self) -> int:
        """How often a server was reached."""
        ...

    async def publish(self, envelope: Envelope) -> None:
        """Returns once it is acknowledged. Raises Unavailable; the same event may then be published again."""
        ...


class NatsPublisher:
    """A `BusPublisher` on JetStream."""

    def __init__(self, connection: NatsConnection) -> None:
        self._connection = connection

    @property
    def times_connected(self) -> int:
        """How often a server was reached."""
        return self._connection.times_connected

    async def publish(self, envelope: Envelope) -> None:
        """Raises Unavailable `bus_unavailable`: nobody knows then whether it arrived."""
        settings = self._connection.settings
        subject = bus_subject(envelope)
        try:
            await self._connection.jetstream.publish(
                subject,
                envelope.to_json().encode(),
                timeout=settings.publish_timeout_ms / 1_000,
                stream=settings.stream_name(envelope.stream),
                headers={"Nats-Msg-Id": str(envelope.id)},
            )
        except (nats.errors.Error, APIError, TimeoutError, OSError) as error:
            raise Unavailable(
                "bus_unavailable", f"NATS did not acknowledge {subject} ({type(error).__name__}: {error})."
            ) from None
