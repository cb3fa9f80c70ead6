"""The embedded event stream: the journal is the queue, and a subscription is a place in it."""

import asyncio

from tradewind.domain.events import Envelope
from tradewind.observability import events as business_events
from tradewind.observability.clock import Clock
from tradewind.streaming.cursor import Cursor
from tradewind.streaming.event_stream import Handler, Tap
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded
from tradewind.streaming.subject import SubjectPattern


class EmbeddedEventStream:
    """An `EventStream` inside one process. Closing it leaves the journal open."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._taps: list[Tap] = []
        self._cursors: list[Cursor] = []
        self._told_up_to, _ = journal.head()
        journal.observe(self._recorded)

    async def publish(self, *events: Envelope) -> list[Recorded]:
        """Record `events`, all or none; see `Journal.append` for its errors. A tap's error is raised here."""
        return await self._journal.append(events)

    def tap(self, callback: Tap) -> None:
        """Call `callback` with each event recorded from now on: in order, once, before its publish returns."""
        self._taps.append(callback)

    def subscribe(self, pattern: str, handler: Handler, *, name: str, after_seq: int, concurrency: int = 64) -> Cursor:
        """Hand every matching event behind `after_seq` to `handler`; needs a running event loop."""
        cursor = Cursor(
            self._journal,
            self._clock,
            lambda: self._told_up_to,
            pattern=SubjectPattern(pattern),
            handler=handler,
            name=name,
            after_seq=after_seq,
            concurrency=concurrency,
        )
        self._cursors.append(cursor)
        return cursor

    async def close(self) -> None:
        """Close every subscription. Idempotent."""
        cursors, self._cursors = self._cursors, []
        await asyncio.gather(*(cursor.close() for cursor in cursors))

    def _recorded(self, row: Recorded) -> None:
        envelope = row.envelope
        business_events.event_recorded(type_name=envelope.type, subject=envelope.subject, seq=row.seq)
        failure = None
        for callback in self._taps:
            try:
                callback(row)
            except Exception as error:  # noqa: BLE001 - raised below, after the others have been told
                failure = failure or error
        self._told_up_to = max(self._told_up_to, row.seq)
        for cursor in self._cursors:
            cursor.on_recorded(row)
        if failure is not None:
            raise failure
