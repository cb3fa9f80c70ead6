"""Takes one step from "perhaps signed already" to the chain's answer. What is final is settled by FinalityWatch."""

from typing import Protocol

from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.step_landing import StepLanding
from tradewind.execution.step_signing import StepSigning
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded


class StepRunner(Protocol):
    """Carries out steps on one chain."""

    async def run(
        self, plan: ExecutionPlan, step: PlanStep, view: IntentView, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """How the step ended on chain, however long it takes; or why it is not there and never will be."""
        ...


class EvmStepRunner:
    """Signs and lands steps on EVM chains."""

    def __init__(self, *, signing: StepSigning, landing: StepLanding) -> None:
        self._signing = signing
        self._landing = landing

    async def run(
        self, plan: ExecutionPlan, step: PlanStep, view: IntentView, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """The receipt of the step, however long it takes; or why there is none and never will be."""
        attempts = await self._signing.obtain(plan, step, view)
        if isinstance(attempts, WithoutReceipt):
            return attempts
        return await self._landing.land(plan, step, attempts, cause)
