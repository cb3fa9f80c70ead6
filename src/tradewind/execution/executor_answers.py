"""What executors have said of plans that carry out steps of intents, kept until the intent has ended."""

import asyncio
from uuid import UUID

from tradewind.domain.events import IntentEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.streaming.recorded import Recorded


class ExecutorAnswers:
    """Give `on_recorded` every row of the journal: at a start those that there are, then as they come."""

    def __init__(self) -> None:
        self._ends: dict[UUID, Recorded] = {}
        self._of_intent: dict[UUID, set[UUID]] = {}
        self._waiting: dict[UUID, list[asyncio.Future[Recorded]]] = {}

    def on_recorded(self, recorded: Recorded) -> None:
        """Keep a final answer; let go of those of an intent that has ended."""
        body = recorded.envelope.body
        if isinstance(body, ExecutionResultEvent) and body.is_final and body.intent_id is not None:
            self._ends[body.plan_id] = recorded
            self._of_intent.setdefault(body.intent_id, set()).add(body.plan_id)
            for waiting in self._waiting.pop(body.plan_id, []):
                if not waiting.done():
                    waiting.set_result(recorded)
        elif isinstance(body, IntentEvent) and body.status is not None and body.status.is_final:
            for plan_id in self._of_intent.pop(body.intent_id, ()):
                self._ends.pop(plan_id, None)

    async def end_of(self, plan_id: UUID) -> Recorded:
        """The final answer to this plan, however long it takes."""
        if (known := self._ends.get(plan_id)) is not None:
            return known
        waiting: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(plan_id, []).append(waiting)
        return await waiting
