"""Rows of the journal as they are stored: the one query that reads them, whoever asks."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.domain.events import Envelope
from tradewind.streaming.recorded import Recorded


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row, its envelope still in the text that was hashed."""

    seq: int
    type: str
    correlation_id: UUID
    text: str
    hash: str

    def recorded(self) -> Recorded:
        """The row with its envelope read."""
        return Recorded(self.seq, Envelope.from_json(self.text), self.hash)


def select_rows(
    connection: sqlite3.Connection,
    *,
    after_seq: int = 0,
    before_seq: int | None = None,
    limit: int = 500,
    correlation_id: UUID | None = None,
    types: Sequence[str] | None = None,
    descending: bool = False,
) -> list[StoredRow]:
    """Up to `limit` rows with `after_seq < seq < before_seq`, oldest first unless `descending`."""
    conditions = ["seq > ?"]
    parameters: list[int | str] = [after_seq]
    if before_seq is not None:
        conditions.append("seq < ?")
        parameters.append(before_seq)
    if correlation_id is not None:
        conditions.append("correlation_id = ?")
        parameters.append(str(correlation_id))
    if types is not None:
        conditions.append(f"type IN ({', '.join('?' * len(types))})")
        parameters.extend(types)
    order = "DESC" if descending else "ASC"
    query = (
        "SELECT seq, type, correlation_id, envelope, hash FROM events "  # noqa: S608 - only the literals above
        f"WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT ?"
    )
    found = connection.execute(query, (*parameters, limit)).fetchall()
    return [StoredRow(seq, kind, UUID(intent), text, row_hash) for seq, kind, intent, text, row_hash in found]
