"""Order books, as Python sees them."""

import threading
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from tradewind.core import CoreError, OrderBook, aggregate_order_books, synthetic_levels


def open_book(venue: str = "one", **more: Any) -> OrderBook:
    terms: dict[str, Any] = {"instrument": "BTC/USD", "price_decimals": 2, "size_decimals": 8, **more}
    return OrderBook(venue=venue, **terms)


def fill(book: OrderBook, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], sequence: int = 1) -> str:
    return book.apply_snapshot(
        sequence=sequence,
        bid_prices=array("q", [price for price, _ in bids]),
        bid_sizes=array("q", [size for _, size in bids]),
        ask_prices=array("q", [price for price, _ in asks]),
        ask_sizes=array("q", [size for _, size in asks]),
        time_ns=sequence,
    )


def change(book: OrderBook, last: Sequence[int], rows: Sequence[tuple[int, int, int]], **more: Any) -> Any:
    return book.apply_events(
        last_sequences=array("q", last),
        sides=bytes(side for side, _, _ in rows),
        prices=array("q", [price for _, price, _ in rows]),
        sizes=array("q", [size for _, _, size in rows]),
        time_ns=9,
        **more,
    )


def test_a_batch_longer_than_a_piece_is_applied_as_a_whole() -> None:
    # Pieces are of 16,384 rows; events of 1, 2 and 3 rows do not end where pieces do.
    book, counts = open_book(), [1 + number % 3 for number in range(20_000)]
    fill(book, [], [], sequence=0)
    rows = [(row % 2, 1000 + row % 700, row % 11) for row in range(sum(counts))]
    done = change(book, range(1, 20_001), rows, row_counts=array("q", counts))
    assert (done.applied_events, done.applied_rows) == (20_000, len(rows))
    expected: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for side, price, size in rows:
        expected[side][price] = size
    assert book.bids() == sorted(((price, size) for price, size in expected[0].items() if size), reverse=True)
    assert book.asks() == sorted((price, size) for price, size in expected[1].items() if size)
    assert (book.sequence, book.as_of_ns) == (20_000, 9)


def test_an_event_longer_than_a_piece_is_applied_as_a_whole() -> None:
    book = open_book()
    fill(book, [], [])
    rows = [(1, 1 + row, 1) for row in range(50_000)]
    change(book, [2, 3], [*rows, (1, 1, 0)], row_counts=array("q", [50_000, 1]))
    assert len(book.asks()) == 49_999


def test_errors_count_rows_and_events_from_the_first_of_the_call() -> None:
    book = open_book()
    fill(book, [], [], sequence=0)
    rows = [(0, 5, 5)] * 40_000
    with pytest.raises(CoreError, match="prices, row 39000: must be from 1 to") as refused:
        change(book, range(1, 40_001), [*rows[:39_000], (0, -1, 5), *rows[39_001:]])
    assert refused.value.code == "price_out_of_range"
    assert book.out_of_sync == "it was given what cannot be part of a book"
    fill(book, [], [], sequence=0)
    with pytest.raises(CoreError, match="last_sequences, event 30000: must be from 0 on"):
        change(book, [*range(1, 30_001), -4], rows[:30_001])


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ([1, 2], "column_malformed"),
        (array("d", [1.0]), "column_malformed"),
        (array("i", [1]), "column_malformed"),
        (memoryview(array("q", [1, 2, 3, 4]))[::2], "columns_unequal"),
        (array("q", [1, 2]), "columns_unequal"),
        (array("q"), "columns_unequal"),
    ],
)
def test_columns_of_the_wrong_type_or_length_change_nothing(column: Any, code: str) -> None:
    book = open_book()
    fill(book, [(5, 5)], [])
    with pytest.raises(CoreError) as refused:
        book.apply_events(last_sequences=array("q", [2]), sides=b"\0", prices=column, sizes=array("q", [1]), time_ns=9)
    assert refused.value.code == code
    assert (book.bids(), book.sequence, book.in_sync) == ([(5, 5)], 1, True)


def test_a_column_may_be_a_view_with_steps() -> None:
    book = open_book()
    fill(book, [], [])
    both = array("q", [7, 70, 8, 80])
    prices, sizes = memoryview(both)[::2], memoryview(both)[1::2]
    book.apply_events(last_sequences=array("q", [2, 3]), sides=b"\1\1", prices=prices, sizes=sizes, time_ns=9)
    assert book.asks() == [(7, 70), (8, 80)]


def test_a_gap_waits_for_its_snapshot() -> None:
    book = open_book()
    assert fill(book, [(5, 5)], []) == "live"
    assert fill(book, [(6, 6)], []) == "older"
    first = array("q", [4, 5])
    done = change(book, [4, 6], [(0, 5, 1), (0, 5, 2)], first_sequences=first)
    assert (done.pending_events, book.pending_events) == (2, 2)
    assert book.out_of_sync == "a gap: update 2 was next, 4 came"
    with pytest.raises(CoreError, match="one: the book is out of sync"):
        book.asks()
    assert fill(book, [(5, 9)], [], sequence=2) == "gap"
    assert fill(book, [(5, 9)], [], sequence=3) == "live"
    assert (book.bids(), book.sequence) == ([(5, 2)], 6)


def test_books_out_of_sync_or_old_are_named() -> None:
    one, other, lost = open_book(), open_book("other"), open_book("lost")
    fill(one, [(5, 5)], [], sequence=100)
    fill(other, [(5, 5)], [], sequence=40)
    merged = aggregate_order_books([one, other, lost], now_ns=110, max_age_ns=50)
    assert merged.venues == [("one", 100, 100)]
    assert merged.excluded == [("other", "stale", 70), ("lost", "out_of_sync", None)]
    with pytest.raises(CoreError) as refused:
        aggregate_order_books([one], max_age_ns=50)
    assert refused.value.code == "now_missing"


def test_the_same_book_twice_is_refused_and_does_not_hang() -> None:
    book = open_book()
    with pytest.raises(CoreError) as refused:
        aggregate_order_books([book, book])
    assert refused.value.code == "venue_twice"


def test_columns_of_a_consolidated_book_hold_its_levels() -> None:
    one, other = open_book(), open_book("other", tick=10, lot=3)
    fill(one, [(50, 5), (49, 1)], [])
    fill(other, [(5, 2)], [])
    merged = aggregate_order_books([one, other])
    prices, sizes, venues = merged.columns("bid")
    assert memoryview(prices).cast("Q").tolist() == [50, 50, 49]
    assert memoryview(sizes).cast("Q").tolist() == [5, 6, 1]
    assert memoryview(venues).cast("I").tolist() == [0, 1, 0]
    assert merged.bids(1)[0].venues == [("one", 5), ("other", 6)]
    with pytest.raises(CoreError) as refused:
        merged.columns("buy")  # type: ignore[arg-type]
    assert refused.value.code == "side_unknown"


def test_amounts_beyond_64_bits_are_exact() -> None:
    book = open_book(taker_fee_ppm=999_999)
    most = 2**63 - 1
    fill(book, [(most, most)], [(most, most)])
    sweep = aggregate_order_books([book]).sweep("buy", size_units=2**100)
    assert not sweep.complete
    assert sweep.notional_units == most * most
    assert sweep.fee_units == -(-most * most * 999_999 // 1_000_000)
    assert sweep.average_price_units == -(-(sweep.notional_units + sweep.fee_units) // most)


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ({}, "amount_ambiguous"),
        ({"size_units": 1, "notional_units": 1}, "amount_ambiguous"),
        ({"size_units": 0}, "amount_zero"),
        ({"size_units": 1.5}, "integer_required"),
        ({"notional_units": -1}, "integer_out_of_range"),
    ],
)
def test_an_amount_is_one_positive_integer(amounts: dict[str, Any], code: str) -> None:
    merged = aggregate_order_books([open_book()])
    with pytest.raises(CoreError) as refused:
        merged.sweep("buy", **amounts)
    assert refused.value.code == code


def test_samples_that_are_no_curve_are_refused() -> None:
    with pytest.raises(CoreError, match="samples, row 1: its input must be greater") as refused:
        synthetic_levels("ask", [(5, 5), (5, 6)], base_raw_per_lot=1, quote_raw_per_tick_lot=(1, 1))
    assert refused.value.code == "curve_malformed"
    levels = synthetic_levels("bid", [(10, 1000), (20, 1500)], base_raw_per_lot=1, quote_raw_per_tick_lot=(1, 1))
    assert levels == [(100, 10), (50, 10)]


def test_threads_may_share_a_book() -> None:
    book = open_book(numbered=False)
    fill(book, [], [])
    zeros, rows = [0] * 5000, [(0, 1 + row % 50, 1) for row in range(5000)]
    threads = [threading.Thread(target=change, args=(book, zeros, rows)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(aggregate_order_books([book]).bids()) <= 50
    assert (book.sequence, len(book.bids())) == (20_000, 50)
