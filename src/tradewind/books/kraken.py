"""Kraken spot: the `book` channel of WebSocket v2, whose checksum stands in for sequence numbers.

By Kraken's documentation ("Book (Level 2)", "Book checksum (WebSocket v2)"): after the subscription comes a snapshot,
then updates; both carry the CRC-32 of the ten best levels of each side. All changes of a message are applied in their
order, a `qty` of 0 removes a level, then the book is cut to the subscribed depth, because the exchange does not remove
what falls out of it; then the checksum must match. Prices and quantities are JSON numbers at the pair's precision. A
heartbeat comes about every second when nothing else does.
"""

import json
from collections.abc import Mapping, Sequence

from tradewind import core
from tradewind.books.exchange import Exchange, Message
from tradewind.books.malformed import Malformed, integer, items, mapping, parse, same
from tradewind.books.market import Market
from tradewind.books.message import BookDelta, BookSnapshot, Levels
from tradewind.errors import Misconfigured, Unavailable

STREAM_URL = "wss://ws.kraken.com/v2"
DEPTHS = (10, 25, 100, 500, 1000)


class Kraken(Exchange):
    """One pair's book. The market's tick and lot are written with the pair's precision, which the checksum needs."""

    numbered = False
    silence_s = 10.0

    def __init__(self, market: Market, *, depth: int = 100, stream_url: str = STREAM_URL) -> None:
        if depth not in DEPTHS:
            raise Misconfigured("depth_unknown", f"depth: must be one of {DEPTHS}, not {depth}.")
        self.market = market
        self.depth = depth
        self._stream_url = stream_url
        self._price, self._size = market.price_step, market.size_step
        self._requests = 0

    @property
    def url(self) -> str:
        """The public websocket."""
        return self._stream_url

    def subscribe(self) -> Sequence[str]:
        """Ask for the book, its snapshot first."""
        return [self._request("subscribe", {"depth": self.depth, "snapshot": True})]

    def resubscribe(self) -> Sequence[str]:
        """A new subscription begins with a new snapshot."""
        return [self._request("unsubscribe", {"depth": self.depth}), *self.subscribe()]

    @property
    def snapshot_url(self) -> None:
        """The websocket sends it."""
        return None

    def read(self, text: str) -> Message:
        """A message of the `book` channel; heartbeats, statuses and acknowledgements say nothing about the book."""
        values = parse(text)
        if values.get("channel") != "book":
            _refuse_error(values)
            return None
        data = items(values, "data")
        if len(data) != 1:
            raise Malformed("data", "wrong_type", "must hold one book")
        book = mapping(data[0], "data[0]")
        same(book, "symbol", self.market.symbol)
        bids, asks = self._levels(book, "bids"), self._levels(book, "asks")
        checksum = integer(book, "checksum")
        if values.get("type") == "snapshot":
            return BookSnapshot(bids, asks, checksum=checksum)
        same(values, "type", "update")
        return BookDelta(bids, asks, checksum=checksum)

    def read_snapshot(self, content: bytes) -> BookSnapshot:
        """Never asked: there is no `snapshot_url`."""
        raise Malformed("(whole)", "not_expected", f"{len(content)} bytes were not asked for")

    def checksum(self, book: core.OrderBook) -> int:
        """The CRC-32 over the ten best levels of each side."""
        return book.kraken_checksum(price_step=self._price.units, size_step=self._size.units)

    def _levels(self, values: Mapping[str, object], field: str) -> Levels:
        levels = Levels()
        for row, item in enumerate(items(values, field)):
            level = mapping(item, f"data[0].{field}[{row}]")
            levels.prices.append(self._price.count(level.get("price"), f"data[0].{field}[{row}].price"))
            levels.sizes.append(self._size.count(level.get("qty"), f"data[0].{field}[{row}].qty"))
        return levels

    def _request(self, method: str, more: Mapping[str, object]) -> str:
        self._requests += 1
        params = {"channel": "book", "symbol": [self.market.symbol], **more}
        return json.dumps({"method": method, "params": params, "req_id": self._requests})


def _refuse_error(values: Mapping[str, object]) -> None:
    # A refused unsubscribe means that there is nothing to end, which is as well.
    if values.get("success") is False and values.get("method") == "subscribe":
        raise Unavailable("subscription_refused", f"The exchange refused: {str(values.get('error'))[:200]!r}.")
