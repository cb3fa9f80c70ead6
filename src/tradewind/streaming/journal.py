"""The journal: the durable, append-only, hash-chained record of every event of this process.

An append returns after the fsync. One process writes; any number read, through connections of their own.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from uuid import UUID

from tradewind.domain.events import EVENT_TYPES, Envelope
from tradewind.streaming.group_commit import GroupCommit, Observer
from tradewind.streaming.journal_file import connect_reader, connect_writer, create_if_missing, take_lock
from tradewind.streaming.journal_rows import select_rows
from tradewind.streaming.recorded import Recorded
from tradewind.streaming.verification import Verification, require_intact, verify_file

__all__ = ["Journal", "Recorded", "Verification", "verify_file"]

_MAX_BATCH = 1_000


class Journal:
    """Create one with `open`; close it to release the file."""

    def __init__(self, path: Path, *, lock: int, max_batch: int) -> None:
        self._lock = lock
        self._reader = connect_reader(path)
        self._reading = threading.Lock()
        self._writer = GroupCommit(connect_writer(path), max_batch=max_batch)
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, max_batch: int = _MAX_BATCH) -> Self:
        """Open the journal at `path`, creating it (0600, in a folder of 0700) when there is none.

        `max_batch` is the number of events after which a commit takes no further append. Verifies every row first.
        Raises Misconfigured `journal_in_use`, `journal_unwritable`, `journal_unknown` or `journal_version_unknown`,
        and Damaged `journal_damaged`, which names the row; the file is then left as it is.
        """
        lock = take_lock(path)
        try:
            create_if_missing(path)
            require_intact(path)
            return cls(path, lock=lock, max_batch=max_batch)
        except BaseException:
            os.close(lock)
            raise

    async def append(self, events: Sequence[Envelope]) -> list[Recorded]:
        """Record all of `events`, or none; returns, in their order, once they are on disk.

        An event whose id is already recorded is not written again: what was recorded first comes back. When the
        caller is cancelled while waiting, the events are recorded all the same.
        Raises Unavailable `journal_unavailable` (the disk), `journal_busy` (too many waiting) or `journal_closed`.
        """
        if not events:
            return []
        return await self._writer.append([(envelope, _text_of(envelope)) for envelope in events])

    def observe(self, observer: Observer) -> None:
        """Call `observer` on the event loop with each row newly written, in order, before its append returns."""
        self._writer.observe(observer)

    def read(
        self,
        *,
        after_seq: int = 0,
        before_seq: int | None = None,
        limit: int = 500,
        correlation_id: UUID | None = None,
        types: Sequence[str] | None = None,
        descending: bool = False,
    ) -> list[Recorded]:
        """Up to `limit` rows with `after_seq < seq < before_seq`, oldest first unless `descending`."""
        with self._reading:
            rows = select_rows(
                self._reader,
                after_seq=after_seq,
                before_seq=before_seq,
                limit=limit,
                correlation_id=correlation_id,
                types=types,
                descending=descending,
            )
        return [row.recorded() for row in rows]

    def find(self, event_id: UUID) -> Recorded | None:
        """The row of the event with this id; None when it is not on disk."""
        with self._reading:
            row = self._reader.execute(
                "SELECT seq, envelope, hash FROM events WHERE id = ?", (str(event_id),)
            ).fetchone()
        return None if row is None else Recorded(row[0], Envelope.from_json(row[1]), row[2])

    def head(self) -> tuple[int, str]:
        """Place and hash of the last row that is on disk; 0 and 64 zeros when there is none."""
        return self._writer.head

    def close(self) -> None:
        """Write what is waiting, then release the file. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        with self._reading, contextlib.suppress(sqlite3.Error):
            self._reader.close()
        os.close(self._lock)


def _text_of(envelope: Envelope) -> str:
    known = EVENT_TYPES.get(envelope.type)
    if known is not type(envelope.body) or envelope.version != known.version:
        raise ValueError(f"a {envelope.type} of version {envelope.version} could not be read back")
    return envelope.to_json()
