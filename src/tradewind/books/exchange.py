"""The contract of an exchange's public format: what to open, what to say, what its messages mean. No I/O."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tradewind import core
from tradewind.books.market import Market
from tradewind.books.message import BookDelta, BookSnapshot

Message = BookSnapshot | BookDelta | None


class Exchange(ABC):
    """One exchange's format for one market. Whatever it cannot read raises Malformed."""

    market: Market
    # Whether events carry update ids; see `core.OrderBook`.
    numbered: bool
    # The levels of a side that the exchange keeps up to date; None for all.
    depth: int | None
    # Nothing heard for so long, not even a ping: the connection is dead.
    silence_s: float

    @property
    @abstractmethod
    def url(self) -> str:
        """The websocket to open."""

    @abstractmethod
    def subscribe(self) -> Sequence[str]:
        """What to send first."""

    @abstractmethod
    def resubscribe(self) -> Sequence[str]:
        """What to send for a fresh snapshot on the same connection; nothing where `snapshot_url` gives it."""

    @property
    @abstractmethod
    def snapshot_url(self) -> str | None:
        """Where a snapshot is fetched, once the first event has come; None when the websocket sends it."""

    @abstractmethod
    def read(self, text: str) -> Message:
        """One message of the websocket; None for one that says nothing about the book.

        Unavailable when the exchange refuses the subscription.
        """

    @abstractmethod
    def read_snapshot(self, content: bytes) -> BookSnapshot:
        """The answer of `snapshot_url`."""

    @abstractmethod
    def checksum(self, book: core.OrderBook) -> int | None:
        """What a message's checksum has to be when the book is right; None where there are none."""
