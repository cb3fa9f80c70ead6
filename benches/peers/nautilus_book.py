"""An order book of nautilus_trader, with the deltas made before the clock starts.

{"op": "load", "sides": [], "prices": [], "sizes": []} -> {"version": ".."}
{"op": "apply", "form": "one" | "batch"}               -> {"ns": total, "bids": [[price, size]], "asks": [..]}
"""

from importlib.metadata import version
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import BookAction, BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity

from benches.peers.answering import serve

LOADED = SimpleNamespace(deltas=[], batch=None)
INSTRUMENT = InstrumentId.from_str("BTCUSDT.BINANCE")
SIDES = (OrderSide.BUY, OrderSide.SELL)


def load(sides: list[int], prices: list[int], sizes: list[int]) -> dict[str, Any]:
    """Prices in cents, sizes in whole units; a size of zero takes the level out."""
    LOADED.deltas = [
        OrderBookDelta(
            INSTRUMENT,
            BookAction.UPDATE if size else BookAction.DELETE,
            BookOrder(SIDES[side], Price(price / 100, 2), Quantity(size, 0), price),
            flags=0,
            sequence=number,
            ts_event=0,
            ts_init=0,
        )
        for number, (side, price, size) in enumerate(zip(sides, prices, sizes, strict=True))
    ]
    LOADED.batch = OrderBookDeltas(INSTRUMENT, LOADED.deltas)
    return {"version": version("nautilus_trader")}


def apply(form: str) -> dict[str, Any]:
    """All deltas on an empty book, one call each or in one call."""
    book = OrderBook(INSTRUMENT, BookType.L2_MBP)
    start = perf_counter_ns()
    if form == "batch":
        book.apply_deltas(LOADED.batch)
    else:
        for delta in LOADED.deltas:
            book.apply_delta(delta)
    ns = perf_counter_ns() - start
    bids, asks = (
        [[round(float(level.price) * 100), round(float(level.size()))] for level in side]
        for side in (book.bids(), book.asks())
    )
    return {"ns": ns, "bids": bids, "asks": asks}


if __name__ == "__main__":
    serve({"load": load, "apply": apply})
