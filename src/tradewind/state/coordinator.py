"""The state coordinator: hears every event and knows where every intent stands.

Intents that the chain can still change are in memory. Settled ones are folded from the log when somebody asks.
"""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

from tradewind.domain.events import IntentSubmitted, RequestAccepted
from tradewind.state.fold import fold
from tradewind.state.known_ids import KnownIds
from tradewind.state.read_models import OpenIntents
from tradewind.state.view import IntentView
from tradewind.streaming.journal import Journal, Recorded

_PAGE = 500

Predicate = Callable[[IntentView], bool]
Rows = list[Recorded]
Views = list[IntentView]


class StateCoordinator:
    """Give `apply` to the event stream as a tap; call `recover` before anything is served."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open = OpenIntents()
        # Intents and requests that were ever recorded: nearly everything that is asked about while intents are accepted
        # is new, and the log need not be read to know it.
        self._known = KnownIds()
        self._waiting: dict[UUID, list[tuple[Predicate, asyncio.Future[IntentView]]]] = {}

    def recover(self, *others: Callable[[Recorded], None]) -> None:
        """Fold what the log has and memory has not; `others` are told of the same rows, so that it is read once.

        Raises Damaged `log_contradicts_itself`.
        """
        for recorded in self._rows(after_seq=self._open.seq, until_seq=self._journal.head()[0]):
            self._fold(recorded)
            for other in others:
                other(recorded)

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

    def intent_before(self, intent_id: UUID) -> IntentView | None:
        """As `intent`, for whoever is about to record it: for an id that was never heard of the log is not read.

        One that is being recorded at this moment may be missed; the journal then keeps the first.
        """
        return self.intent(intent_id) if self._known.may_have(intent_id) else None

    def in_memory(self, intent_id: UUID) -> IntentView | None:
        """The intent, if it is one that the chain can still change."""
        return self._open.get(intent_id)

    def open_intents(self) -> Views:
        """Every intent that has not ended, oldest first."""
        return list(self._open)

    def unsettled(self) -> Views:
        """Every intent that has ended on transactions which a reorganisation could still take back."""
        return self._open.ended()

    def open_count(self) -> int:
        """How many intents have not ended."""
        return len(self._open)

    def events(self, intent_id: UUID) -> Rows:
        """Every recorded event of an intent, in order."""
        return list(self._rows(correlation_id=intent_id))

    def request(self, owner: str, key: str) -> RequestAccepted | None:
        """What `owner` asked under this key; None when nothing was accepted under it, or it is only being recorded."""
        event_id = RequestAccepted.event_id(owner, key)
        if not self._known.may_have(event_id):
            return None
        recorded = self._journal.find(event_id)
        body = None if recorded is None else recorded.envelope.body
        return body if isinstance(body, RequestAccepted) else None

    def recovery_position(self) -> int:
        """The row after which consumers must start to see every event of every intent that is not settled."""
        oldest = self._open.oldest_seq()
        return self._open.seq if oldest is None else oldest - 1

    def digest(self) -> str:
        """SHA-256 over the views in memory."""
        return self._open.digest()

    def rebuild_digest(self) -> str:
        """The same digest, from the log alone and up to the same row."""
        fresh = OpenIntents()
        for recorded in self._rows(until_seq=self._open.seq):
            fresh.apply(recorded)
        return fresh.digest()

    async def wait_for(self, intent_id: UUID, predicate: Predicate, timeout_s: float | None = None) -> IntentView:
        """The view as soon as `predicate` holds for it; raises TimeoutError after `timeout_s`, if that is given."""
        view = self.intent(intent_id)
        if view is not None and predicate(view):
            return view
        found: asyncio.Future[IntentView] = asyncio.get_running_loop().create_future()
        waiting = (predicate, found)
        self._waiting.setdefault(intent_id, []).append(waiting)
        try:
            async with asyncio.timeout(timeout_s):
                return await found
        finally:
            self._stop_waiting(intent_id, waiting)

    def _stop_waiting(self, intent_id: UUID, waiting: tuple[Predicate, "asyncio.Future[IntentView]"]) -> None:
        """Nobody may be remembered for longer than they wait: most intents get no further event."""
        others = [other for other in self._waiting.pop(intent_id, []) if other is not waiting]
        if others:
            self._waiting[intent_id] = others

    def _catch_up(self, until_seq: int) -> None:
        for recorded in self._rows(after_seq=self._open.seq, until_seq=until_seq):
            self._fold(recorded)

    def _fold(self, recorded: Recorded) -> None:
        view = self._open.apply(recorded)
        if isinstance(recorded.envelope.body, IntentSubmitted | RequestAccepted):
            # A request's events are about the request itself, which is what is asked for.
            self._known.add(recorded.envelope.correlation_id)
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
