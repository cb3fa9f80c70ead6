"""The view of one intent: everything its events say, in one place."""

from tradewind.domain.events import ExecutionCompleted, ExecutionStepSubmitted, IntentValidated
from tradewind.domain.fill import StepResult
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
    """Where an intent stands and how it got there. `code` and `message` say why it ended without a fill."""

    intent: Intent
    status: IntentStatus
    wallet: str
    priority: Priority
    received_at_ns: int
    valid_until_ns: int
    validated: IntentValidated | None = None
    slices: tuple[Slice, ...] = ()
    gate_id: str = ""
    plans: tuple[ExecutionPlan, ...] = ()
    submitted: tuple[ExecutionStepSubmitted, ...] = ()
    results: tuple[StepResult, ...] = ()
    completed: ExecutionCompleted | None = None
    code: str | None = None
    message: str | None = None
    timeline: tuple[TimelineEntry, ...]
    first_seq: int
    last_seq: int
