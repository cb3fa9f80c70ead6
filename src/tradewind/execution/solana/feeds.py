"""What nodes tell by themselves: slots and tips, and how the feeds of them do."""

from collections.abc import Awaitable, Coroutine, Sequence
from typing import NoReturn, Protocol

from tradewind import core
from tradewind.observability import events as observe


class Feed(Protocol):
    """What every feed of the core offers."""

    def next_standing(self) -> Awaitable[core.FeedStanding]: ...

    def close(self) -> None: ...


class SolanaFeeds:
    """The feeds that are configured; `close` ends them."""

    def __init__(self, *, websocket_urls: Sequence[str], tip_stream_url: str | None = None) -> None:
        self.slots = core.SlotFeed(list(websocket_urls)) if websocket_urls else None
        self.tips = core.TipStream(tip_stream_url) if tip_stream_url is not None else None

    def loops(self) -> tuple[Coroutine[None, None, None], ...]:
        """What says each change of each feed, for as long as they are open."""
        named: dict[str, Feed | None] = {"slots": self.slots, "tips": self.tips}
        return tuple(_say(name, feed) for name, feed in named.items() if feed is not None)

    def close(self) -> None:
        """Let go of the connections."""
        for feed in (self.slots, self.tips):
            if feed is not None:
                feed.close()


async def _say(name: str, feed: Feed) -> NoReturn:
    while True:
        say_standing(name, await feed.next_standing())


def say_standing(name: str, standing: core.FeedStanding) -> None:
    """Have it in the log."""
    observe.feed_changed(feed=name, state=standing.state, endpoint=standing.endpoint, detail=standing.detail)
