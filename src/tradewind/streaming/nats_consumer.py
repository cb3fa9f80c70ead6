"""A durable consumer of one stream: acknowledges a message after its handler has returned, and never before.

A server that was killed may come back without the last messages of a stream while its consumers still count them as
delivered; what is published then takes their numbers, and would never come. So after each new connection, the first one
of a process among them, the consumer is set back by a window, but not to before its own beginning. What comes again is
known to the handlers. A consumer cannot be changed on the server: it is deleted, and made anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, Self

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from tradewind.errors import InvalidInput, Misconfigured, Unavailable
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.consumer_beginning import ConsumerBeginning
from tradewind.streaming.nats_connection import NatsConnection

MOST_AT_ONCE = 8
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
# Far more than are published between two times that a server writes its streams to disk.
SET_BACK_MESSAGES = 1_024
_FETCH_S = 1.0


class Delivered(bytes):
    """A message's bytes. `place` is the same however often one message is delivered, and never that of another; `times`
    counts the deliveries since this consumer was made."""

    place: str
    times: int

    def __new__(cls, data: bytes, *, place: str, times: int = 1) -> Self:
        """Of a message at `place`."""
        made = super().__new__(cls, data)
        made.place, made.times = place, times
        return made


# The bytes are `Delivered`, for those who ask which message it is.
MessageHandler = Callable[[str, bytes], Awaitable[None]]
# How many messages may come now; it waits as long as that is none.
Room = Callable[[], Awaitable[int]]


async def _always_room() -> int:
    return MOST_AT_ONCE


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """Consumers of one `durable` name share the messages of `subject`. `purpose` is kept with it on the server, and
    must be the same for all that share. One that hears `from_now` is of one process alone."""

    stream: str
    durable: str
    subject: str
    purpose: str
    from_now: bool = False


class NatsConsumer:
    """Hands each message to `handler` at least once. A handler that raises has it again, later; one that raises
    InvalidInput never again: the message stays in the stream for whoever looks."""

    def __init__(
        self,
        connection: NatsConnection,
        spec: ConsumerSpec,
        handler: MessageHandler,
        clock: Clock,
        *,
        room: Room = _always_room,
        beginning: ConsumerBeginning | None = None,
    ) -> None:
        self._connection = connection
        self._spec = spec
        self._handler = handler
        self._clock = clock
        self._room = room
        self._begun = beginning
        self._pause_s = FIRST_PAUSE_S
        # The server may have lost something while this process was not there to see its connection break.
        self._connection_seen = 0

    async def prepare(self) -> None:
        """Make the consumer, or check the one that is there.

        Raises Misconfigured `consumer_mismatch`, which names the setting, and Unavailable `nats_silent`.
        """
        try:
            await self._prepare()
        except (nats.errors.Error, APIError, TimeoutError, OSError) as error:
            raise Unavailable(
                "nats_silent",
                f"NATS does not give the consumer {self._spec.durable} ({type(error).__name__}: {error}).",
            ) from None

    async def _prepare(self) -> None:
        spec, jetstream = self._spec, self._connection.jetstream
        stream = self._connection.settings.stream_name(spec.stream)
        try:
            found = (await jetstream.consumer_info(stream, spec.durable)).config
        except NotFoundError:
            await jetstream.add_consumer(stream, self._config(await self._beginning(stream)))
            return
        wanted = {"filter_subject": spec.subject, "description": spec.purpose, "ack_policy": AckPolicy.EXPLICIT}
        for name, value in wanted.items():
            if getattr(found, name) != value:
                raise Misconfigured(
                    "consumer_mismatch",
                    f"Consumer {spec.durable} of {stream} exists with {name} '{getattr(found, name)}', not '{value}'.",
                    remedy="Give this one another name, or remove that one when nobody uses it: "
                    f"nats consumer rm {stream} {spec.durable}",
                )

    async def run(self) -> NoReturn:
        """Consume until cancelled; whatever the server does meanwhile, it goes on where it was."""
        while True:
            try:
                await self._prepare()
                if self._is_new_connection():
                    await self._set_back()
                await self._consume()
            except (nats.errors.Error, APIError, TimeoutError, OSError) as error:
                await self._wait("consumer_away", f"{type(error).__name__}: {error}")

    def _is_new_connection(self) -> bool:
        return self._connection.times_connected != self._connection_seen

    async def _set_back(self) -> None:
        """Have the last messages delivered once more; whoever shares the consumer finds the new one."""
        spec, jetstream = self._spec, self._connection.jetstream
        stream, seen = self._connection.settings.stream_name(spec.stream), self._connection.times_connected
        found = await jetstream.consumer_info(stream, spec.durable)
        last_seq = (await jetstream.stream_info(stream)).state.last_seq
        await jetstream.delete_consumer(stream, spec.durable)
        await jetstream.add_consumer(stream, self._config(_set_back_to(found, last_seq)))
        self._connection_seen = seen

    async def _beginning(self, stream: str) -> int:
        """The first message of a consumer that is not on the server. As a number it is known again later: one that
        hears from now on must never be set back to what is older, nor begin with what is newer than its first now."""
        if not self._spec.from_now:
            return 1
        last_seq = (await self._connection.jetstream.stream_info(stream)).state.last_seq
        if self._begun is None:
            return last_seq + 1
        if self._begun.seq is not None:
            return _back_from(last_seq, beginning=self._begun.seq, last_seq=last_seq)
        self._begun.begun(last_seq + 1)
        return last_seq + 1

    async def _consume(self) -> None:
        """Until the connection is another one."""
        spec = self._spec
        subscription = await self._connection.jetstream.pull_subscribe_bind(
            consumer=spec.durable, stream=self._connection.settings.stream_name(spec.stream)
        )
        try:
            while not self._is_new_connection():
                for message in await self._fetched(subscription, await self._room()):
                    await self._handle(message)
        finally:
            await _let_go(subscription)

    async def _fetched(self, subscription: JetStreamContext.PullSubscription, room: int) -> list[Msg]:
        try:
            messages = await subscription.fetch(batch=min(room, MOST_AT_ONCE), timeout=_FETCH_S)
        except nats.errors.TimeoutError:
            if not self._connection.is_connected:
                raise
            return []
        self._pause_s = FIRST_PAUSE_S
        return messages

    async def _handle(self, message: Msg) -> None:
        try:
            await self._handler(message.subject, _delivered(message))
        except InvalidInput as error:
            observe.message_refused(subject=message.subject, code=error.code, message=str(error))
            await message.term()
        except Exception as failure:  # noqa: BLE001 - a handler may raise anything; the message comes again
            observe.consumer_waits(
                consumer=self._spec.durable, code="handler_failed", message=repr(failure), retry_in_s=LONGEST_PAUSE_S
            )
            await message.nak(delay=LONGEST_PAUSE_S)
        else:
            await message.ack()

    async def _wait(self, code: str, message: str) -> None:
        observe.consumer_waits(consumer=self._spec.durable, code=code, message=message[:200], retry_in_s=self._pause_s)
        await self._clock.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _config(self, from_seq: int) -> ConsumerConfig:
        """Of a new consumer; `from_seq` is the message that it begins with."""
        spec, settings = self._spec, self._connection.settings
        return ConsumerConfig(
            durable_name=spec.durable,
            description=spec.purpose,
            filter_subject=spec.subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=settings.ack_wait_ms / 1_000,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=from_seq,
            max_ack_pending=256,
            max_deliver=-1,
        )


def _set_back_to(found: ConsumerInfo, last_seq: int) -> int:
    """The message that a consumer begins with when it is made anew: some before what was acknowledged last."""
    acknowledged = found.ack_floor.stream_seq if found.ack_floor else 0
    beginning = found.config.opt_start_seq or 1
    if found.config.deliver_policy == DeliverPolicy.NEW:
        # It was made without a number: all that is known is what it has acknowledged.
        beginning = acknowledged + 1
    return _back_from(min(acknowledged, last_seq), beginning=beginning, last_seq=last_seq)


def _back_from(floor: int, *, beginning: int, last_seq: int) -> int:
    """Not before the beginning, unless the stream has lost even that: what is published then has those numbers."""
    if last_seq + 1 < beginning:
        beginning = 1
    return max(beginning, floor - SET_BACK_MESSAGES)


def _delivered(message: Msg) -> Delivered:
    """Its place has the server's time: a stream that lost its last messages gives their numbers to others."""
    known = message.metadata
    place = f"{known.stream}/{known.sequence.stream}/{known.timestamp.isoformat()}"
    return Delivered(message.data, place=place, times=known.num_delivered or 1)


async def _let_go(subscription: JetStreamContext.PullSubscription) -> None:
    try:
        async with asyncio.timeout(1):
            await subscription.unsubscribe()
    except (nats.errors.Error, ValueError, TimeoutError, OSError):
        # The connection is gone, and with it the subscription.
        return
