"""The journal's writer: one thread that turns every append waiting at the moment into one transaction.

Nobody waits for company: a lone append is committed at once, and while one fsync runs the next batch gathers.
"""

import asyncio
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tradewind.domain.events import Envelope
from tradewind.errors import Unavailable
from tradewind.streaming.recorded import Recorded, chain_hash

MAX_WAITING_CALLS = 10_000

Observer = Callable[[Recorded], None]

_INSERT = (
    "INSERT INTO events (seq, id, subject, type, correlation_id, occurred_at, envelope, prev_hash, hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)


@dataclass(slots=True, eq=False)
class _Call:
    """One append: what is to be written, and, once the commit is over, how it ended."""

    lines: list[tuple[Envelope, str]]
    answer: "asyncio.Future[list[Recorded]]"
    recorded: list[Recorded] = field(default_factory=list)
    fresh: list[Recorded] = field(default_factory=list)
    failure: Exception | None = None


class GroupCommit:
    """Owns the writing connection and its thread."""

    def __init__(self, connection: sqlite3.Connection, *, max_batch: int) -> None:
        self._connection = connection
        self._max_batch = max_batch
        self._waiting: queue.Queue[_Call | None] = queue.Queue(MAX_WAITING_CALLS)
        self._observers: list[Observer] = []
        self._gate = threading.Lock()
        self._closed = False
        self.head: tuple[int, str] = self._stored_head()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def observe(self, observer: Observer) -> None:
        """Call `observer` on the event loop with each row newly written, in order, before its append returns."""
        self._observers.append(observer)

    async def append(self, lines: list[tuple[Envelope, str]]) -> list[Recorded]:
        """Write all or none of `lines`; returns after the commit is on disk."""
        call = _Call(lines, asyncio.get_running_loop().create_future())
        with self._gate:
            if self._closed:
                raise Unavailable("journal_closed", "The journal is closed: the service is stopping.")
            try:
                self._waiting.put_nowait(call)
            except queue.Full:
                raise Unavailable(
                    "journal_busy", f"{MAX_WAITING_CALLS} appends are already waiting for the disk."
                ) from None
        return await call.answer

    def close(self) -> None:
        """Write what is waiting, then stop. Idempotent."""
        with self._gate:
            first = not self._closed
            self._closed = True
        if first:
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            batch, stopping = self._next_batch()
            if batch:
                self._commit(batch)
                self._hand_back(batch)
        self._connection.close()

    def _next_batch(self) -> tuple[list[_Call], bool]:
        batch: list[_Call] = []
        events = 0
        while events < self._max_batch:
            try:
                call = self._waiting.get(block=not batch)
            except queue.Empty:
                break
            if call is None:
                return batch, True
            batch.append(call)
            events += len(call.lines)
        return batch, False

    def _commit(self, batch: list[_Call]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            head = self._write(batch)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._roll_back()
            failure = _told(error)
            for call in batch:
                call.recorded, call.fresh, call.failure = [], [], failure
        else:
            self.head = head

    def _write(self, batch: list[_Call]) -> tuple[int, str]:
        before = seq, head = self._stored_head()
        for call in batch:
            for envelope, text in call.lines:
                row = Recorded(seq + 1, envelope, chain_hash(head, text))
                if self._insert(row, text, head):
                    seq, head = row.seq, row.hash
                    call.fresh.append(row)
                else:
                    row = self._existing(envelope)
                call.recorded.append(row)
        if (seq, head) != before:
            self._connection.execute("UPDATE head SET seq = ?, hash = ?", (seq, head))
        return seq, head

    def _insert(self, row: Recorded, text: str, previous: str) -> bool:
        envelope = row.envelope
        values = (
            row.seq,
            str(envelope.id),
            envelope.subject,
            envelope.type,
            str(envelope.correlation_id),
            envelope.occurred_at,
            text,
            previous,
            row.hash,
        )
        return self._connection.execute(_INSERT, values).rowcount == 1

    def _existing(self, envelope: Envelope) -> Recorded:
        query = "SELECT seq, envelope, hash FROM events WHERE id = ?"
        seq, text, row_hash = self._connection.execute(query, (str(envelope.id),)).fetchone()
        return Recorded(seq, Envelope.from_json(text), row_hash)

    def _stored_head(self) -> tuple[int, str]:
        seq, head = self._connection.execute("SELECT seq, hash FROM head").fetchone()
        return seq, head

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # The disk is gone; the next BEGIN fails as well, and its caller is told.
                return

    def _hand_back(self, batch: list[_Call]) -> None:
        for loop, calls in itertools.groupby(batch, key=lambda call: call.answer.get_loop()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._answer, list(calls))

    def _answer(self, calls: list[_Call]) -> None:
        for call in calls:
            failure = call.failure
            for row in call.fresh:
                failure = self._show(row) or failure
            if call.answer.done():
                continue
            if failure is None:
                call.answer.set_result(call.recorded)
            else:
                call.answer.set_exception(failure)

    def _show(self, row: Recorded) -> Exception | None:
        failure = None
        for observer in self._observers:
            try:
                observer(row)
            except Exception as error:  # noqa: BLE001 - raised to the publisher, after the others have been told
                failure = failure or error
        return failure


def _told(error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    return Unavailable(
        "journal_unavailable",
        f"The journal cannot be written ({error}); nothing of this was recorded.",
        remedy="Free disk space or restore the disk, then send the same again.",
    )
