"""A bounded queue of what one subscriber still has to be told; one that falls behind is cut off, and told why."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from tradewind.localnet.errors import LocalnetError

Item = TypeVar("Item")


class Outbox(Generic[Item]):
    """`async for item in outbox`. When more than `capacity` wait, it ends with LocalnetError `subscriber_lagged`."""

    def __init__(self, capacity: int) -> None:
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue(capacity + 1)
        self._capacity = capacity
        self._failure: LocalnetError | None = None
        self.closed = False

    def offer(self, item: Item) -> None:
        """Queue an item; without room for it, the subscriber is cut off."""
        if self.closed:
            return
        if self._queue.qsize() >= self._capacity:
            lagged = f"The subscriber fell behind by {self._capacity} messages and was dropped."
            self.fail(LocalnetError("subscriber_lagged", lagged, remedy="Read faster, or ask for less."))
            return
        self._queue.put_nowait(item)

    def fail(self, failure: LocalnetError) -> None:
        """End it at once with this error; what was queued is not told any more."""
        if not self.closed:
            self._failure = failure
            while not self._queue.empty():
                self._queue.get_nowait()
            self.close()

    def close(self) -> None:
        """End it after what is queued."""
        if not self.closed:
            self.closed = True
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while (item := await self._queue.get()) is not None:
            yield item
        if self._failure is not None:
            raise self._failure


class Audience(Generic[Item]):
    """All subscribers of one kind of message, at most `most` of them."""

    def __init__(self, most: int, capacity: int) -> None:
        self._most = most
        self._capacity = capacity
        self._open: list[Outbox[Item]] = []

    def join(self) -> Outbox[Item]:
        """A new subscriber's outbox; LocalnetError `too_many_subscribers` when the house is full."""
        self._open = [outbox for outbox in self._open if not outbox.closed]
        if len(self._open) >= self._most:
            full = f"There are already {self._most} subscribers."
            raise LocalnetError("too_many_subscribers", full, remedy="Close one, or allow more in the options.")
        outbox: Outbox[Item] = Outbox(self._capacity)
        self._open.append(outbox)
        return outbox

    def tell(self, item: Item) -> None:
        """Give it to everybody."""
        for outbox in self._open:
            outbox.offer(item)

    def fail(self, failure: LocalnetError) -> None:
        """End every subscription at once with this error."""
        for outbox in self._open:
            outbox.fail(failure)
        self._open.clear()

    def close(self) -> None:
        """End every subscription."""
        for outbox in self._open:
            outbox.close()
        self._open.clear()
