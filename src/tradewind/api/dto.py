"""What the API sends and takes: shapes only. Amounts are strings; times are ISO 8601 UTC beside nanoseconds."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from tradewind.api.check import Check
from tradewind.domain.address import Address
from tradewind.domain.fill import ConfirmationLevel
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.model import Model
from tradewind.domain.receipt import Priority
from tradewind.domain.slice import SliceOutcome
from tradewind.domain.status import IntentStatus

RawText = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="Smallest units, as a decimal string.")]

Outcome = Literal["pending", "succeeded", "reverted", "cancelled", "superseded"]


class Shown(BaseModel):
    """Base of everything sent."""

    model_config = ConfigDict(frozen=True)


class HaltRequest(Model):
    """Stop signing: everything, or what is asked for one wallet or one strategy."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    wallet: Address | None = None
    strategy_id: Annotated[UUID, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _at_most_one_scope(self) -> Self:
        if self.wallet is not None and self.strategy_id is not None:
            raise PydanticCustomError("halt_scope", "names a wallet and a strategy. Halt one, then the other.")
        return self


class ResumeRequest(Model):
    """End one halt: `kill_epoch` is its own, as GET /halt shows it; `confirm` is the second look."""

    kill_epoch: Annotated[int, Field(ge=0, lt=2**53)]
    confirm: Literal["resume"]


class HaltShown(Shown):
    """A halt in force. Without wallet and strategy it stops everything."""

    kill_epoch: int
    wallet: str | None
    strategy_id: str | None
    reason: str
    by: str
    at: str


class HaltAnswer(Shown):
    """What became of the halt of this epoch: whether it is in force now, and what it stops."""

    halted: bool
    kill_epoch: int
    wallet: str | None = None
    strategy_id: str | None = None
    reason: str | None = None


class SwitchShown(Shown):
    """Where the kill switch stands. The first three speak of the halt of everything, `halts` lists all in force."""

    halted: bool
    kill_epoch: int
    reason: str | None
    halts: tuple[HaltShown, ...]


class Health(Shown):
    """The process answers; nothing more is said."""

    status: Literal["ok"] = "ok"


class ReadinessShown(Shown):
    """Whether intents can be carried out now, check by check."""

    ready: bool
    checks: tuple[Check, ...]


class Amount(Shown):
    """An amount of a token. `decimal` and `symbol` are absent for a token that is not listed."""

    raw: RawText
    decimal: str | None
    symbol: str | None
    token: str | None


class Moment(Shown):
    """One event of an intent, and the time since it was received and since the event before."""

    event: str
    at: str
    at_ns: int
    after_ms: float
    since_previous_ms: float
    seq: int


class HopShown(Shown):
    """One pool of the route."""

    venue: str
    pool: str
    fee_percent: str
    pays: Amount
    gets: Amount


class LegShown(Shown):
    """One path of a split, in the order of execution. `share_percent` is of the amount that is exact."""

    share_percent: str
    route: str
    hops: tuple[HopShown, ...]
    pays: Amount
    gets: Amount
    worst_pay: Amount
    worst_get: Amount


class StepShown(Shown):
    """One transaction of the plan."""

    index: int
    kind: str
    venue: str
    target: str | None


class PlanShown(Shown):
    """The chosen route: what it was quoted, and the worst it may do. `hops` are those of all `legs`, one after another.

    `reached_percent` is how much of the best that any routing over the same pools could do is reached.
    """

    plan_id: UUID
    slice_index: int
    executor: str
    route: str
    hops: tuple[HopShown, ...]
    legs: tuple[LegShown, ...]
    reached_percent: str | None
    quoted_pay: Amount
    quoted_get: Amount
    worst_pay: Amount
    worst_get: Amount
    price_impact_percent: str
    fee_percent: str
    expected_network_fee: Amount
    worst_network_fee: Amount
    deadline: str
    quoted_at_block: int
    routes_considered: int
    steps: tuple[StepShown, ...]


class TransactionShown(Shown):
    """One signed transaction. `outcome` superseded: the chain took another of its step.

    `level` says how firmly the chain holds it: submitted (handed over), seen (in a block), confirmed (as deep as
    configured), finalized (no reorganisation can take it back).
    """

    plan_id: UUID
    step: int
    attempt: int
    kind: str
    tx_hash: str
    nonce: int | None
    simulated_pay: Amount | None
    simulated_get: Amount | None
    outcome: Outcome
    level: ConfirmationLevel
    block_number: int | None
    block_hash: str | None
    gas_used: int | None
    network_fee: Amount | None
    revert_reason: str | None


class SliceShown(Shown):
    """One part of the intent: planned at `not_before` or later (None: at once), and how it ended, once it has."""

    index: int
    amount: Amount
    not_before: str | None
    outcome: SliceOutcome | None = None
    code: str | None = None
    message: str | None = None


class FillShown(Shown):
    """What really moved, read from the chain. `price` is for people: paid and got as whole tokens."""

    paid: Amount
    got: Amount
    network_fee: Amount
    price: str | None


class End(Shown):
    """Why an intent ended without its fill."""

    code: str
    message: str


class IntentSummary(Shown):
    """One line about an intent."""

    id: UUID
    strategy_id: UUID
    wallet: str
    status: IntentStatus
    intent_type: IntentType
    wants: str
    priority: int
    received_at: str
    valid_until: str
    links: dict[str, str]


class IntentPage(Shown):
    """Intents, the newest first; `next` leads to the older ones, as `next_cursor` does."""

    intents: tuple[IntentSummary, ...]
    next: str | None
    next_cursor: str | None


class IntentShown(Shown):
    """Everything about one intent.

    `is_final`: it has ended. `is_settled`: and no reorganisation of the chain can open it again. `slices_because` says
    why it was cut into as many slices as it was; `cancel_requested` who asked for its end.
    """

    id: UUID
    status: IntentStatus
    is_final: bool
    is_settled: bool
    wants: str
    wallet: str
    priority: Priority
    received_at: str
    received_at_ns: int
    valid_until: str
    valid_until_ns: int
    time_left_ms: int | None
    timeline: tuple[Moment, ...]
    submitted_by: str
    cancel_requested: str | None
    slices: tuple[SliceShown, ...]
    slices_because: str | None
    plans: tuple[PlanShown, ...]
    transactions: tuple[TransactionShown, ...]
    fill: FillShown | None
    end: End | None
    intent: Intent
    links: dict[str, str]
