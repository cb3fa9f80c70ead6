"""The relay: puts a journal's events on the bus, in order and at least once, however often the bus goes away.

The journal is the queue, so nothing waits in memory; an event is behind us only when the bus has acknowledged it. A
server that is killed may lose what it acknowledged a moment before: after each new connection, the first one of a
process among them, the last rows are sent again, and recognised by their ids where they are known.
"""

import asyncio
from collections.abc import Collection
from typing import NoReturn

from tradewind.errors import TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.feed import EventFeed
from tradewind.streaming.journal import Journal
from tradewind.streaming.nats_publisher import BusPublisher
from tradewind.streaming.recorded import Recorded
from tradewind.streaming.relay_position import RelayPosition
from tradewind.streaming.topology import bus_subject

PAGE = 64
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
SENT_AGAIN_ROWS = 256
_LOOK_EVERY_S = 0.5


class JournalRelay:
    """`types` are those that this process makes itself: what came from the bus is not sent back to it."""

    def __init__(
        self,
        journal: Journal,
        feed: EventFeed,
        position: RelayPosition,
        publisher: BusPublisher,
        clock: Clock,
        *,
        types: Collection[str] | None = None,
    ) -> None:
        self._journal = journal
        self._feed = feed
        self._position = position
        self._publisher = publisher
        self._clock = clock
        self._types = None if types is None else list(types)
        self._times_connected = 0

    async def run(self) -> NoReturn:
        """Relay until cancelled."""
        while True:
            done = await self.catch_up()
            news = asyncio.ensure_future(self._feed.news_after(done))
            try:
                while not news.done() and self._times_connected == self._publisher.times_connected:
                    await asyncio.wait({news}, timeout=_LOOK_EVERY_S)
            finally:
                news.cancel()

    async def catch_up(self) -> int:
        """Relay what is on disk now; the answer is the row up to which that was done."""
        while True:
            self._step_back()
            head, _ = self._journal.head()
            page = self._journal.read(after_seq=self._position.seq, limit=PAGE, types=self._types)
            for row in page:
                await self._acknowledged(row)
            # A page that is not full reaches the end: whatever is not in it is not for the bus.
            done = page[-1].seq if len(page) == PAGE else max(head, self._position.seq)
            self._position.acknowledged(done)
            if len(page) < PAGE:
                return done

    def _step_back(self) -> None:
        if self._times_connected != self._publisher.times_connected:
            self._times_connected = self._publisher.times_connected
            self._position.acknowledged(max(0, self._position.seq - SENT_AGAIN_ROWS))

    async def _acknowledged(self, row: Recorded) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._publisher.publish(row.envelope)
            except TradewindError as error:
                observe.relay_waits(
                    subject=bus_subject(row.envelope), code=error.code, message=str(error), retry_in_s=pause_s
                )
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                return
