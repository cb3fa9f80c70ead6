"""Verification of a journal: every row, its place in the hash chain, its columns and the indices. Repairs nothing.

What it cannot see is commits that a crash of the disk took off the end of the write-ahead log: to SQLite these
look like writes that never finished.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic_core import from_json

from tradewind.domain.events import EVENT_TYPES
from tradewind.errors import Damaged, NotFound
from tradewind.streaming.journal_file import check_version, connect_reader
from tradewind.streaming.recorded import GENESIS, chain_hash

_Row = tuple[int, str, str, str, str, int, str, str, str]
_TYPES = (int, str, str, str, str, int, str, str, str)
_ROWS = "SELECT seq, id, subject, type, correlation_id, occurred_at, envelope, prev_hash, hash FROM events ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Verification:
    """`rows` verified from the start, ending in hash `head`; `first_bad_seq` and `fault` when not `ok`."""

    rows: int
    head: str
    ok: bool
    first_bad_seq: int | None = None
    fault: str | None = None


def verify_file(path: Path) -> Verification:
    """Verify a journal, also while a service writes to it.

    Raises NotFound `journal_missing`, and Misconfigured when the file is not a journal of a known version.
    """
    if not path.exists():
        raise NotFound("journal_missing", f"There is no journal at {path}.", remedy="Check the path.")
    try:
        with contextlib.closing(connect_reader(path)) as connection:
            check_version(connection, path)
            connection.execute("BEGIN")
            return _verify(connection)
    except sqlite3.DatabaseError as error:
        return Verification(0, GENESIS, ok=False, first_bad_seq=1, fault=f"the file is not readable ({error})")


def require_intact(path: Path) -> Verification:
    """Verify a journal before it is used; raises Damaged `journal_damaged`, which names the row."""
    found = verify_file(path)
    if not found.ok:
        raise Damaged(
            "journal_damaged",
            f"The journal {path} is damaged at row {found.first_bad_seq}: {found.fault}. The {found.rows} rows "
            "before it are intact. Nothing was changed.",
            remedy="Keep a copy of the file, and restore it from a backup that verifies.",
        )
    return found


def _verify(connection: sqlite3.Connection) -> Verification:
    rows, head = 0, GENESIS
    try:
        for row in connection.execute(_ROWS):
            if fault := _fault_of(row, expected_seq=rows + 1, previous=head):
                return Verification(rows, head, ok=False, first_bad_seq=rows + 1, fault=fault)
            rows, head = row[0], row[8]
        fault = _fault_of_the_whole(connection, rows, head)
    except sqlite3.DatabaseError as error:
        fault = f"the file is not readable there ({error})"
    if fault:
        return Verification(rows, head, ok=False, first_bad_seq=rows + 1, fault=fault)
    return Verification(rows, head, ok=True)


def _fault_of(row: _Row, *, expected_seq: int, previous: str) -> str | None:
    # A flipped bit in a row's header can turn its text into bytes, which SQLite hands out without a word.
    if tuple(map(type, row)) != _TYPES:
        return "a column of it has another type than it was written with"
    seq, _, _, _, _, _, text, prev_hash, row_hash = row
    if seq != expected_seq:
        return f"it is missing; the next row is {seq}"
    if prev_hash != previous:
        return "it does not continue the chain of the rows before it"
    if chain_hash(prev_hash, text) != row_hash:
        return "its text or its hash was changed after it was written"
    return _fault_of_columns(row)


def _fault_of_columns(row: _Row) -> str | None:
    _, event_id, subject, type_name, correlation_id, occurred_at, text, _, _ = row
    outer = cast("dict[str, object]", from_json(text))
    event_type = EVENT_TYPES.get(str(outer["type"]))
    if event_type is None or outer["version"] != event_type.version:
        return f"it is a {outer['type']} of version {outer['version']}, which this software does not know"
    columns = (event_id, type_name, correlation_id, occurred_at)
    if columns != (outer["id"], outer["type"], outer["correlation_id"], outer["occurred_at"]):
        return "its columns contradict its text"
    if subject not in {f"{under}.{correlation_id}" for under in event_type.subjects()}:
        return "its subject contradicts its type"
    return None


def _fault_of_the_whole(connection: sqlite3.Connection, rows: int, head: str) -> str | None:
    recorded_head = connection.execute("SELECT seq, hash FROM head").fetchone()
    if recorded_head != (rows, head):
        last = recorded_head[0] if recorded_head else "unknown"
        return f"the rows end at {rows}, but the last one written was {last}"
    (integrity,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return None if integrity == "ok" else f"its tables or indices are inconsistent ({integrity})"
