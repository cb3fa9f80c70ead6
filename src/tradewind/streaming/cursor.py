"""A subscription as a cursor over the journal: what is not being handled yet stays on disk.

A cursor that has read everything is handed each new row as it is recorded; one that is behind reads the journal, but
no further than the taps have been told: a handler may rely on what they keep.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from uuid import UUID

from tradewind.domain.events import EVENT_TYPES
from tradewind.observability import events as business_events
from tradewind.observability.clock import Clock
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.event_stream import Handler
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded
from tradewind.streaming.subject import SubjectPattern

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
PAGE = 64
READ_AHEAD = 4


class Cursor:
    """Reads matching events and hands them over, one lane a correlation id.

    At most `READ_AHEAD * concurrency` events are in memory; when as many are unhandled, reading waits.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        told_up_to: Callable[[], int],
        *,
        pattern: SubjectPattern,
        handler: Handler,
        name: str,
        after_seq: int,
        concurrency: int,
    ) -> None:
        self.name = name
        self._journal = journal
        self._clock = clock
        self._told_up_to = told_up_to
        self._pattern = pattern
        self._types = [
            kind for kind, event in EVENT_TYPES.items() if any(map(pattern.may_match_under, event.subjects()))
        ]
        self._handler = handler
        self._read_up_to = after_seq
        self._unhandled: dict[int, None] = {}
        self._lanes: dict[UUID, deque[Recorded]] = {}
        self._slots = asyncio.Semaphore(concurrency)
        self._capacity = READ_AHEAD * concurrency
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._start(self._read())

    @property
    def position(self) -> int:
        """Every event of this subscription up to this place has been handled."""
        return next(iter(self._unhandled)) - 1 if self._unhandled else self._read_up_to

    @property
    def in_memory(self) -> int:
        """How many events are read and not yet handled."""
        return len(self._unhandled)

    def on_recorded(self, row: Recorded) -> None:
        """There is something new in the journal. Called once for each row, in order, after it is on disk."""
        if row.seq == self._read_up_to + 1 and len(self._unhandled) < self._capacity:
            self._read_up_to = row.seq
            if self._pattern.matches(row.envelope.subject):
                self._admit(row)
        else:
            self._changed.set()

    async def close(self) -> None:
        """Cancel the handlers that are running and hand over nothing more. Idempotent."""
        await end_tasks(*self._tasks)

    async def _read(self) -> None:
        while True:
            self._changed.clear()
            room = min(PAGE, self._capacity - len(self._unhandled))
            page = await self._next_page(room) if room > 0 else []
            for row in page:
                if self._pattern.matches(row.envelope.subject):
                    self._admit(row)
            if not page:
                await self._changed.wait()
            # A long backlog must not keep everyone else from the event loop.
            await asyncio.sleep(0)

    async def _next_page(self, limit: int) -> list[Recorded]:
        pause_s = FIRST_PAUSE_S
        while True:
            told = self._told_up_to()
            try:
                page = self._journal.read(
                    after_seq=self._read_up_to, before_seq=told + 1, limit=limit, types=self._types
                )
            except Exception as failure:  # noqa: BLE001 - a consumer must not end because one read failed
                pause_s = await self._report(failure, self._read_up_to + 1, pause_s)
                continue
            # A page that is not full reaches the end: whatever is not in it is not ours.
            last = page[-1].seq if page else 0
            self._read_up_to = last if len(page) == limit else max(told, self._read_up_to)
            return page

    def _admit(self, row: Recorded) -> None:
        self._unhandled[row.seq] = None
        key = row.envelope.correlation_id
        if key in self._lanes:
            self._lanes[key].append(row)
            return
        lane = self._lanes[key] = deque([row])
        self._start(self._run_lane(key, lane))

    async def _run_lane(self, key: UUID, lane: deque[Recorded]) -> None:
        while lane:
            await self._hand_over(lane[0])
            del self._unhandled[lane.popleft().seq]
            self._changed.set()
        del self._lanes[key]

    async def _hand_over(self, row: Recorded) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with self._slots:
                    await self._handler(row)
            except asyncio.CancelledError as failure:
                if _is_being_cancelled():
                    raise
                # Something inside the handler was cancelled, not this subscription: the event is still to be handled.
                pause_s = await self._report(failure, row.seq, pause_s)
            except Exception as failure:  # noqa: BLE001 - a handler may raise anything; it is reported and tried again
                pause_s = await self._report(failure, row.seq, pause_s)
            else:
                return

    async def _report(self, failure: BaseException, seq: int, pause_s: float) -> float:
        business_events.handler_failed(subscription=self.name, seq=seq, failure=failure, retry_in_s=pause_s)
        await self._clock.sleep(pause_s)
        return min(pause_s * 2, LONGEST_PAUSE_S)

    def _start(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work, name=self.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
