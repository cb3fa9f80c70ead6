"""Reads the events of some types from the beginning to the end of a journal."""

import sqlite3
from collections.abc import Iterator, Sequence

from tradewind.domain.events import Envelope
from tradewind.streaming.recorded import Recorded

_PAGE = 500


def read_typed(log: sqlite3.Connection, types: Sequence[str], *, after_seq: int = 0) -> Iterator[Recorded]:
    """Every event of `types` behind `after_seq`, in order, also those that come while it reads.

    In pages, so that no reading keeps the writer's log from being folded into the file.
    """
    # The plus keeps SQLite on the order of the rows: by the index of types it would sort everything for each page.
    marks = ", ".join("?" * len(types))
    query = f"SELECT seq, envelope, hash FROM events WHERE seq > ? AND +type IN ({marks}) ORDER BY seq LIMIT ?"  # noqa: S608 - only question marks
    while page := log.execute(query, (after_seq, *types, _PAGE)).fetchall():
        for seq, text, row_hash in page:
            yield Recorded(seq, Envelope.from_json(text), row_hash)
        after_seq = page[-1][0]
