"""The contract of a book feed: one venue's book, kept up to date until somebody stops it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tradewind import core


@dataclass(slots=True)
class FeedStatus:
    """What a feed has been through; every number only grows."""

    connections: int = 0
    # Messages of any kind, pings too.
    heard: int = 0
    snapshots: int = 0
    # Messages that were not what the exchange documents.
    malformed: int = 0
    gaps: int = 0
    checksum_failures: int = 0
    # Messages came faster than they could be taken.
    overruns: int = 0
    # The newest reason for which something was begun anew: a stable code, and what happened in words.
    fault: tuple[str, str] | None = None


class BookFeed(ABC):
    """Feeds one book. While the book is out of sync it refuses to answer; the feed mends that by itself."""

    book: core.OrderBook
    status: FeedStatus

    @abstractmethod
    async def run(self) -> None:
        """Keep the book up to date until cancelled; no fault of the exchange or the network ends it."""

    @abstractmethod
    async def changed(self) -> None:
        """Return when the book has changed after the call; changes in between are one."""

    async def in_sync(self) -> None:
        """Return when the book answers."""
        while not self.book.in_sync:
            await self.changed()
