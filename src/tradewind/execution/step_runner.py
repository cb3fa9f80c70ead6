"""Takes one step from "perhaps signed already" to the chain's verdict, and tells the gate how it ended."""

from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.errors import Disposition, TradewindError
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.step_landing import StepLanding
from tradewind.execution.step_signing import StepSigning
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.state.view import IntentView
from tradewind.streaming.recorded import Recorded


class StepRunner:
    """Signs, lands and settles steps."""

    def __init__(self, *, signing: StepSigning, landing: StepLanding, signer: SignerClient, clock: Clock) -> None:
        self._signing = signing
        self._landing = landing
        self._signer = signer
        self._clock = clock

    async def run(
        self, plan: ExecutionPlan, step: PlanStep, view: IntentView, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """The receipt of the step, however long it takes; or why there is none and never will be."""
        was_sent = any(submitted.step == step.index for submitted in view.submitted)
        attempt = await self._signing.obtain(plan, step, gate_id=view.gate_id, was_sent=was_sent)
        if isinstance(attempt, WithoutReceipt):
            return attempt
        ended = await self._landing.land(plan, step, attempt, cause)
        if isinstance(ended, StepResult):
            await self._settle(plan, ended)
        return ended

    async def _settle(self, plan: ExecutionPlan, result: StepResult) -> None:
        """Tell the gate, before the intent is closed and nobody would any more."""
        endpoints, backoff = self._landing.endpoints(plan.chain_id), Backoff(self._clock)
        while True:
            try:
                return await self._signer.settle(plan.intent_id, result, endpoints=endpoints)
            except TradewindError as error:
                observe.waiting(intent_id=plan.intent_id, what="settlement", code=error.code, message=str(error))
                if error.disposition is Disposition.REJECT:
                    # The reservation stays as it was signed: never less than what was spent.
                    return None
            await backoff.pause()
