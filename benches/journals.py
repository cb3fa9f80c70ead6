"""The journals that intake is compared with: ours without its fsync, and one that keeps nothing at all.

They exist here alone; the service has no such switch.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Self
from unittest.mock import patch
from uuid import UUID

from tradewind.bootstrap import service as bootstrap
from tradewind.domain.events import Envelope
from tradewind.streaming import journal as journal_module
from tradewind.streaming.group_commit import Observer
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_file import connect_writer, create_if_missing
from tradewind.streaming.recorded import GENESIS, Recorded


class Journals(StrEnum):
    """How a service under test keeps its journal."""

    DURABLE = "durable"
    UNSYNCED = "unsynced"
    FORGETFUL = "forgetful"


@contextmanager
def kept_as(kind: Journals) -> Iterator[None]:
    """Inside, a service that starts keeps its journal like this."""
    if kind is Journals.FORGETFUL:
        with patch.object(bootstrap, "Journal", ForgetfulJournal):
            yield
    elif kind is Journals.UNSYNCED:
        with patch.object(journal_module, "connect_writer", connect_unsynced):
            yield
    else:
        yield


def connect_unsynced(path: Path) -> sqlite3.Connection:
    """The writer's connection, whose commits never wait for the disk."""
    connection = connect_writer(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


class ForgetfulJournal(Journal):
    """No row on disk, no thread, no text, no hash: an append is a list's. The least that an application can do.

    Its file is laid out, for those who read a journal by its path, and stays empty.
    """

    def __init__(self) -> None:
        self._rows: list[Recorded] = []
        self._by_id: dict[UUID, Recorded] = {}
        self._by_correlation: defaultdict[UUID, list[Recorded]] = defaultdict(list)
        self._watching: list[Observer] = []

    @classmethod
    def open(cls, path: Path, *, max_batch: int = 0) -> Self:
        """An empty one."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_if_missing(path)
        return cls()

    async def append(self, events: Sequence[Envelope]) -> list[Recorded]:
        """Number the events and hand them on."""
        answer = []
        for envelope in events:
            row = self._by_id.get(envelope.id)
            if row is None:
                row = Recorded(len(self._rows) + 1, envelope, GENESIS)
                self._rows.append(row)
                self._by_id[envelope.id] = row
                self._by_correlation[envelope.correlation_id].append(row)
                for observer in self._watching:
                    observer(row)
            answer.append(row)
        return answer

    def observe(self, observer: Observer) -> None:
        """As `Journal.observe`."""
        self._watching.append(observer)

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
        """As `Journal.read`, from memory; the events of one intent are found without a search."""
        rows = self._rows[after_seq:]
        if correlation_id is not None:
            rows = [row for row in self._by_correlation.get(correlation_id, []) if row.seq > after_seq]
        if descending:
            rows.reverse()
        fitting = (
            row
            for row in rows
            if (before_seq is None or row.seq < before_seq) and (types is None or row.envelope.type in types)
        )
        return list(islice(fitting, limit))

    def find(self, event_id: UUID) -> Recorded | None:
        """As `Journal.find`."""
        return self._by_id.get(event_id)

    def head(self) -> tuple[int, str]:
        """As `Journal.head`."""
        return len(self._rows), GENESIS

    def close(self) -> None:
        """Nothing to release."""
