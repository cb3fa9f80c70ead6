"""A book feed over an exchange's public websocket: connect, subscribe, synchronise, and begin anew after every fault.

For each connection one task receives, one applies, one synchronises and one listens for silence; the first that fails
ends the connection, and the next one is opened after a pause that grows as long as connections do not last.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

import aiohttp

from tradewind import core
from tradewind.books.exchange import Exchange
from tradewind.books.feed import BookFeed, FeedStatus
from tradewind.books.fetching import fetch
from tradewind.books.malformed import Malformed
from tradewind.books.pauses import Pauses
from tradewind.books.updating import Updating
from tradewind.errors import TooMany, Unavailable
from tradewind.observability import events
from tradewind.observability.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """Bounds of one feed: times in seconds, sizes in bytes."""

    # Messages that were received and not applied yet; more end the connection.
    queued_messages: int = 4096
    # Messages that one call into the core applies at most.
    batch_messages: int = 256
    message_bytes: int = 16 * 1024 * 1024
    # From a subscription to its snapshot.
    snapshot_s: float = 10.0
    first_pause_s: float = 0.5
    most_pause_s: float = 30.0
    # Nothing had to be begun anew for so long: the pauses begin with the first again.
    settled_s: float = 60.0
    # For a connection or a snapshot to be answered; counted by the machine, not by the clock.
    answer_s: float = 15.0


class ExchangeFeed(BookFeed):
    """Keeps the book of one exchange's market."""

    def __init__(self, exchange: Exchange, *, clock: Clock | None = None, limits: FeedLimits | None = None) -> None:
        self._exchange = exchange
        self._clock: Clock = clock or SystemClock()
        self._limits = limits or FeedLimits()
        self.book: core.OrderBook = exchange.market.open_book(numbered=exchange.numbered, depth=exchange.depth)
        self.status = FeedStatus()
        self._updating = Updating(exchange, self.book, self.status, self._clock)
        self._change = asyncio.Event()
        self._wanted = asyncio.Event()

    async def changed(self) -> None:
        """Return when the book has changed after the call; changes in between are one."""
        await self._change.wait()

    async def run(self) -> None:
        """Keep the book up to date until cancelled; no fault of the exchange or the network ends it."""
        limits = self._limits
        timeout = aiohttp.ClientTimeout(total=limits.answer_s)
        pauses = self._pauses()
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            while True:
                try:
                    await self._connection(session)
                except* Unavailable as group:
                    self._lost(group)
                await pauses.pause()

    def _lost(self, group: BaseExceptionGroup[Unavailable]) -> None:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, Unavailable):
            self._updating.lose(error.code, error.message)
        self._notify()

    async def _connection(self, session: aiohttp.ClientSession) -> None:
        timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
        try:
            # Pings are answered here, because they are a sign of life that the library keeps to itself otherwise.
            opening = session.ws_connect(
                self._exchange.url, autoping=False, max_msg_size=self._limits.message_bytes, timeout=timeout
            )
            websocket = await opening
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable("feed_unreachable", f"The exchange cannot be reached: {type(error).__name__}.") from None
        self.status.connections += 1
        self._wanted.clear()
        texts: asyncio.Queue[str] = asyncio.Queue(self._limits.queued_messages)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(websocket, texts))
                tasks.create_task(self._apply(texts))
                tasks.create_task(self._synchronise(session, websocket))
                tasks.create_task(self._listen_for_silence())
        finally:
            await websocket.close()

    async def _receive(self, websocket: aiohttp.ClientWebSocketResponse, texts: asyncio.Queue[str]) -> None:
        while True:
            message = await websocket.receive()
            self.status.heard += 1
            if message.type is aiohttp.WSMsgType.TEXT:
                try:
                    texts.put_nowait(message.data)
                except asyncio.QueueFull:
                    self.status.overruns += 1
                    raise Unavailable("feed_overrun", "Messages came faster than they could be taken.") from None
            elif message.type is aiohttp.WSMsgType.PING:
                await _sent(websocket.pong(message.data))
            elif message.type is not aiohttp.WSMsgType.PONG:
                what = f"{message.type.name} {message.data if isinstance(message.data, int) else ''}".strip()
                raise Unavailable("feed_closed", f"The connection ended ({what}).")

    async def _apply(self, texts: asyncio.Queue[str]) -> None:
        while True:
            batch = [await texts.get()]
            while len(batch) < self._limits.batch_messages and not texts.empty():
                batch.append(texts.get_nowait())
            if self._updating.take(batch):
                self._wanted.set()
            self._notify()

    async def _synchronise(self, session: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse) -> None:
        for text in self._exchange.subscribe():
            await _sent(websocket.send_str(text))
        if self._exchange.snapshot_url is None:
            await self._by_subscription(websocket)
        else:
            await self._by_fetching(session, self._exchange.snapshot_url)

    async def _by_subscription(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        pauses = self._pauses()
        while True:
            await self._in_sync_in_time()
            await self._wanted.wait()
            await pauses.pause()
            self._wanted.clear()
            for text in self._exchange.resubscribe():
                await _sent(websocket.send_str(text))

    async def _in_sync_in_time(self) -> None:
        waiting = asyncio.ensure_future(self.in_sync())
        late = asyncio.ensure_future(self._clock.sleep(self._limits.snapshot_s))
        try:
            await asyncio.wait({waiting, late}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise Unavailable("snapshot_missing", "The exchange sent no usable snapshot in time.")
        finally:
            waiting.cancel()
            late.cancel()

    async def _by_fetching(self, session: aiohttp.ClientSession, url: str) -> None:
        pauses = self._pauses()
        while True:
            await self._wanted.wait()
            await pauses.pause(first_is_free=True)
            self._wanted.clear()
            if not self.book.in_sync and not await self._fetched(session, url):
                self._wanted.set()
            self._notify()

    async def _fetched(self, session: aiohttp.ClientSession, url: str) -> bool:
        try:
            content = await fetch(session, url, most_bytes=self._limits.message_bytes)
            return not self._updating.replace(self._exchange.read_snapshot(content))
        except TooMany as error:
            self._note(error.code, error.message)
            await self._clock.sleep(error.retry_after_s)
        except Unavailable as error:
            self._note(error.code, error.message)
        except Malformed as error:
            self.status.malformed += 1
            self._note(error.code, error.message)
        return False

    async def _listen_for_silence(self) -> None:
        while True:
            heard = self.status.heard
            await self._clock.sleep(self._exchange.silence_s)
            if self.status.heard == heard:
                raise Unavailable("feed_silent", f"Nothing was heard for {self._exchange.silence_s:g} s.")

    def _note(self, code: str, message: str) -> None:
        self.status.fault = (code, message)
        events.book_lost(venue=self.book.venue, instrument=self.book.instrument, code=code, message=message)

    def _notify(self) -> None:
        change, self._change = self._change, asyncio.Event()
        change.set()

    def _pauses(self) -> Pauses:
        limits = self._limits
        return Pauses(self._clock, first_s=limits.first_pause_s, most_s=limits.most_pause_s, quiet_s=limits.settled_s)


async def _sent(sending: Coroutine[None, None, None]) -> None:
    try:
        await sending
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable("feed_closed", f"The connection ended ({type(error).__name__}).") from None
