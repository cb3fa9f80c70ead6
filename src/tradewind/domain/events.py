"""Events: facts in the past tense, each type defined once, in one envelope.

An event that can happen only once to its subject gets its id from the subject, so that publishing it again after
a crash is recognised as the same event.
"""

from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator
from pydantic_core import PydanticKnownError

from tradewind.domain.amount import Raw
from tradewind.domain.balances import WalletBalances
from tradewind.domain.event import NAMESPACE, Event, SystemEvent
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.domain.fill import StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.model import Model, old_names
from tradewind.domain.opportunity_event import OpportunityFound
from tradewind.domain.plan import BlockRef, ExecutionPlan, StepKind
from tradewind.domain.receipt import Priority
from tradewind.domain.slice import Slice, SliceOutcome, SlicingDecision
from tradewind.domain.status import IntentStatus

# Native coins are counted in their smallest unit, whatever it is called: wei, lamports.
_IN_RAW = model_validator(mode="before")(old_names(fee_wei="fee_raw", native_balance_wei="native_balance_raw"))

# Moments are below it: a journal keeps them as 64-bit integers, and one that does not fit would fail its whole batch.
MOST_NS = 2**63


def _fits(moment_ns: int) -> int:
    if moment_ns >= MOST_NS:
        raise PydanticKnownError("less_than", {"lt": MOST_NS})
    return moment_ns


class IntentEvent(Event):
    """An event in the life of one intent."""

    intent_id: UUID

    def occasion(self) -> str:
        """What tells this event from others of its type for the same intent."""
        return ""


class ReversibleEvent(IntentEvent):
    """A fact of the chain that a reorganisation can take back, and that can become true again afterwards.

    `round` is how often the chain had taken something of the intent back before.
    """

    round: int = 0

    def occasion(self) -> str:
        return f"{self.round}" if self.round else ""


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
    submitted_by: str = "owner"


class IntentValidated(IntentEvent):
    """The chain agrees that the intent can be carried out."""

    stream = "INTENTS"
    subject = "intent.validated"

    amount_raw: Raw
    balance_in_raw: Raw
    native_balance_raw: Raw
    slippage_ceiling_ppm: int
    block_number: int

    _in_raw = _IN_RAW


class IntentRejected(IntentEvent):
    """The intent cannot be carried out; nothing was signed."""

    stream = "INTENTS"
    subject = "intent.rejected"
    status = IntentStatus.REJECTED

    code: str
    message: str


class IntentExpired(ReversibleEvent):
    """The deadline passed before anything was signed that could still take effect."""

    stream = "INTENTS"
    subject = "intent.expired"
    status = IntentStatus.EXPIRED

    code: str
    message: str


class IntentCancelRequested(IntentEvent):
    """Somebody asked for the end of the intent. What was not signed yet never will be."""

    stream = "INTENTS"
    subject = "intent.cancel_requested"

    by: str
    reason: str


class IntentCancelled(ReversibleEvent):
    """The intent ended by request, before anything was traded."""

    stream = "INTENTS"
    subject = "intent.cancelled"
    status = IntentStatus.CANCELLED

    code: str
    message: str


class IntentProcessed(IntentEvent):
    """The intent was decomposed into slices. Only the gate `gate_id` will know what is signed for them.

    `gate_records` is how much that gate had on record then: one that has less since has lost some.
    """

    stream = "INTENTS"
    subject = "intent.processed"

    slices: tuple[Slice, ...]
    because: str
    gate_id: str
    gate_records: int = 0
    slicing: SlicingDecision | None = None


class PlanCreated(IntentEvent):
    """A slice has its plan."""

    stream = "PLANNED"
    subject = "execution.planned"
    status = IntentStatus.PROCESSING

    plan: ExecutionPlan

    def occasion(self) -> str:
        return str(self.plan.slice_index)


class ExecutionStepSubmitted(IntentEvent):
    """A signed transaction was handed to the chain. `simulated_*` is what the chain said it would do.

    `nonce` is None on a chain without nonces.
    """

    stream = "EXECUTED"
    subject = "executed.submitted"

    plan_id: UUID
    step: int
    attempt: int
    kind: StepKind
    tx_hash: str
    nonce: int | None
    simulated_in_raw: Raw | None
    simulated_out_raw: Raw | None

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.step}/{self.attempt}"


class ExecutionStepSeen(IntentEvent):
    """A block has the transaction of a step, and too few blocks follow it to count on it."""

    stream = "EXECUTED"
    subject = "executed.seen"

    plan_id: UUID
    step: int
    tx_hash: str
    block: BlockRef

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.step}/{self.tx_hash}/{self.block.hash}"


class ExecutionStepConfirmed(ReversibleEvent):
    """The chain included the transaction of a step, deep enough; how it ended is in the result."""

    stream = "EXECUTED"
    subject = "executed.confirmed"

    plan_id: UUID
    result: StepResult

    def occasion(self) -> str:
        return "/".join((f"{self.plan_id}/{self.result.step}", *([str(self.round)] if self.round else [])))


class ExecutionStepReorganised(ReversibleEvent):
    """The chain took a transaction back that was confirmed or seen. The same bytes are sent again."""

    stream = "EXECUTED"
    subject = "executed.reorganised"
    status = IntentStatus.PROCESSING

    plan_id: UUID
    step: int
    tx_hash: str
    block: BlockRef

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.step}/{self.round}"


class ExecutionStepFinalized(IntentEvent):
    """No reorganisation can take the step back: its block is at or below `finalized`, by the word of `endpoints`."""

    stream = "EXECUTED"
    subject = "executed.finalized"

    plan_id: UUID
    step: int
    tx_hash: str
    block: BlockRef
    finalized: BlockRef
    endpoints: tuple[str, ...]

    def occasion(self) -> str:
        return f"{self.plan_id}/{self.step}"


class SliceEnded(ReversibleEvent):
    """One slice of the intent has ended. The amounts are those of its fill; `plan_id` is None if it had no plan."""

    stream = "EXECUTED"
    subject = "executed.slice"

    plan_id: UUID | None
    slice_index: int
    outcome: SliceOutcome
    code: str | None = None
    message: str | None = None
    filled_in_raw: Raw
    filled_out_raw: Raw
    fee_raw: Raw

    _in_raw = _IN_RAW

    def occasion(self) -> str:
        return "/".join((str(self.slice_index), *([str(self.round)] if self.round else [])))


class ExecutionCompleted(ReversibleEvent):
    """Every slice was filled. The amounts are those of the fills, not of the quotes."""

    stream = "EXECUTED"
    subject = "executed.success"
    status = IntentStatus.COMPLETED

    plan_id: UUID
    filled_in_raw: Raw
    filled_out_raw: Raw
    fee_raw: Raw

    _in_raw = _IN_RAW


class ExecutionPartiallyCompleted(ReversibleEvent):
    """Some slices were filled and the others will not be; `code` and `message` say why not."""

    stream = "EXECUTED"
    subject = "executed.partial"
    status = IntentStatus.PARTIALLY_COMPLETED

    code: str
    message: str
    filled_in_raw: Raw
    filled_out_raw: Raw
    fee_raw: Raw

    _in_raw = _IN_RAW


class ExecutionFailed(ReversibleEvent):
    """The intent ended without a fill, proven. `fee_raw` is what the attempt cost."""

    stream = "EXECUTED"
    subject = "executed.failed"
    status = IntentStatus.FAILED

    plan_id: UUID | None
    code: str
    message: str
    fee_raw: Raw

    _in_raw = _IN_RAW


class RequestAccepted(Event):
    """A request that changes something was taken under its sender's key: the same key never means another request.

    `owner` is the name of the token, `scope` what the request needed, `body_sha256` the digest of its bytes.
    """

    stream = "SYSTEM"
    subject = "request.accepted"

    owner: str
    token_id: str
    scope: str
    key: str
    method: str
    path: str
    body_sha256: str
    intent_id: UUID | None

    @staticmethod
    def event_id(owner: str, key: str) -> UUID:
        """The id of the event for this key of this owner."""
        return uuid5(NAMESPACE, f"request/{owner}/{key}")

    @staticmethod
    def intent_id_of(owner: str, key: str) -> UUID:
        """The id of an intent that was sent under this key without one."""
        return uuid5(NAMESPACE, f"intent of request/{owner}/{key}")


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
    """After this nothing is signed in its scope until it is released. Without wallet and strategy: nothing at all."""

    subject = "system.killswitch"

    kill_epoch: int
    by: str
    reason: str
    wallet: str | None = None
    strategy_id: str | None = None


class KillSwitchReleased(SystemEvent):
    """Signing is possible again."""

    subject = "system.resumed"

    kill_epoch: int
    by: str


class HaltRequested(SystemEvent):
    """Somebody on the bus asks for a halt: whoever hears it halts through its gate. Nothing on the bus ends one."""

    subject = "system.killswitch"

    by: str
    reason: str
    wallet: str | None = None
    strategy_id: str | None = None


class ShutdownRequested(SystemEvent):
    """Somebody on the bus asks executors to stop in good order; those started after it was asked do not obey."""

    subject = "system.shutdown"

    by: str
    reason: str


class ExecutorStopped(SystemEvent):
    """An executor stopped. `open_plans` are those it leaves to the next start: their bytes are with the gate."""

    subject = "metrics.executor.stopped"

    executor: str
    reason: str
    open_plans: int


class PlanLeftToAnother(SystemEvent):
    """A plan that this executor had taken is carried out by another one with the same gate."""

    subject = "system.plan_left"

    plan_id: UUID
    wallet: str


class BalancesObserved(SystemEvent):
    """A wallet was read at one block. The opening is what its accounts start from; later ones are checkpoints."""

    subject = "system.balances"

    opening: bool
    balances: WalletBalances


class ReceiptsReclaimed(SystemEvent):
    """The rents of receipts came back to their wallet, in a final block. One that failed there has no `receipts`, gave
    nothing back, and cost its fee."""

    subject = "system.receipts"

    chain_id: int
    wallet: str
    signature: str
    block: BlockRef
    receipts: Annotated[int, Field(ge=0)]
    lamports_back: Raw
    fee_lamports: Raw


class WalletToppedUp(SystemEvent):
    """The treasury topped a wallet up, in a final block. A transfer that failed there brought no `lamports`, and cost
    the treasury its fee."""

    subject = "system.top_ups"

    chain_id: int
    treasury: str
    wallet: str
    signature: str
    block: BlockRef
    lamports: Raw
    fee_lamports: Raw


EVENT_TYPES: dict[str, type[Event]] = {
    event.type_name(): event
    for event in (
        IntentSubmitted,
        IntentValidated,
        IntentRejected,
        IntentExpired,
        IntentCancelRequested,
        IntentCancelled,
        IntentProcessed,
        PlanCreated,
        ExecutionStepSubmitted,
        ExecutionStepSeen,
        ExecutionStepConfirmed,
        ExecutionStepReorganised,
        ExecutionStepFinalized,
        SliceEnded,
        ExecutionCompleted,
        ExecutionPartiallyCompleted,
        ExecutionFailed,
        RequestAccepted,
        ServiceStarted,
        ServiceStopped,
        KillSwitchEngaged,
        KillSwitchReleased,
        BalancesObserved,
        ReceiptsReclaimed,
        WalletToppedUp,
        OpportunityFound,
        ExecutionPlanEvent,
        ExecutionResultEvent,
        HaltRequested,
        ShutdownRequested,
        ExecutorStopped,
        PlanLeftToAnother,
    )
}


class Envelope(Model):
    """An event on its way: who, what, when (nanoseconds UTC), about which intent, because of which event."""

    id: UUID
    type: str
    version: int
    occurred_at: Annotated[int, AfterValidator(_fits)] = Field(ge=0)
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
        return f"{self.body.published_under()}.{self.correlation_id}"

    @classmethod
    def about_intent(cls, body: IntentEvent, *, at_ns: int, because_of: UUID | None = None) -> Self:
        """Wrap a fact about an intent; the same fact always gets the same id."""
        name = f"{body.intent_id}/{body.type_name()}/{body.occasion()}"
        return cls._wrap(body, uuid5(NAMESPACE, name), body.intent_id, at_ns, because_of)

    @classmethod
    def about_request(cls, body: RequestAccepted, *, at_ns: int) -> Self:
        """Wrap a fact about a request; the same key of the same owner always gets the same id."""
        event_id = body.event_id(body.owner, body.key)
        return cls._wrap(body, event_id, event_id, at_ns, None)

    @classmethod
    def about_plan(
        cls,
        body: OpportunityFound | ExecutionPlanEvent | ExecutionResultEvent,
        *,
        at_ns: int,
        because_of: UUID | None = None,
    ) -> Self:
        """Wrap an opportunity, a plan for an executor or its result; the same fact always gets the same id."""
        return cls._wrap(body, body.event_id(), body.opportunity_id, at_ns, because_of)

    @classmethod
    def about_system(
        cls, body: SystemEvent, *, event_id: UUID, run_id: UUID, at_ns: int, because_of: UUID | None = None
    ) -> Self:
        """Wrap a fact about the service; `run_id` names the run that it belongs to."""
        return cls._wrap(body, event_id, run_id, at_ns, because_of)

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
        body = body_type.model_validate(outer.body, strict=False, by_alias=True, by_name=False)
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
