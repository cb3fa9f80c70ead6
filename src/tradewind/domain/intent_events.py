"""What happens to an intent, from its submission to its end."""

from uuid import UUID

from pydantic import model_validator

from tradewind.domain.amount import Raw
from tradewind.domain.event import Event
from tradewind.domain.fill import StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.model import old_names
from tradewind.domain.plan import BlockRef, ExecutionPlan, StepKind
from tradewind.domain.receipt import Priority
from tradewind.domain.slice import Slice, SliceOutcome, SlicingDecision
from tradewind.domain.status import IntentStatus

# Native coins are counted in their smallest unit, whatever it is called: wei, lamports.
_IN_RAW = model_validator(mode="before")(old_names(fee_wei="fee_raw", native_balance_wei="native_balance_raw"))


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
