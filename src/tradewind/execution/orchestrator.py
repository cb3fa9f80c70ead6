"""Carries a plan out, step by step, until the chain has said how each one ended.

There is one path for a fresh start, a retry and a recovery: look at what is recorded, do the next thing. Whether a
step was signed is asked of the gate and of nobody else.
"""

from tradewind.domain.events import (
    Envelope,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionStepConfirmed,
    IntentEvent,
    IntentExpired,
    PlanCreated,
)
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import ExecutionPlan
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.step_runner import StepRunner
from tradewind.observability.clock import Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class ExecutionOrchestrator:
    """Hears PlanCreated; publishes each step's progress and then ExecutionCompleted or ExecutionFailed."""

    def __init__(
        self, *, stream: EventStream, state: StateCoordinator, runner: StepRunner, clock: Clock, executor: str
    ) -> None:
        self._stream = stream
        self._state = state
        self._runner = runner
        self._clock = clock
        self._executor = executor

    async def on_plan_created(self, recorded: Recorded) -> None:
        """Take the plan to its end, unless it has ended or is another executor's."""
        body = recorded.envelope.body
        view = self._state.intent(recorded.envelope.correlation_id)
        if not isinstance(body, PlanCreated) or view is None or view.status.is_final:
            return
        if body.plan.executor == self._executor:
            await self._carry_out(body.plan, view, recorded)

    async def _carry_out(self, plan: ExecutionPlan, view: IntentView, cause: Recorded) -> None:
        results: list[StepResult] = []
        for step in plan.steps:
            done = next((result for result in view.results if result.step == step.index), None)
            if done is None:
                ended = await self._runner.run(plan, step, view, cause)
                if isinstance(ended, WithoutReceipt):
                    await self._publish(cause, _ended_without_receipt(plan, ended, results))
                    return
                done = ended
            results.append(done)
            if done.outcome is StepOutcome.REVERTED or step is plan.steps[-1]:
                await self._publish(cause, _confirmed(plan, done), _ended(plan, results))
                return
            await self._publish(cause, _confirmed(plan, done))

    async def _publish(self, cause: Recorded, *bodies: IntentEvent) -> None:
        at_ns = self._clock.now_ns()
        because_of = cause.envelope.id
        await self._stream.publish(*(Envelope.about_intent(b, at_ns=at_ns, because_of=because_of) for b in bodies))


def _confirmed(plan: ExecutionPlan, result: StepResult) -> ExecutionStepConfirmed:
    return ExecutionStepConfirmed(intent_id=plan.intent_id, plan_id=plan.plan_id, result=result)


def _ended(plan: ExecutionPlan, results: list[StepResult]) -> IntentEvent:
    fee_wei = sum(result.fee_wei for result in results)
    fill = results[-1].fill
    if results[-1].outcome is StepOutcome.REVERTED or fill is None:
        return ExecutionFailed(
            intent_id=plan.intent_id,
            plan_id=plan.plan_id,
            code=results[-1].revert_code or "reverted",
            message=_why_reverted(results[-1]),
            fee_wei=fee_wei,
        )
    return ExecutionCompleted(
        intent_id=plan.intent_id,
        plan_id=plan.plan_id,
        filled_in_raw=fill.amount_in_raw,
        filled_out_raw=fill.amount_out_raw,
        fee_wei=fee_wei,
    )


_MEANING = {
    "price_moved": "the price moved beyond the limit",
    "allowance_or_balance": "the swap came to need more of the token than it may take, or than the wallet holds",
    "deadline_passed": "it was included after its deadline",
}


def _why_reverted(result: StepResult) -> str:
    said = result.revert_reason or "no reason given"
    meaning = _MEANING.get(result.revert_code or "", "the contract refused it")
    return f"The transaction reverted ({said}): {meaning}. Nothing was traded; the gas is spent."


def _ended_without_receipt(plan: ExecutionPlan, ended: WithoutReceipt, results: list[StepResult]) -> IntentEvent:
    if ended.expired and not results:
        return IntentExpired(intent_id=plan.intent_id, code=ended.code, message=ended.message)
    return ExecutionFailed(
        intent_id=plan.intent_id,
        plan_id=plan.plan_id,
        code=ended.code,
        message=f"{ended.message} An approval before it was included, and its gas is spent."
        if results
        else ended.message,
        fee_wei=sum(result.fee_wei for result in results),
    )
