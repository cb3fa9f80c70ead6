"""Stops a step that is not signed yet: the gate closes it, so that nothing is ever signed for it."""

from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.errors import Damaged, TradewindError
from tradewind.execution.signer_client import SignerClient
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.state.coordinator import StateCoordinator


class StepStopping:
    """Asks the gate, and believes only the one that the intent began with."""

    def __init__(self, *, state: StateCoordinator, signer: SignerClient, clock: Clock) -> None:
        self._state = state
        self._signer = signer
        self._clock = clock

    async def stop(self, plan: ExecutionPlan, step: PlanStep) -> bool:
        """Whether the gate has closed the step. False: a transaction is on record, and the chain has the last word."""
        backoff = Backoff(self._clock)
        while True:
            view = self._state.intent(plan.intent_id)
            if view is None or any(submitted.step == step.index for submitted in view.submitted):
                return False
            try:
                gate = await self._signer.hello()
                if view.processed is None or gate.gate_id != view.gate_id or gate.records < view.processed.gate_records:
                    raise Damaged(
                        "gate_replaced",
                        "The signer's gate is not the one that this intent began with, or has lost records since: it "
                        "cannot say what was signed.",
                        remedy="Stop the signer and put its gate file back; nothing is cancelled until then.",
                    )
                return await self._signer.close(plan.intent_id, step.index)
            except TradewindError as error:
                observe.waiting(intent_id=plan.intent_id, what="cancel", code=error.code, message=str(error))
            await backoff.pause()
