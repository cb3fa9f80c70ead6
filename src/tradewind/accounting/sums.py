"""What a strategy traded, paid and earned on one chain: sums of booked steps, in wei, counts and reference dollars."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.accounting.step_entry import StepEntry
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import StepKind

ZERO = Decimal(0)
# Strategy and chain.
StrategyKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Booked:
    """A step with what it came to. `value_usd`, `gas_usd` and `realised_usd` are None where a price is unknown."""

    entry: StepEntry
    value_usd: Decimal | None
    pool_fee_usd: Decimal | None
    gas_usd: Decimal | None
    realised_usd: Decimal | None


@dataclass(slots=True)
class Sums:
    """`gas_*` is that of fills. What has no price is in no sum of dollars, and in `unpriced_*`, counted by step."""

    fills: int = 0
    volume_usd: Decimal = ZERO
    pool_fees_usd: Decimal = ZERO
    gas_wei: int = 0
    gas_usd: Decimal = ZERO
    approvals: int = 0
    approvals_wei: int = 0
    approvals_usd: Decimal = ZERO
    reverted: int = 0
    cancelled: int = 0
    failed_wei: int = 0
    failed_usd: Decimal = ZERO
    realised_usd: Decimal = ZERO
    unpriced_fills: int = 0
    unpriced_profits: int = 0
    unpriced_gas: int = 0

    @property
    def steps(self) -> int:
        """How many steps were counted."""
        return self.fills + self.approvals + self.reverted + self.cancelled

    @property
    def costs_wei(self) -> int:
        """Everything paid in the native coin."""
        return self.gas_wei + self.approvals_wei + self.failed_wei

    @property
    def costs_usd(self) -> Decimal:
        """Everything paid in the native coin, at its price when it was paid."""
        return self.gas_usd + self.approvals_usd + self.failed_usd

    @property
    def net_usd(self) -> Decimal:
        """Realised profit less gas of every kind. Fees of pools are inside the fills."""
        return self.realised_usd - self.costs_usd

    def add(self, booked: Booked) -> None:
        """Count one step."""
        entry, gas_usd = booked.entry, booked.gas_usd or ZERO
        self.unpriced_gas += booked.gas_usd is None
        if entry.outcome is not StepOutcome.SUCCEEDED:
            self.reverted += entry.outcome is StepOutcome.REVERTED
            self.cancelled += entry.outcome is StepOutcome.CANCELLED
            self.failed_wei += entry.fee_raw
            self.failed_usd += gas_usd
        elif entry.kind is StepKind.APPROVE:
            self.approvals += 1
            self.approvals_wei += entry.fee_raw
            self.approvals_usd += gas_usd
        else:
            self._add_fill(booked, gas_usd)

    def _add_fill(self, booked: Booked, gas_usd: Decimal) -> None:
        self.fills += 1
        self.gas_wei += booked.entry.fee_raw
        self.gas_usd += gas_usd
        self.volume_usd += booked.value_usd or ZERO
        self.pool_fees_usd += booked.pool_fee_usd or ZERO
        self.realised_usd += booked.realised_usd or ZERO
        self.unpriced_fills += booked.value_usd is None
        self.unpriced_profits += booked.realised_usd is None
