"""What an executor needs of others, and nothing more: who builds, who signs, who sends, who knows the chain.

Blocking calls of the Rust classes behind them run on threads; nothing here holds up the event loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed, Outcome, Reverted, Superseded


@dataclass(frozen=True, slots=True)
class Blockhash:
    """A recent blockhash, and the last block height at which a transaction with it can land."""

    hash: str
    last_valid_block_height: int
    slot: int


@dataclass(frozen=True, slots=True)
class Tip:
    """What a block engine is paid inside the transaction."""

    account: str
    lamports: int


@dataclass(frozen=True, slots=True)
class ComputeBudget:
    """The first two instructions of every transaction."""

    unit_limit: int
    unit_price_micro_lamports: int


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """Everything that decides the bytes of a transaction.

    `receipt` draws the seed of the step's on-chain receipt; None when the gate works without. The builder calls it
    once it knows that the receipt fits, for a step that has drawn one is never signed without it; it says in what it
    returns whether there is one.
    """

    plan: ExecutionPlanEvent
    wallet: str
    blockhash: Blockhash
    compute_budget: ComputeBudget
    tip: Tip | None = None
    receipt: Callable[[], Awaitable[str | None]] | None = None


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """The transaction that is to be signed, and what it weighs.

    `message` is the whole of it as it travels, with signatures of zeros. `lookup_tables` are those it reads, with what
    is in them.
    """

    message: bytes
    size_bytes: int
    blockhash: Blockhash
    has_receipt: bool
    lookup_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedAttempt:
    """One attempt of a step, as the gate has it on record: these bytes, and no others, may be sent for it."""

    attempt: int
    wallet: str
    signature: str
    transaction: bytes
    last_valid_block_height: int
    has_receipt: bool = False


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """What the gate has on record for a step, oldest attempt first. `ended` when it settled or closed the step;
    `pending` when an attempt is on record that is not signed."""

    attempts: tuple[SignedAttempt, ...] = ()
    closed: bool = False
    ended: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """How a lane has done lately. `success_ppm` is the share of its sendings that it took."""

    healthy: bool
    success_ppm: int = 1_000_000
    latency_ms: int | None = None
    detail: str = ""


Maker = Literal["wallet", "stranger"]
SendKind = Literal["accepted", "already_known", "refused", "rate_limited", "unreachable", "unknown"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of handing a transaction over; never that it landed. `reference` is the lane's own, such as a
    bundle's id. `unknown` may have been taken."""

    kind: SendKind
    lane: str = ""
    code: str | None = None
    detail: str = ""
    reference: str | None = None
    retry_after_ms: int | None = None

    @property
    def may_have_been_taken(self) -> bool:
        """Whether the bytes may be on their way."""
        return self.kind in {"accepted", "already_known", "unknown"}


@dataclass(frozen=True, slots=True)
class Reservation:
    """Part of a wallet that is this plan's until it is settled or released. `token` is the wallets' own."""

    wallet: str
    token: object = None


class Builder(Protocol):
    """Makes the message of a plan. Pure: the same request gives the same bytes."""

    async def build(self, request: BuildRequest) -> UnsignedTransaction:
        """Raises Refused when the plan cannot be a transaction: `transaction_too_large`, `venue_unsupported`."""
        ...


class Blockhashes(Protocol):
    """Recent blockhashes of a safe age."""

    async def latest(self) -> Blockhash:
        """Raises Unavailable `blockhash_unavailable`."""
        ...


class Gate(Protocol):
    """The sign-gate: the one record of what was signed."""

    async def step(self, owner: UUID, step: int) -> RecordedStep:
        """Everything on record for a step."""
        ...

    async def receipt_seed(self, plan: ExecutionPlanEvent, wallet: str) -> str | None:
        """The seed of the step's on-chain receipt, drawn once; None when the gate works without receipts."""
        ...

    async def sign(
        self,
        plan: ExecutionPlanEvent,
        wallet: str,
        *,
        attempt: int,
        unsigned: UnsignedTransaction,
        proof: Expired | None,
    ) -> SignedAttempt:
        """Record the attempt, then sign it. `proof` is what shows that the attempt before can no longer land.

        Raises Refused (policy, or `attempt_alive`, `step_closed`, `step_of_another_wallet`) and Halted.
        """
        ...

    async def close(self, owner: UUID, step: int) -> bool:
        """Have the step never signed. False: an attempt is on record, and has to be followed to its end."""
        ...

    async def expire(self, plan: ExecutionPlanEvent) -> None:
        """Settle as expired a step of which an attempt is recorded and none is signed, and have it never signed.

        Raises Refused: `attempt_alive` before the end of that attempt, `attempt_order` when it may have been signed
        once, `newer_attempt` when one is signed.
        """
        ...

    async def settle(self, plan: ExecutionPlanEvent, outcome: Landed | Reverted | Expired) -> None:
        """Tell how the step ended: its budget is settled, and it is never signed again.

        Raises Refused `newer_attempt` when an attempt is on record that the outcome does not speak of.
        """
        ...

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        """Stop signing in this scope. The answer is the kill epoch."""
        ...

    async def halted(self, *, wallet: str | None = None, strategy_id: str | None = None) -> bool:
        """Whether a halt that covers this scope is in force already."""
        ...

    async def gate_id(self) -> str:
        """Which gate this is: executors that share work must share it."""
        ...


class Lane(Protocol):
    """One way to send a signed transaction."""

    @property
    def name(self) -> str:
        """`jito`, `tpu` or `rpc`."""
        ...

    async def send(self, attempt: SignedAttempt) -> Sent:
        """Hand the bytes over. Sending the same bytes twice is harmless. Raises nothing."""
        ...

    async def health(self) -> LaneHealth:
        """As measured lately; asks nobody."""
        ...


class TippingLane(Lane, Protocol):
    """A lane that is paid by a tip inside the transaction."""

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip:
        """Where to and how much for this attempt: by profit, floor, step and cap."""
        ...


class Confirmations(Protocol):
    """What the chain says about signatures, by as many endpoints as the matter asks for."""

    async def outcome(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """Wait up to `within_ms` for a word on this attempt; Unknown when there is none."""
        ...

    async def receipt_maker(self, attempt: SignedAttempt) -> Maker | None:
        """Who made the receipt that this attempt found in use: a transaction that the step's wallet signed, or a
        stranger's. By final blocks, so that it is for ever; None as long as they do not tell."""
        ...


class Wallets(Protocol):
    """The wallets of this executor."""

    async def reserve(self, plan: ExecutionPlanEvent) -> Reservation:
        """A healthy wallet with room, or the one of the plan.

        Raises Unavailable `no_wallet_free` and Refused `wallet_unknown`.
        """
        ...

    async def settle(self, reservation: Reservation, *, slot: int, succeeded: bool) -> None:
        """The plan's transaction is in the block of `slot`; what it took is free again once that is observed."""
        ...

    async def release(self, reservation: Reservation, *, failed: bool) -> None:
        """Nothing was spent, and nothing can be any more."""
        ...

    def owns(self, wallet: str) -> bool:
        """Whether it is one of this executor's."""
        ...


__all__ = [
    "Blockhash",
    "Blockhashes",
    "BuildRequest",
    "Builder",
    "ComputeBudget",
    "Confirmations",
    "Dropped",
    "Expired",
    "Gate",
    "Landed",
    "Lane",
    "LaneHealth",
    "Outcome",
    "RecordedStep",
    "Reservation",
    "Reverted",
    "Sent",
    "SignedAttempt",
    "Superseded",
    "Tip",
    "TippingLane",
    "UnsignedTransaction",
    "Wallets",
]
