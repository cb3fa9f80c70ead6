"""What an executor is asked for, how it is configured, and what it answers."""

from dataclasses import dataclass, field
from typing import Literal

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ProgramError
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed, Reverted, Superseded
from tradewind.execution.executors.ports import Blockhashes, Builder, Confirmations, Gate, RecordedStep
from tradewind.observability.clock import Clock

Commitment = Literal["processed", "confirmed", "finalized"]
Final = Landed | Reverted | Expired | Dropped | Superseded


@dataclass(frozen=True, slots=True)
class ExecutorConfig:
    """`confirmation_timeout_ms` bounds one question about a signature, not the wait for its proof.

    Pauses between sendings of the same bytes grow from `retry_delay_ms` to `longest_delay_ms`. An executor signs at
    most `max_attempts` times for a step, each time after the attempt before was proven dead.
    """

    name: str
    compute_unit_limit: int = 400_000
    compute_unit_price_micro_lamports: int = 1_000_000
    confirmation_timeout_ms: int = 30_000
    confirmation_commitment: Commitment = "confirmed"
    max_attempts: int = 3
    retry_delay_ms: int = 400
    longest_delay_ms: int = 2_000
    max_transaction_bytes: int = 1_232


@dataclass(frozen=True, slots=True)
class ExecutorParts:
    """Who does the work."""

    builder: Builder
    gate: Gate
    blockhashes: Blockhashes
    confirmations: Confirmations
    clock: Clock


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """One plan and the wallet for it. `recorded` is what the gate had for its step when it was taken up.

    After `timeout_ms` from `taken_at_ms` the plan's sender is told that nothing is proven yet.
    """

    plan: ExecutionPlanEvent
    wallet: str
    timeout_ms: int
    taken_at_ms: int
    recorded: RecordedStep = field(default_factory=RecordedStep)


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """How a plan ended. `code` and `message` are None for what landed; times are milliseconds since 1970."""

    outcome: Final
    attempts: int
    code: str | None = None
    message: str | None = None
    first_sent_ms: int | None = None
    confirmed_ms: int | None = None

    @property
    def signature(self) -> str | None:
        """Of the transaction that the outcome speaks of."""
        return self.outcome.signature

    @property
    def program_error(self) -> ProgramError | None:
        """What the program said, when it reverted."""
        return self.outcome.error if isinstance(self.outcome, Reverted) else None
