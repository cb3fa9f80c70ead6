"""Events: facts in the past tense, each type defined once, in one envelope.

An event that can happen only once to its subject gets its id from the subject, so that publishing it again after
a crash is recognised as the same event.
"""

from typing import ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, SerializeAsAny

from tradewind.domain.amount import Raw
from tradewind.domain.fill import StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.model import Model
from tradewind.domain.plan import ExecutionPlan, StepKind
from tradewind.domain.receipt import Priority
from tradewind.domain.slice import Slice
from tradewind.domain.status import IntentStatus

_NAMESPACE = UUID("6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55")


class Event(Model):
    """Base of every event body. `stream` and `subject` say where it is published."""

    stream: ClassVar[str]
    subject: ClassVar[str]
    version: ClassVar[int] = 1
    status: ClassVar[IntentStatus | None] = None

    @classmethod
    def type_name(cls) -> str:
        """The name under which the type is published."""
        return cls.__name__


class IntentEvent(Event):
    """An event in the life of one intent."""

    intent_id: UUID

    def occasion(self) -> str:
        """What tells this event from others of its type for the same intent."""
        return ""


class IntentSubmitted(IntentEvent):
    """An intent was accepted: it is on disk, and its sender has been told so."""

    stream = "INTENTS"
    subject = "intent.submitted"
    status = IntentStatus.PENDING

    intent: Intent
    wallet: str
    priority: Priority
    received_at_ns: int
    valid_until_ns: int


class IntentValidated(IntentEvent):
    """The chain agrees that the intent can be carried out."""

    stream = "INTENTS"
    subject = "intent.validated"

    amount_raw: Raw
    balance_in_raw: Raw
    native_balance_wei: Raw
    slippage_ceiling_ppm: int
    block_number: int


class IntentRejected(IntentEvent):
    """The intent cannot be carried out; nothing was signed."""

    stream = "INTENTS"
    subject = "intent.rejected"
    status = IntentStatus.REJECTED

    code: str
    message: str


class IntentExpired(IntentEvent):
    """The deadline passed before anything was signed that could still take effect."""

    stream = "INTENTS"
    subject = "intent.expired"
    status = IntentStatus.EXPIRED

    code: str
    message: str


class IntentProcessed(IntentEvent):
    """The intent was decomposed into slices. Only the gate `gate_id` will know what is signed for them."""

    stream = "INTENTS"
    subject = "intent.processed"

    slices: tuple[Slice, ...]
    because: str
    gate_id: str


class PlanCreated(IntentEvent):
    """A slice has its plan."""

    stream = "PLANNED"
    subject = "execution.planned"
    status = IntentStatus.PROCESSING

    plan: ExecutionPlan

    def occasion(self) -> str:
        return str(self.plan.slice_index)


class ExecutionStepSubmitted(IntentEvent):
    """A signed transaction was handed to the chain. `simulated_*` is what the chain said it would do."""

    stream = "EXECUTED"
    subject = "executed.submitted"

    plan_id: UUID
    step: int
    attempt: int
    kind: StepKind
    tx_hash: str
    nonce: int
    simulated_in_raw: Raw | None
    simulated_out_raw: Raw | None

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.step}/{self.attempt}"


class ExecutionStepConfirmed(IntentEvent):
    """The chain included the transaction of a step; how it ended is in the result."""

    stream = "EXECUTED"
    subject = "executed.confirmed"

    plan_id: UUID
    result: StepResult

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.result.step}"


class ExecutionCompleted(IntentEvent):
    """Every step succeeded. The amounts are those of the fill, not of the quote."""

    stream = "EXECUTED"
    subject = "executed.success"
    status = IntentStatus.COMPLETED

    plan_id: UUID
    filled_in_raw: Raw
    filled_out_raw: Raw
    fee_wei: Raw


class ExecutionFailed(IntentEvent):
    """The plan ended without its fill, proven. `fee_wei` is what the attempt cost."""

    stream = "EXECUTED"
    subject = "executed.failed"
    status = IntentStatus.FAILED

    plan_id: UUID | None
    code: str
    message: str
    fee_wei: Raw


class SystemEvent(Event):
    """An event in the life of the service."""

    stream = "SYSTEM"


class ServiceStarted(SystemEvent):
    """The service recovered its state and takes intents."""

    subject = "system.started"

    software: str
    open_intents: int
    config_digest: str


class ServiceStopped(SystemEvent):
    """The service stopped in good order."""

    subject = "system.shutdown"

    open_intents: int


class KillSwitchEngaged(SystemEvent):
    """After this nothing is signed until it is released."""

    subject = "system.killswitch"

    kill_epoch: int
    by: str
    reason: str


class KillSwitchReleased(SystemEvent):
    """Signing is possible again."""

    subject = "system.resumed"

    kill_epoch: int
    by: str


EVENT_TYPES: dict[str, type[Event]] = {
    event.type_name(): event
    for event in (
        IntentSubmitted,
        IntentValidated,
        IntentRejected,
        IntentExpired,
        IntentProcessed,
        PlanCreated,
        ExecutionStepSubmitted,
        ExecutionStepConfirmed,
        ExecutionCompleted,
        ExecutionFailed,
        ServiceStarted,
        ServiceStopped,
        KillSwitchEngaged,
        KillSwitchReleased,
    )
}


class Envelope(Model):
    """An event on its way: who, what, when (nanoseconds UTC), about which intent, because of which event."""

    id: UUID
    type: str
    version: int
    occurred_at: int = Field(ge=0)
    correlation_id: UUID
    causation_id: UUID | None
    body: SerializeAsAny[Event]

    @property
    def stream(self) -> str:
        """The stream it belongs to."""
        return self.body.stream

    @property
    def subject(self) -> str:
        """The subject it is published under, such as `intent.submitted.<id>`."""
        return f"{self.body.subject}.{self.correlation_id}"

    @classmethod
    def about_intent(cls, body: IntentEvent, *, at_ns: int, because_of: UUID | None = None) -> Self:
        """Wrap a fact about an intent; the same fact always gets the same id."""
        name = f"{body.intent_id}/{body.type_name()}/{body.occasion()}"
        return cls._wrap(body, uuid5(_NAMESPACE, name), body.intent_id, at_ns, because_of)

    @classmethod
    def about_system(cls, body: SystemEvent, *, event_id: UUID, run_id: UUID, at_ns: int) -> Self:
        """Wrap a fact about the service; `run_id` names the run that it belongs to."""
        return cls._wrap(body, event_id, run_id, at_ns, None)

    @classmethod
    def _wrap(cls, body: Event, event_id: UUID, correlation: UUID, at_ns: int, cause: UUID | None) -> Self:
        return cls(
            id=event_id,
            type=body.type_name(),
            version=body.version,
            occurred_at=at_ns,
            correlation_id=correlation,
            causation_id=cause,
            body=body,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read an envelope back; an unknown type or version raises pydantic's ValidationError or KeyError."""
        outer = _Outer.model_validate_json(text)
        body_type = EVENT_TYPES[outer.type]
        if outer.version != body_type.version:
            raise KeyError(f"{outer.type} version {outer.version}")
        body = body_type.model_validate(outer.body, strict=False)
        return cls(**{**dict(outer), "body": body})

    def to_json(self) -> str:
        """The canonical text: what is hashed, stored and sent."""
        return self.model_dump_json()


class _Outer(Model):
    id: UUID
    type: str
    version: int
    occurred_at: int
    correlation_id: UUID
    causation_id: UUID | None
    body: dict[str, object]
