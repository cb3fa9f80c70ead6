"""What the API sends and takes: shapes only. Amounts are strings; times are ISO 8601 UTC beside nanoseconds."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tradewind.api.ports import Check
from tradewind.domain.events import Envelope
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.model import Model
from tradewind.domain.receipt import Priority
from tradewind.domain.status import IntentStatus

RawText = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="Smallest units, as a decimal string.")]

Outcome = Literal["pending", "succeeded", "reverted", "superseded"]


class Shown(BaseModel):
    """Base of everything sent."""

    model_config = ConfigDict(frozen=True)


class HaltRequest(Model):
    """Stop signing."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ResumeRequest(Model):
    """Sign again: `kill_epoch` is the one that GET /halt shows, `confirm` the second look."""

    kill_epoch: Annotated[int, Field(ge=0, lt=2**63)]
    confirm: Literal["resume"]


class SwitchShown(Shown):
    """Where the kill switch stands."""

    halted: bool
    kill_epoch: int
    reason: str | None


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


class StepShown(Shown):
    """One transaction of the plan."""

    index: int
    kind: str
    venue: str
    target: str


class PlanShown(Shown):
    """The chosen route: what it was quoted, and the worst it may do."""

    plan_id: UUID
    slice_index: int
    executor: str
    route: str
    hops: tuple[HopShown, ...]
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
    """One signed transaction. `outcome` superseded: the chain took another of its step."""

    plan_id: UUID
    step: int
    attempt: int
    kind: str
    tx_hash: str
    nonce: int
    simulated_pay: Amount | None
    simulated_get: Amount | None
    outcome: Outcome
    block_number: int | None
    block_hash: str | None
    gas_used: int | None
    network_fee: Amount | None
    revert_reason: str | None


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
    status: IntentStatus
    intent_type: IntentType
    wants: str
    priority: int
    received_at: str
    valid_until: str
    links: dict[str, str]


class IntentPage(Shown):
    """Intents, the newest first; `next` leads to the older ones."""

    intents: tuple[IntentSummary, ...]
    next: str | None


class IntentShown(Shown):
    """Everything about one intent."""

    id: UUID
    status: IntentStatus
    is_final: bool
    wants: str
    wallet: str
    priority: Priority
    received_at: str
    received_at_ns: int
    valid_until: str
    valid_until_ns: int
    time_left_ms: int | None
    timeline: tuple[Moment, ...]
    plans: tuple[PlanShown, ...]
    transactions: tuple[TransactionShown, ...]
    fill: FillShown | None
    end: End | None
    intent: Intent
    links: dict[str, str]


class RecordedShown(Shown):
    """An event as it stands in the journal, at `seq`, under the hash that chains it to the one before."""

    seq: int
    hash: str
    envelope: Envelope


class EventPage(Shown):
    """Every event of an intent, in order."""

    events: tuple[RecordedShown, ...]
