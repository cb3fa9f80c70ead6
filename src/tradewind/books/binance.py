"""Binance spot: the diff depth stream, with its snapshot over REST.

By Binance's documentation ("Diff. Depth Stream", "How to manage a local order book correctly"): open the stream and
keep its events; fetch `/api/v3/depth`; drop events with `u <= lastUpdateId`; the first one that counts has
`U <= lastUpdateId + 1 <= u`; each next one begins with the update after the last. Otherwise start over. Quantities
are absolute, 0 removes a level. The server sends a ping frame every 20 seconds, and a `serverShutdown` event before it
goes.
"""

from collections.abc import Mapping, Sequence

from tradewind import core
from tradewind.books.exchange import Exchange, Message
from tradewind.books.malformed import Malformed, integer, items, parse, same
from tradewind.books.market import Market
from tradewind.books.message import BookDelta, BookSnapshot, Levels
from tradewind.errors import Unavailable

STREAM_URL = "wss://stream.binance.com:9443"
REST_URL = "https://api.binance.com"
# The most that the exchange gives; levels beyond are not seen until they change.
SNAPSHOT_LEVELS = 5000


class Binance(Exchange):
    """One symbol's diff depth stream, every 100 ms."""

    numbered = True
    depth = None
    silence_s = 60.0

    def __init__(self, market: Market, *, stream_url: str = STREAM_URL, rest_url: str = REST_URL) -> None:
        self.market = market
        self._stream_url = stream_url
        self._rest_url = rest_url
        self._price, self._size = market.price_step, market.size_step

    @property
    def url(self) -> str:
        """A raw stream: it is subscribed to by its path."""
        return f"{self._stream_url}/ws/{self.market.symbol.lower()}@depth@100ms"

    def subscribe(self) -> Sequence[str]:
        """Nothing: the path says it."""
        return ()

    def resubscribe(self) -> Sequence[str]:
        """Nothing: the snapshot is fetched."""
        return ()

    @property
    def snapshot_url(self) -> str:
        """The order book endpoint."""
        return f"{self._rest_url}/api/v3/depth?symbol={self.market.symbol.upper()}&limit={SNAPSHOT_LEVELS}"

    def read(self, text: str) -> Message:
        """A `depthUpdate`; answers to requests and notices say nothing about the book."""
        values = parse(text)
        if "e" not in values:
            _refuse_error(values)
            return None
        if values["e"] == "serverShutdown":
            raise Unavailable("server_shutdown", "The exchange's server is about to stop.")
        if values["e"] != "depthUpdate":
            return None
        same(values, "s", self.market.symbol.upper())
        first, last = integer(values, "U"), integer(values, "u")
        if last < first:
            raise Malformed("u", "sequence_malformed", f"{last} is before U, {first}")
        return BookDelta(self._levels(values, "b"), self._levels(values, "a"), first, last)

    def read_snapshot(self, content: bytes) -> BookSnapshot:
        """The answer of `/api/v3/depth`."""
        values = parse(content)
        sequence = integer(values, "lastUpdateId")
        return BookSnapshot(self._levels(values, "bids"), self._levels(values, "asks"), sequence)

    def checksum(self, book: core.OrderBook) -> int | None:
        """None: update ids alone find what is missing."""
        del book
        return None

    def _levels(self, values: Mapping[str, object], field: str) -> Levels:
        levels = Levels()
        for row, pair in enumerate(items(values, field)):
            # Older answers have a third, empty element.
            if not isinstance(pair, list) or len(pair) < 2:
                raise Malformed(f"{field}[{row}]", "level_malformed", "must be [price, quantity]")
            levels.prices.append(self._price.count(pair[0], f"{field}[{row}][0]"))
            levels.sizes.append(self._size.count(pair[1], f"{field}[{row}][1]"))
        return levels


def _refuse_error(values: Mapping[str, object]) -> None:
    error = values.get("error", values)
    if isinstance(error, dict) and "code" in error and "msg" in error:
        raise Unavailable("subscription_refused", f"The exchange refused: {str(error['msg'])[:200]!r}.")
