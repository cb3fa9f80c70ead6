"""Wakes whoever reads the journal to its end and wants to go on: nothing is handed over here, so nothing piles up."""

import asyncio

from tradewind.streaming.recorded import Recorded


class EventFeed:
    """Give `on_recorded` to the event stream as a tap. `head` is the last row that is known to be on disk."""

    def __init__(self, head: int) -> None:
        self.head = head
        self.closed = False
        self._changed = asyncio.Event()

    def on_recorded(self, recorded: Recorded) -> None:
        """There is a new row."""
        self.head = recorded.seq
        self._wake()

    def close(self) -> None:
        """Have everybody who reads stop: the service does. Idempotent."""
        self.closed = True
        self._wake()

    async def news_after(self, seq: int) -> None:
        """Return once there is a row behind `seq`, or the feed is closed."""
        while self.head <= seq and not self.closed:
            await self._changed.wait()

    def _wake(self) -> None:
        # Those who wait hold the old one: however late they run, it stays set.
        self._changed.set()
        self._changed = asyncio.Event()
