"""P6: deltas of an order book against nautilus_trader, and the merge of several books against numpy."""

from __future__ import annotations

import random
import statistics
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter_ns

from benches.paired import Paired, percentile
from benches.peers.python_packages import python_peer
from benches.row import Row
from benches.tally import Tally
from tradewind.core import OrderBook, aggregate_order_books

SEED = 20
DELTA_GOAL, MERGE_GOAL = 20.0, 5.0
DELTAS = 10_000
LEVELS = 100
VENUES = 8
MIDDLE = 5_000_000
ROUNDS = 15
OUR_TURNS = 20
MERGES = 200
Ladder = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Deltas:
    """Columns: one row a level that changes. A size of zero takes the level out."""

    sides: array[int]
    prices: array[int]
    sizes: array[int]


def run() -> Iterator[Row]:
    """The rows of P6."""
    chance = random.Random(SEED)  # noqa: S311 - a made market
    yield from _deltas(chance)
    yield _merge(chance)


def deltas(chance: random.Random, count: int = DELTAS) -> Deltas:
    """Near the best price most often, as real books move; one of eight takes its level out."""
    made = Deltas(array("B"), array("q"), array("q"))
    for _ in range(count):
        side = chance.randrange(2)
        far = min(int(chance.expovariate(1 / 25)), LEVELS - 1)
        made.sides.append(side)
        made.prices.append(MIDDLE + far + 1 if side else MIDDLE - far)
        made.sizes.append(0 if chance.randrange(8) == 0 else chance.randrange(1, 10**6))
    return made


def empty_book(venue: str = "binance") -> OrderBook:
    """In sync, and nothing in it."""
    book = OrderBook(venue=venue, instrument="BTC/USDT", price_decimals=2, size_decimals=0)
    nothing = array("q")
    book.apply_snapshot(
        sequence=0, bid_prices=nothing, bid_sizes=nothing, ask_prices=nothing, ask_sizes=nothing, time_ns=0
    )
    return book


def apply(book: OrderBook, made: Deltas, sequences: array[int]) -> int:
    """Nanoseconds for all of them in one call."""
    start = perf_counter_ns()
    book.apply_events(last_sequences=sequences, sides=made.sides, prices=made.prices, sizes=made.sizes, time_ns=0)
    return perf_counter_ns() - start


def _deltas(chance: random.Random) -> Iterator[Row]:
    made = deltas(chance)
    columns = {"sides": list(made.sides), "prices": list(made.prices), "sizes": list(made.sizes)}
    sequences = array("q", range(1, DELTAS + 1))
    with python_peer("nautilus_book", "nautilus") as peer:
        name = f"nautilus_trader {peer.ask(op='load', **columns)['version']}"
        for form, what in (("batch", "in one call of apply_deltas"), ("one", "by one call of apply_delta each")):
            pairs, tally = Paired("lower"), Tally()
            each_ns: list[float] = []
            for _ in range(ROUNDS):
                turns_ns = []
                for _ in range(OUR_TURNS):
                    book = empty_book()
                    turns_ns.append(apply(book, made, sequences) / DELTAS)
                answer = peer.ask(op="apply", form=form)
                tally.add(book.bids(), [tuple(level) for level in answer["bids"]])
                tally.add(book.asks(), [tuple(level) for level in answer["asks"]])
                pairs.add(ours=statistics.median(turns_ns), peer=answer["ns"] / DELTAS)
                each_ns += turns_ns
            yield Row(
                id="P6" if form == "batch" else "P6-one",
                what="order book delta, in batches",
                input=f"{DELTAS:,} deltas of a book of up to {LEVELS} levels a side, one call",
                ours=statistics.median(pairs.ours),
                peer=statistics.median(pairs.peer),
                unit="ns a delta",
                ratio=pairs.ratio,
                goal=DELTA_GOAL,
                answers_compared=tally.compared,
                answers_equal=tally.equal,
                notes=(
                    f"peer: {name}, {what}; its deltas are made before the clock starts",
                    f"ours: p50 {percentile(each_ns, 50):.4g} ns, p99 {percentile(each_ns, 99):.4g} ns a delta",
                    pairs.spread,
                    "answers compared: every level of the book that the deltas lead to",
                ),
            )


def ladders(chance: random.Random, venue: int) -> tuple[Ladder, Ladder]:
    """Bids and asks of a hundred levels each, best first; venues share some prices."""
    top = MIDDLE - 20 - venue
    bids = sorted(chance.sample(range(top - 3 * LEVELS, top), LEVELS), reverse=True)
    asks = sorted(chance.sample(range(top + 40, top + 40 + 3 * LEVELS), LEVELS))
    return tuple([(price, chance.randrange(1, 10**6)) for price in side] for side in (bids, asks))  # type: ignore[return-value]


def book_of(venue: int, sides: tuple[Ladder, Ladder]) -> OrderBook:
    """A book with these levels."""
    book = OrderBook(venue=f"venue-{venue}", instrument="BTC/USDT", price_decimals=2, size_decimals=0)
    columns = [array("q", (level[place] for level in side)) for side in sides for place in (0, 1)]
    bid_prices, bid_sizes, ask_prices, ask_sizes = columns
    book.apply_snapshot(
        sequence=1, bid_prices=bid_prices, bid_sizes=bid_sizes, ask_prices=ask_prices, ask_sizes=ask_sizes, time_ns=0
    )
    return book


def _merge(chance: random.Random) -> Row:
    made = [ladders(chance, venue) for venue in range(VENUES)]
    books = [book_of(venue, sides) for venue, sides in enumerate(made)]
    pairs, tally = Paired("lower"), Tally()
    ours_us: list[float] = []
    with python_peer("numpy_merge", "numeric") as peer:
        name = f"numpy {peer.ask(op='load', books=[{'bids': bids, 'asks': asks} for bids, asks in made])['version']}"
        for _ in range(ROUNDS):
            turns_us = []
            for _ in range(MERGES):
                start = perf_counter_ns()
                merged = aggregate_order_books(books)
                turns_us.append((perf_counter_ns() - start) / 1e3)
            answer = peer.ask(op="merge", times=MERGES)
            for ours, theirs in ((merged.bids(), answer["bids"]), (merged.asks(), answer["asks"])):
                tally.add([[level.price_units, level.size_units] for level in ours], theirs)
            pairs.add(ours=statistics.median(turns_us), peer=answer["ns"] / 1e3)
            ours_us += turns_us
    return Row(
        id="P6-merge",
        what="merge order books into one, with each venue's part of each level",
        input=f"{VENUES} books of {LEVELS} levels a side",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a merge",
        ratio=pairs.ratio,
        goal=MERGE_GOAL,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {name}: concatenate, stable argsort, add.reduceat; without the venues' parts",
            f"ours: p50 {percentile(ours_us, 50):.4g} us, p99 {percentile(ours_us, 99):.4g} us",
            pairs.spread,
            "answers compared: every level, its price and its size",
        ),
    )
