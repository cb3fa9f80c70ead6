"""A bounded queue of a node's events for one subscriber, and the list of those who listen."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.events import EntryEvent, NodeEvent


class Subscription:
    """`async for event in subscription`, or `await subscription.next()`; `close()` when done.

    A subscriber that falls behind by more than the queue's length is cut off: what it had queued can still be read,
    then `LocalnetError` `subscriber_lagged` is raised. Nothing is dropped silently.
    """

    def __init__(self, capacity: int) -> None:
        self._queue: asyncio.Queue[NodeEvent | None] = asyncio.Queue(capacity + 1)
        self._capacity = capacity
        self.lagged = False
        self.closed = False

    def offer(self, event: NodeEvent) -> None:
        """Queue an event; when there is no room, the subscription ends as lagged."""
        if self.closed:
            return
        if self._queue.qsize() >= self._capacity:
            self.lagged = True
            self.close()
            return
        self._queue.put_nowait(event)

    def close(self) -> None:
        """End it; queued events can still be read."""
        if not self.closed:
            self.closed = True
            self._queue.put_nowait(None)

    def pending(self) -> list[NodeEvent]:
        """What is queued now, without waiting."""
        events: list[NodeEvent] = []
        while not self._queue.empty():
            event = self._queue.get_nowait()
            if event is None:
                self._queue.put_nowait(None)
                break
            events.append(event)
        return events

    async def next(self) -> NodeEvent | None:
        """The next event; None after the end."""
        event = await self._queue.get()
        if event is not None:
            return event
        self._queue.put_nowait(None)
        if self.lagged:
            raise LocalnetError("subscriber_lagged", f"A subscriber fell behind by {self._capacity} events.")
        return None

    async def __aiter__(self) -> AsyncIterator[NodeEvent]:
        while (event := await self.next()) is not None:
            yield event


class Subscribers:
    """Everybody who listens to a node."""

    def __init__(self) -> None:
        self._open: list[Subscription] = []
        # What is told later; None while everything is told at once.
        self._held: list[NodeEvent] | None = None

    def add(self, capacity: int) -> Subscription:
        """A new subscription that holds at most `capacity` unread events."""
        subscription = Subscription(capacity)
        self._open.append(subscription)
        return subscription

    def tell(self, events: Iterable[NodeEvent]) -> None:
        """Give the events to each open subscription."""
        told = list(events)
        if self._held is not None:
            self._held += [event for event in told if not isinstance(event, EntryEvent)]
            told = [event for event in told if isinstance(event, EntryEvent)]
        for subscription in self._open:
            for event in told:
                subscription.offer(event)
        self._open = [subscription for subscription in self._open if not subscription.closed]

    def hold(self) -> None:
        """Tell entries alone from now on, and keep the rest for `release`."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Tell what was kept, in its order, and everything at once from now on."""
        held, self._held = self._held or [], None
        self.tell(held)

    def close(self) -> None:
        """End every subscription."""
        for subscription in self._open:
            subscription.close()
        self._open.clear()
