"""The log read back for those who ask: single intents, lists of them, and events, on the reading thread.

Nothing here touches what the event loop works with, apart from the views that it has in memory anyway.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from tradewind.domain.events import EVENT_TYPES, IntentEvent, IntentSubmitted
from tradewind.domain.intent import Intent
from tradewind.domain.status import IntentStatus
from tradewind.state.fold import fold
from tradewind.state.view import IntentView
from tradewind.streaming.journal_reader import JournalReader
from tradewind.streaming.journal_rows import StoredRow, select_rows

# How many intents one page of a filtered list looks at before it hands back what it has and where to go on.
MAX_EXAMINED = 500
_PAGE = 500
_MAX_OWNERS = 10_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which intents are meant; None is any. `strategies` empty selects none at all."""

    strategies: frozenset[UUID] | None = None
    wallet: str | None = None
    status: IntentStatus | None = None

    def owns(self, strategy_id: UUID, wallet: str) -> bool:
        """Whether intents of this strategy and wallet are meant, if their status is."""
        return (self.strategies is None or strategy_id in self.strategies) and self.wallet in {None, wallet}


@dataclass(frozen=True, slots=True)
class Summary:
    """One intent in a list: how it began, at row `seq`, and where it stands. Times are nanoseconds UTC."""

    intent: Intent
    wallet: str
    priority: int
    received_at_ns: int
    valid_until_ns: int
    status: IntentStatus
    seq: int

    @classmethod
    def of(cls, facts: IntentSubmitted | IntentView, *, status: IntentStatus, seq: int) -> Self:
        """From what was recorded at the beginning, or is in memory."""
        return cls(
            intent=facts.intent,
            wallet=facts.wallet,
            priority=facts.priority.value,
            received_at_ns=facts.received_at_ns,
            valid_until_ns=facts.valid_until_ns,
            status=status,
            seq=seq,
        )


@dataclass(frozen=True, slots=True)
class EventsRead:
    """Rows in order. Every matching row up to `up_to_seq` is among them or was before; `more`: there are others now."""

    rows: tuple[StoredRow, ...]
    up_to_seq: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Owner:
    strategy_id: UUID
    wallet: str


class Memory(Protocol):
    """What is known without reading."""

    def in_memory(self, intent_id: UUID) -> IntentView | None:
        """The intent, if it is one that the chain can still change."""
        ...

    def open_intents(self) -> Sequence[IntentView]:
        """Every intent that has not ended, oldest first."""
        ...


class Archive:
    """`head` tells the last row that is on disk."""

    def __init__(self, reader: JournalReader, memory: Memory, *, head: Callable[[], int]) -> None:
        self._reader = reader
        self._memory = memory
        self._head = head
        # Used on the reading thread alone.
        self._owners: OrderedDict[UUID, _Owner | None] = OrderedDict()

    async def intent(self, intent_id: UUID) -> IntentView | None:
        """The intent, open or ended; None when there is no such intent."""
        view = self._memory.in_memory(intent_id)
        return view if view is not None else await self._reader.read(lambda log: _folded(log, intent_id))

    async def summaries(
        self, selection: Selection, limit: int, before_seq: int | None
    ) -> tuple[list[Summary], int | None]:
        """Up to `limit` intents, the newest first, submitted before row `before_seq`; and where the next page starts.

        A page can be short, even empty, while there is a next one: each looks at only so many intents.
        """
        if selection.status is not None and not selection.status.is_final:
            return self._open_ones(selection, limit, before_seq)
        return await self._reader.read(lambda log: _summaries(log, selection, limit, before_seq))

    def _open_ones(self, selection: Selection, limit: int, before_seq: int | None) -> tuple[list[Summary], int | None]:
        """Open intents are few and in memory; in the log they could lie behind any number of others."""
        found = [
            Summary.of(view, status=view.status, seq=view.first_seq)
            for view in reversed(self._memory.open_intents())
            if view.status is selection.status
            and selection.owns(view.intent.strategy_id, view.wallet)
            and (before_seq is None or view.first_seq < before_seq)
        ]
        return found[:limit], found[limit - 1].seq if len(found) > limit else None

    async def events(
        self,
        *,
        after_seq: int,
        limit: int,
        intent_id: UUID | None = None,
        types: Sequence[str] | None = None,
        selection: Selection | None = None,
    ) -> EventsRead:
        """The matching ones of up to `limit` rows behind `after_seq`; with a `selection`, only events of its intents.

        The status of a selection is not looked at: events have none that stays.
        """
        # Taken first: what is recorded during the read belongs to the next one.
        head = self._head()
        wanted = selection if selection is not None and selection != Selection() else None

        def read(log: sqlite3.Connection) -> EventsRead:
            rows = select_rows(
                log, after_seq=after_seq, before_seq=head + 1, limit=limit, correlation_id=intent_id, types=types
            )
            more = len(rows) == limit
            up_to_seq = rows[-1].seq if more else max(head, after_seq)
            kept = rows if wanted is None else [row for row in rows if self._selects(wanted, row, log)]
            return EventsRead(tuple(kept), up_to_seq, more)

        return await self._reader.read(read)

    def _selects(self, selection: Selection, row: StoredRow, log: sqlite3.Connection) -> bool:
        if not issubclass(EVENT_TYPES[row.type], IntentEvent):
            return False
        owner = self._owner(row.correlation_id, log)
        return owner is not None and selection.owns(owner.strategy_id, owner.wallet)

    def _owner(self, intent_id: UUID, log: sqlite3.Connection) -> _Owner | None:
        """Whose intent it is; that never changes, so it is remembered for the intents heard of last."""
        if intent_id not in self._owners:
            rows = select_rows(log, correlation_id=intent_id, types=[IntentSubmitted.type_name()], limit=1)
            submitted = [_submission(row) for row in rows]
            self._owners[intent_id] = _Owner(submitted[0].intent.strategy_id, submitted[0].wallet) if rows else None
            if len(self._owners) > _MAX_OWNERS:
                self._owners.popitem(last=False)
        self._owners.move_to_end(intent_id)
        return self._owners[intent_id]


def _folded(log: sqlite3.Connection, intent_id: UUID) -> IntentView | None:
    view: IntentView | None = None
    for row in _rows_of(log, intent_id):
        view = fold(view, row.recorded())
    return view


def _rows_of(log: sqlite3.Connection, intent_id: UUID) -> Iterator[StoredRow]:
    after_seq = 0
    while True:
        page = select_rows(log, after_seq=after_seq, limit=_PAGE, correlation_id=intent_id)
        yield from page
        if len(page) < _PAGE:
            return
        after_seq = page[-1].seq


def _summaries(
    log: sqlite3.Connection, selection: Selection, limit: int, before_seq: int | None
) -> tuple[list[Summary], int | None]:
    examined = limit if selection == Selection() else MAX_EXAMINED
    found: list[Summary] = []
    for row in _submissions(log, before_seq, examined):
        before_seq = row.seq
        if (summary := _selected(log, row, selection)) is not None:
            found.append(summary)
        if len(found) == limit:
            break
    return found, before_seq if _submissions(log, before_seq, 1) else None


def _submissions(log: sqlite3.Connection, before_seq: int | None, limit: int) -> list[StoredRow]:
    types = [IntentSubmitted.type_name()]
    return select_rows(log, before_seq=before_seq, limit=limit, types=types, descending=True)


def _selected(log: sqlite3.Connection, row: StoredRow, selection: Selection) -> Summary | None:
    submitted = _submission(row)
    if not selection.owns(submitted.intent.strategy_id, submitted.wallet):
        return None
    status = _status(log, row.correlation_id)
    return Summary.of(submitted, status=status, seq=row.seq) if selection.status in {None, status} else None


def _submission(row: StoredRow) -> IntentSubmitted:
    body = row.recorded().envelope.body
    assert isinstance(body, IntentSubmitted)  # noqa: S101 (the row was selected by its type)
    return body


def _status(log: sqlite3.Connection, intent_id: UUID) -> IntentStatus:
    """Where the intent stands: what the last of its events that says anything about it says, as in the fold."""
    query = "SELECT type FROM events WHERE correlation_id = ? ORDER BY seq DESC"
    for (kind,) in log.execute(query, (str(intent_id),)):
        if (status := EVENT_TYPES[kind].status) is not None:
            return status
    raise LookupError(f"no event of the intent {intent_id} has a status")
