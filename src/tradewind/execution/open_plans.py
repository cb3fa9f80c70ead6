"""Which plans this executor has on record and not ended: read from the journal at a start, then kept by its events."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

from tradewind.domain.events import HaltRequested, KillSwitchEngaged, PlanLeftToAnother
from tradewind.domain.execution_plan_event import ExecutionPlanEvent, PlanExecutor
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.streaming.journal import Journal
from tradewind.streaming.recorded import Recorded

_PAGE = 500
_OF_PLANS = ("ExecutionPlanEvent", "ExecutionResultEvent", "PlanLeftToAnother")
_OF_HALTS = ("HaltRequested", "KillSwitchEngaged")


class OpenPlans:
    """Give `on_recorded` to the event stream as a tap; it is told of each event before its publisher goes on."""

    def __init__(self, journal: Journal, *, most: int) -> None:
        """`most` is how many may be open before no further one is asked for."""
        self._most = most
        self._plans: dict[UUID, Recorded] = {}
        self._changed = asyncio.Event()
        for row in _rows(journal, _OF_PLANS):
            self.on_recorded(row)

    def __len__(self) -> int:
        return len(self._plans)

    def __contains__(self, plan_id: UUID) -> bool:
        return plan_id in self._plans

    def __iter__(self) -> Iterator[Recorded]:
        return iter(tuple(self._plans.values()))

    def on_recorded(self, row: Recorded) -> None:
        """A plan for a service opens; a final result, or its being left to another, closes."""
        body = row.envelope.body
        if isinstance(body, ExecutionPlanEvent) and body.executor is PlanExecutor.SERVICE:
            self._plans.setdefault(body.plan_id, row)
        elif (isinstance(body, ExecutionResultEvent) and body.is_final) or isinstance(body, PlanLeftToAnother):
            self._plans.pop(body.plan_id, None)
        else:
            return
        self._changed.set()
        self._changed = asyncio.Event()

    async def room(self) -> int:
        """How many more may be taken; waits as long as that is none."""
        while len(self._plans) >= self._most:
            await self._changed.wait()
        return self._most - len(self._plans)

    async def until_none_of(self, plan_ids: set[UUID]) -> None:
        """Return once none of these is open."""
        while plan_ids & self._plans.keys():
            await self._changed.wait()


def halts_not_applied(journal: Journal) -> list[Recorded]:
    """Halts that somebody asked for and that this executor has not carried out, as far as its journal knows."""
    heard: dict[UUID, Recorded] = {}
    for row in _rows(journal, _OF_HALTS):
        body, cause = row.envelope.body, row.envelope.causation_id
        if isinstance(body, KillSwitchEngaged) and cause is not None:
            heard.pop(cause, None)
        elif isinstance(body, (HaltRequested, KillSwitchEngaged)):
            heard[row.envelope.id] = row
    return list(heard.values())


def _rows(journal: Journal, types: tuple[str, ...]) -> Iterator[Recorded]:
    after = 0
    while page := journal.read(after_seq=after, limit=_PAGE, types=types):
        yield from page
        after = page[-1].seq
