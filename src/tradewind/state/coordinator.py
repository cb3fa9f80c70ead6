"""The state coordinator: hears every event and knows where every intent stands.

Open intents are in memory. Those that have ended are folded from the log when somebody asks.
"""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

from tradewind.domain.events import IntentSubmitted
from tradewind.domain.status import IntentStatus
from tradewind.state.fold import fold
from tradewind.state.read_models import OpenIntents
from tradewind.state.view import IntentView
from tradewind.streaming.journal import Journal, Recorded

_PAGE = 500
# How many ended intents one `list` looks at before it hands back what it has and where to go on.
_MAX_EXAMINED = 200

Predicate = Callable[[IntentView], bool]
Rows = list[Recorded]
Views = list[IntentView]


class StateCoordinator:
    """Give `apply` to the event stream as a tap; call `recover` before anything is served."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open = OpenIntents()
        self._waiting: dict[UUID, list[tuple[Predicate, asyncio.Future[IntentView]]]] = {}

    def recover(self) -> None:
        """Fold what the log has and memory has not. Raises Damaged `log_contradicts_itself`."""
        self._catch_up(self._journal.head()[0])

    def apply(self, recorded: Recorded) -> None:
        """Fold an event in; rows that were missed are read first, and rows already known are ignored."""
        self._catch_up(recorded.seq - 1)
        if recorded.seq > self._open.seq:
            self._fold(recorded)

    def intent(self, intent_id: UUID) -> IntentView | None:
        """The intent, open or ended; None when there is no such intent."""
        if (view := self._open.get(intent_id)) is not None:
            return view
        for recorded in self._rows(correlation_id=intent_id):
            view = fold(view, recorded)
        return view

    def open_intents(self) -> Views:
        """Every intent that has not ended, oldest first."""
        return list(self._open)

    def open_count(self) -> int:
        """How many intents have not ended."""
        return len(self._open)

    def list(
        self, status: IntentStatus | None = None, limit: int = 50, before_seq: int | None = None
    ) -> tuple[Views, int | None]:
        """Up to `limit` intents, newest first, submitted before row `before_seq`; and what to pass for the next page.

        A page of ended intents can be short, even empty, while there is a next one: each call looks at only so many.
        """
        if status is not None and not status.is_final:
            return self._list_open(status, limit, before_seq)
        found: Views = []
        for recorded in self._submissions(before_seq, limit if status is None else _MAX_EXAMINED):
            before_seq = recorded.seq
            view = self.intent(recorded.envelope.correlation_id)
            if view is not None and status in (None, view.status):
                found.append(view)
            if len(found) == limit:
                break
        return found, before_seq if self._submissions(before_seq, 1) else None

    def _list_open(self, status: IntentStatus, limit: int, before_seq: int | None) -> tuple[Views, int | None]:
        views = [view for view in reversed(self.open_intents()) if view.status is status]
        if before_seq is not None:
            views = [view for view in views if view.first_seq < before_seq]
        return views[:limit], views[limit - 1].first_seq if len(views) > limit else None

    def events(self, intent_id: UUID) -> Rows:
        """Every recorded event of an intent, in order."""
        return list(self._rows(correlation_id=intent_id))

    def recovery_position(self) -> int:
        """The row after which consumers must start to see every event of every open intent."""
        oldest = self._open.oldest_seq()
        return self._open.seq if oldest is None else oldest - 1

    def digest(self) -> str:
        """SHA-256 over the open views, as they are in memory."""
        return self._open.digest()

    def rebuild_digest(self) -> str:
        """The same digest, from the log alone and up to the same row."""
        fresh = OpenIntents()
        for recorded in self._rows(until_seq=self._open.seq):
            fresh.apply(recorded)
        return fresh.digest()

    async def wait_for(self, intent_id: UUID, predicate: Predicate, timeout_s: float) -> IntentView:
        """The view as soon as `predicate` holds for it; raises TimeoutError after `timeout_s`."""
        view = self.intent(intent_id)
        if view is not None and predicate(view):
            return view
        found: asyncio.Future[IntentView] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(intent_id, []).append((predicate, found))
        async with asyncio.timeout(timeout_s):
            return await found

    def _catch_up(self, until_seq: int) -> None:
        for recorded in self._rows(after_seq=self._open.seq, until_seq=until_seq):
            self._fold(recorded)

    def _fold(self, recorded: Recorded) -> None:
        view = self._open.apply(recorded)
        if view is not None and view.intent.id in self._waiting:
            self._tell(view)

    def _tell(self, view: IntentView) -> None:
        still_waiting = []
        for predicate, found in self._waiting.pop(view.intent.id):
            if found.done():
                continue
            if predicate(view):
                found.set_result(view)
            else:
                still_waiting.append((predicate, found))
        if still_waiting:
            self._waiting[view.intent.id] = still_waiting

    def _rows(
        self, *, correlation_id: UUID | None = None, after_seq: int = 0, until_seq: int | None = None
    ) -> Iterator[Recorded]:
        while until_seq is None or after_seq < until_seq:
            before_seq = None if until_seq is None else until_seq + 1
            page = self._journal.read(
                after_seq=after_seq, before_seq=before_seq, limit=_PAGE, correlation_id=correlation_id
            )
            yield from page
            if len(page) < _PAGE:
                return
            after_seq = page[-1].seq

    def _submissions(self, before_seq: int | None, limit: int) -> Rows:
        types = [IntentSubmitted.type_name()]
        return self._journal.read(before_seq=before_seq, limit=limit, types=types, descending=True)
