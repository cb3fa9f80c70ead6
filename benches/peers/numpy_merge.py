"""Merges sorted ladders with numpy: one consolidated ladder, the sizes of equal prices added up.

{"op": "load", "books": [{"bids": [[price, size]], "asks": [..]}, ..]} -> {"version": ".."}
{"op": "merge", "times": n}                                           -> {"ns": one, "bids": [..], "asks": [..]}
"""

from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import numpy as np

from benches.peers.answering import serve

LOADED = SimpleNamespace(books=[])


def load(books: list[dict[str, list[list[int]]]]) -> dict[str, Any]:
    """Each side of each book as two columns."""
    LOADED.books = [[np.array(book[side], dtype=np.int64).T.copy() for side in ("bids", "asks")] for book in books]
    return {"version": np.__version__}


def merged(side: int) -> tuple[Any, Any]:
    """Prices and sizes, the best first."""
    columns = [book[side] for book in LOADED.books]
    prices = np.concatenate([column[0] for column in columns])
    sizes = np.concatenate([column[1] for column in columns])
    order = np.argsort(-prices if side == 0 else prices, kind="stable")
    prices, sizes = prices[order], sizes[order]
    first = np.flatnonzero(np.concatenate(([True], prices[1:] != prices[:-1])))
    return prices[first], np.add.reduceat(sizes, first)


def merge(times: int) -> dict[str, Any]:
    """Both sides, as often as asked; the time of one."""
    start = perf_counter_ns()
    for _ in range(times):
        sides = merged(0), merged(1)
    ns = (perf_counter_ns() - start) / times
    bids, asks = ([[int(p), int(s)] for p, s in zip(*side, strict=True)] for side in sides)
    return {"ns": ns, "bids": bids, "asks": asks}


if __name__ == "__main__":
    serve({"load": load, "merge": merge})
