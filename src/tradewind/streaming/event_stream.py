"""The event stream as the rest of the program sees it, whatever carries it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tradewind.domain.events import Envelope
from tradewind.streaming.recorded import Recorded

Handler = Callable[[Recorded], Awaitable[None]]
Tap = Callable[[Recorded], None]


class Subscription(Protocol):
    """A consumer's place in the stream."""

    @property
    def name(self) -> str:
        """The consumer's name, for operators."""
        ...

    @property
    def position(self) -> int:
        """Every event of this subscription up to this place has been handled."""
        ...

    async def close(self) -> None:
        """Cancel the handlers that are running and hand over nothing more."""
        ...


class EventStream(Protocol):
    """Publish and subscribe. Delivery is at least once: a handler may see an event again after a crash."""

    async def publish(self, *events: Envelope) -> list[Recorded]:
        """Record `events`, all or none; returns once they are durable and every tap has seen them."""
        ...

    def tap(self, callback: Tap) -> None:
        """Call `callback` with each event recorded from now on: in order, once, before its publish returns."""
        ...

    def subscribe(
        self, pattern: str, handler: Handler, *, name: str, after_seq: int, concurrency: int = 64
    ) -> Subscription:
        """Hand every event behind `after_seq` whose subject matches `pattern` to `handler`.

        Events of one correlation id are handed over in order, each after the one before has been handled; up to
        `concurrency` different ones at the same time. A handler that raises is called again, with growing pauses.
        Raises InvalidInput `pattern_malformed`.
        """
        ...

    async def close(self) -> None:
        """Close every subscription."""
        ...
