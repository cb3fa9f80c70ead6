"""The view of one intent: everything its events say, in one place."""

from uuid import UUID

from pydantic import field_serializer

from tradewind.domain.events import (
    ExecutionCompleted,
    ExecutionPartiallyCompleted,
    ExecutionStepReorganised,
    ExecutionStepSeen,
    ExecutionStepSubmitted,
    IntentCancelRequested,
    IntentProcessed,
    IntentValidated,
    SliceEnded,
)
from tradewind.domain.fill import ConfirmationLevel, StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.model import Model
from tradewind.domain.plan import ExecutionPlan
from tradewind.domain.receipt import Priority
from tradewind.domain.slice import Slice
from tradewind.domain.status import IntentStatus


class TimelineEntry(Model):
    """One event: its type, when it happened (nanoseconds UTC) and its place in the journal."""

    type: str
    at_ns: int
    seq: int


class IntentView(Model):
    """Where an intent stands and how it got there. `code` and `message` say why it ended without its whole fill.

    Step numbers are unique within the intent, over all its plans. `results` has the steps that are confirmed now;
    `finalized` the numbers of those that no reorganisation can take back; `reorganised` has what was taken back so far,
    and `round` counts it. `seen` has the blocks in which transactions stand that too few blocks follow yet.
    """

    intent: Intent
    status: IntentStatus
    wallet: str
    priority: Priority
    received_at_ns: int
    valid_until_ns: int
    submitted_by: str = "owner"
    validated: IntentValidated | None = None
    cancel_requested: IntentCancelRequested | None = None
    processed: IntentProcessed | None = None
    plans: tuple[ExecutionPlan, ...] = ()
    submitted: tuple[ExecutionStepSubmitted, ...] = ()
    seen: tuple[ExecutionStepSeen, ...] = ()
    reorganised: tuple[ExecutionStepReorganised, ...] = ()
    results: tuple[StepResult, ...] = ()
    finalized: frozenset[int] = frozenset()
    round: int = 0
    ended_slices: tuple[SliceEnded, ...] = ()
    completed: ExecutionCompleted | ExecutionPartiallyCompleted | None = None
    code: str | None = None
    message: str | None = None
    timeline: tuple[TimelineEntry, ...]
    first_seq: int
    last_seq: int

    @property
    def slices(self) -> tuple[Slice, ...]:
        """What the intent was decomposed into; none before that."""
        return self.processed.slices if self.processed else ()

    @property
    def gate_id(self) -> str:
        """The gate that the intent began with."""
        return self.processed.gate_id if self.processed else ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing can follow any more: it has ended, and every step that the chain included is finalized."""
        return self.status.is_final and all(result.step in self.finalized for result in self.results)

    @field_serializer("finalized")
    def _in_order(self, finalized: frozenset[int]) -> list[int]:
        # The same view always has the same text, so that digests can be compared.
        return sorted(finalized)

    def plan_of(self, plan_id: UUID) -> ExecutionPlan | None:
        """The plan of this id."""
        return next((plan for plan in self.plans if plan.plan_id == plan_id), None)

    def result_of(self, step: int) -> StepResult | None:
        """How a step ended, while it is confirmed."""
        return next((result for result in self.results if result.step == step), None)

    def level_of(self, sent: ExecutionStepSubmitted) -> ConfirmationLevel:
        """How firmly the chain holds a transaction that was sent."""
        if any(result.tx_hash == sent.tx_hash for result in self.results):
            is_final = sent.step in self.finalized
            return ConfirmationLevel.FINALIZED if is_final else ConfirmationLevel.CONFIRMED
        was_seen = any(seen.tx_hash == sent.tx_hash for seen in self.seen)
        return ConfirmationLevel.SEEN if was_seen else ConfirmationLevel.SUBMITTED
