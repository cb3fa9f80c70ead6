"""What an exchange's messages come to: a whole book, or changes of it, as columns of ticks and lots."""

from array import array
from dataclasses import dataclass, field

BID, ASK = 0, 1


def _column() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Levels:
    """One side of a book: prices in ticks, sizes in lots."""

    prices: "array[int]" = field(default_factory=_column)
    sizes: "array[int]" = field(default_factory=_column)


@dataclass(slots=True)
class BookSnapshot:
    """A whole book. `sequence` is the last update in it, 0 where there are no numbers."""

    bids: Levels
    asks: Levels
    sequence: int = 0
    checksum: int | None = None


@dataclass(slots=True)
class BookDelta:
    """Changes: the updates from `first` to `last`, and which levels have which size after them."""

    bids: Levels
    asks: Levels
    first: int = 0
    last: int = 0
    checksum: int | None = None


@dataclass(slots=True)
class DeltaBatch:
    """Deltas as the columns of one call into the core."""

    first: "array[int]" = field(default_factory=_column)
    last: "array[int]" = field(default_factory=_column)
    counts: "array[int]" = field(default_factory=_column)
    sides: bytearray = field(default_factory=bytearray)
    prices: "array[int]" = field(default_factory=_column)
    sizes: "array[int]" = field(default_factory=_column)
    # Of the last delta: the book is to have it once all of them are in.
    checksum: int | None = None

    def add(self, delta: BookDelta) -> None:
        """Put one more at the end."""
        self.first.append(delta.first)
        self.last.append(delta.last)
        self.counts.append(len(delta.bids.prices) + len(delta.asks.prices))
        for side, levels in ((BID, delta.bids), (ASK, delta.asks)):
            self.sides += bytes([side]) * len(levels.prices)
            self.prices.extend(levels.prices)
            self.sizes.extend(levels.sizes)
        self.checksum = delta.checksum

    def __len__(self) -> int:
        return len(self.counts)
