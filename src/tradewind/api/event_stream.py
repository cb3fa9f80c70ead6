"""Server-sent events, read from the journal: whoever is slow is behind, and nothing is kept for them in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tradewind.api.ports import Feed
from tradewind.observability.clock import Clock
from tradewind.state.archive import EventsRead
from tradewind.streaming.journal_rows import StoredRow

MEDIA_TYPE = "text/event-stream"
# What clients wait before they connect again, unless they know better.
_RECONNECT_MS = 1_000

ReadBehind = Callable[[int], Awaitable[EventsRead]]
StillAllowed = Callable[[], bool]


class EventStreamResponse(Response):
    """Sends `blocks` as they come, each once the kernel has room for it. Ends with them, or when the client leaves."""

    media_type = MEDIA_TYPE

    def __init__(self, blocks: AsyncIterator[str]) -> None:
        super().__init__()
        self._blocks = blocks
        # It has no length, and proxies must not wait for one.
        del self.headers["content-length"]
        self.headers["X-Accel-Buffering"] = "no"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        sending = asyncio.create_task(self._send(send, head_only="head_only" in scope["state"]))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _send(self, send: Send, *, head_only: bool) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if head_only:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        async for block in self._blocks:
            await send({"type": "http.response.body", "body": block.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def blocks_behind(
    seq: int, *, read: ReadBehind, feed: Feed, allowed: StillAllowed, clock: Clock, silence_s: float
) -> AsyncIterator[str]:
    """Every event behind `seq` as text, those that are there first, until the feed is closed or it is not allowed.

    After `silence_s` without one, a comment; it carries the place that was reached, so that a client that comes back
    need not have everything in between looked through again.
    """
    # With its place at once: a connection that is lost before the first event is resumed from here.
    yield f"retry: {_RECONNECT_MS}\nid: {seq}\n\n"
    while not feed.closed:
        if not allowed():
            yield ": the token is no longer good\n\n"
            return
        found = await read(seq)
        seq = found.up_to_seq
        if found.rows:
            yield "".join(map(_block, found.rows))
        if not found.more and not await _news(feed, seq, clock, silence_s):
            yield f": still here\nid: {seq}\n\n"
    yield ": the service stops\n\n"


def _block(row: StoredRow) -> str:
    # The text is one line: JSON writes line breaks inside strings as \n.
    return f"id: {row.seq}\nevent: {row.type}\ndata: {row.text}\n\n"


async def _news(feed: Feed, seq: int, clock: Clock, silence_s: float) -> bool:
    """Wait for something behind `seq`, or the end of the feed; False after `silence_s` without."""
    news = asyncio.create_task(feed.news_after(seq))
    silence = asyncio.create_task(clock.sleep(silence_s))
    try:
        await asyncio.wait({news, silence}, return_when=asyncio.FIRST_COMPLETED)
        return news.done()
    finally:
        news.cancel()
        silence.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
