"""FlashLoanExecutor: wraps any executor's transaction in a loan that is repaid at its end."""

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.errors import Refused
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.outcomes import Expired, Outcome
from tradewind.execution.executors.ports import (
    ComputeBudget,
    LaneHealth,
    Sent,
    SignedAttempt,
    Tip,
    UnsignedTransaction,
)

LEAST_UNITS = 600_000
LEAST_PRICE_MICRO_LAMPORTS = 2_000_000


class FlashLoanExecutor(BaseExecutor):
    """Sends, tips and confirms as its base does. The builder puts the loan around the swaps, because the plan asks for
    it; here it is given the compute units that borrowing and repaying take."""

    def __init__(self, base: BaseExecutor) -> None:
        super().__init__(base.config, base.parts, base.lane)
        self._base = base
        self.stages = base.stages

    @property
    def name(self) -> str:
        """That of its base, marked."""
        return f"{self._base.name}+flash_loan"

    @property
    def method(self) -> ExecutionMethod:  # type: ignore[override]
        """That of its base."""
        return self._base.method

    async def build_transaction(self, plan: ExecutionPlanEvent, wallet: str, *, attempt: int) -> UnsignedTransaction:
        """Raises Refused `flash_loan_missing` for a plan without one."""
        if plan.flash_loan is None:
            raise Refused("flash_loan_missing", "The plan names no flash loan.", remedy="Send it to another executor.")
        return await super().build_transaction(plan, wallet, attempt=attempt)

    def compute_budget(self, plan: ExecutionPlanEvent) -> ComputeBudget:
        """At least what a loan takes, and the priority that it is worth."""
        planned = self._base.compute_budget(plan)
        return ComputeBudget(
            max(planned.unit_limit, LEAST_UNITS), max(planned.unit_price_micro_lamports, LEAST_PRICE_MICRO_LAMPORTS)
        )

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip | None:
        """That of its base."""
        return await self._base.tip(plan, attempt=attempt)

    async def sign_transaction(
        self,
        plan: ExecutionPlanEvent,
        wallet: str,
        *,
        attempt: int,
        unsigned: UnsignedTransaction,
        proof: Expired | None,
    ) -> SignedAttempt:
        """As its base does."""
        return await self._base.sign_transaction(plan, wallet, attempt=attempt, unsigned=unsigned, proof=proof)

    async def submit_transaction(self, attempt: SignedAttempt) -> Sent:
        """As its base does."""
        return await self._base.submit_transaction(attempt)

    async def confirm_transaction(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """As its base does."""
        return await self._base.confirm_transaction(attempt, within_ms=within_ms)

    async def health(self) -> LaneHealth:
        """That of its base."""
        return await self._base.health()
