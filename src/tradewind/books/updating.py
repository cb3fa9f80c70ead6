"""An exchange's messages into a book, many in one call, and what of them shows that the book has to begin anew."""

from collections.abc import Iterable

from tradewind.books.exchange import Exchange
from tradewind.books.feed import FeedStatus
from tradewind.books.malformed import Malformed
from tradewind.books.message import BookDelta, BookSnapshot, DeltaBatch
from tradewind.core import CoreError, OrderBook
from tradewind.observability import events
from tradewind.observability.clock import Clock


class Updating:
    """One book and whoever writes to it. Nothing that an exchange sends raises here but a refused subscription."""

    def __init__(self, exchange: Exchange, book: OrderBook, status: FeedStatus, clock: Clock) -> None:
        self._exchange = exchange
        self._book = book
        self._status = status
        self._clock = clock

    def take(self, texts: Iterable[str]) -> bool:
        """Apply messages in their order; whether the book has to be synchronised anew because of them."""
        batch = DeltaBatch()
        lost = False
        for text in texts:
            try:
                message = self._exchange.read(text)
            except Malformed as error:
                self._apply(batch)
                batch = DeltaBatch()
                lost = self._malformed(error.code, error.message)
                continue
            if isinstance(message, BookDelta):
                batch.add(message)
            elif isinstance(message, BookSnapshot):
                lost |= self._apply(batch)
                batch = DeltaBatch()
                lost = self.replace(message)
        return self._apply(batch) or (lost and not self._book.in_sync)

    def replace(self, snapshot: BookSnapshot) -> bool:
        """Put a snapshot in; whether the book has to be synchronised anew all the same."""
        try:
            outcome = self._book.apply_snapshot(
                sequence=snapshot.sequence,
                bid_prices=snapshot.bids.prices,
                bid_sizes=snapshot.bids.sizes,
                ask_prices=snapshot.asks.prices,
                ask_sizes=snapshot.asks.sizes,
                time_ns=self._clock.now_ns(),
            )
        except CoreError as error:
            return self._malformed(error.code, str(error))
        if outcome == "gap":
            return self._gap()
        self._status.snapshots += 1
        return self._checksum_differs(snapshot.checksum)

    def lose(self, code: str, message: str) -> None:
        """The book cannot be relied on."""
        self._status.fault = (code, message)
        self._book.lose_sync(message)
        events.book_lost(venue=self._book.venue, instrument=self._book.instrument, code=code, message=message)

    def _apply(self, batch: DeltaBatch) -> bool:
        if not len(batch):
            return False
        was_in_sync = self._book.in_sync
        try:
            self._book.apply_events(
                first_sequences=batch.first,
                last_sequences=batch.last,
                row_counts=batch.counts,
                sides=batch.sides,
                prices=batch.prices,
                sizes=batch.sizes,
                time_ns=self._clock.now_ns(),
            )
        except CoreError as error:
            return self._malformed(error.code, str(error))
        if self._book.in_sync:
            return self._checksum_differs(batch.checksum)
        if was_in_sync:
            return self._gap()
        # Numbered events that come before their snapshot are what says that one may be fetched.
        return self._exchange.numbered

    def _gap(self) -> bool:
        self._status.gaps += 1
        message = self._book.out_of_sync or "a gap"
        self._status.fault = ("sequence_gap", message)
        events.book_lost(venue=self._book.venue, instrument=self._book.instrument, code="sequence_gap", message=message)
        return True

    def _malformed(self, code: str, message: str) -> bool:
        self._status.malformed += 1
        self.lose(code, message)
        return True

    def _checksum_differs(self, checksum: int | None) -> bool:
        if checksum is None:
            return False
        ours = self._exchange.checksum(self._book)
        if ours == checksum:
            return False
        self._status.checksum_failures += 1
        self.lose("checksum_mismatch", f"checksum: the exchange's book has {checksum}, this one {ours}")
        return True
