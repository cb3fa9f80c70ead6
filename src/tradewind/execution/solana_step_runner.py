"""Carries out the steps of plans on Solana: each goes to an ExecutorService as a planned transaction, and comes back.

The executor alone signs and sends. What it is told is a pure function of the plan and of how often the chain took the
step back, so telling it again after a crash is the same event.
"""

from tradewind.domain.events import Envelope, ExecutionStepSubmitted
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus
from tradewind.domain.fill import Fill, StepOutcome, StepResult
from tradewind.domain.plan import BlockRef, ExecutionPlan, PlanStep
from tradewind.errors import Damaged
from tradewind.execution.attempt import WithoutReceipt
from tradewind.execution.executor_answers import ExecutorAnswers
from tradewind.execution.solana_orders import SolanaOrders
from tradewind.observability.clock import Clock
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded

_EXPIRED = frozenset({"deadline_passed", "attempts_exhausted"})


class SolanaStepRunner:
    """Publishes ExecutionPlanEvent, and waits for the ExecutionResultEvent that ends it."""

    def __init__(self, *, stream: EventStream, answers: ExecutorAnswers, orders: SolanaOrders, clock: Clock) -> None:
        self._stream = stream
        self._answers = answers
        self._orders = orders
        self._clock = clock

    async def run(
        self, plan: ExecutionPlan, step: PlanStep, view: IntentView, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """How the executor says that the step ended, which it says only with the chain's proof."""
        planned = self._orders.order(plan, step, taken_back=view.round)
        at_ns = self._clock.now_ns()
        await self._stream.publish(Envelope.about_plan(planned, at_ns=at_ns, because_of=cause.envelope.id))
        answer = await self._answers.end_of(planned.plan_id)
        result = answer.envelope.body
        if not isinstance(result, ExecutionResultEvent):
            raise TypeError(f"{answer.envelope.type} is no result")
        if result.signature is None or result.block_slot is None:
            return _without_receipt(result)
        await self._announce(plan, step, result, cause)
        return _step_result(plan, step, result)

    async def _announce(
        self, plan: ExecutionPlan, step: PlanStep, result: ExecutionResultEvent, cause: Recorded
    ) -> None:
        submitted = ExecutionStepSubmitted(
            intent_id=plan.intent_id,
            plan_id=plan.plan_id,
            step=step.index,
            attempt=result.attempts,
            kind=step.kind,
            tx_hash=result.signature or "",
            nonce=None,
            simulated_in_raw=None,
            simulated_out_raw=None,
        )
        at_ns = self._clock.now_ns()
        await self._stream.publish(Envelope.about_intent(submitted, at_ns=at_ns, because_of=cause.envelope.id))


def _without_receipt(result: ExecutionResultEvent) -> WithoutReceipt:
    code = result.error_code or "failed"
    said = result.error or "Nothing was sent, and nothing can be any more."
    return WithoutReceipt(code, said, expired=code in _EXPIRED, cancelled=code == "cancelled")


def _step_result(plan: ExecutionPlan, step: PlanStep, result: ExecutionResultEvent) -> StepResult:
    landed = result.outcome is ResultStatus.SUCCESS
    if landed and (result.input_amount is None or result.output_amount is None):
        raise Damaged(
            "fill_unreadable",
            f"{result.signature} landed, and what it moved cannot be read.",
            remedy="Compare it on another endpoint before trusting the account of this wallet.",
        )
    fill = Fill(
        token_in=plan.token_in,
        token_out=plan.token_out,
        amount_in_raw=result.input_amount or 0,
        amount_out_raw=result.output_amount or 0,
    )
    error = result.program_error
    return StepResult(
        step=step.index,
        attempt=result.attempts,
        outcome=StepOutcome.SUCCEEDED if landed else StepOutcome.REVERTED,
        tx_hash=result.signature or "",
        nonce=None,
        block=BlockRef(
            number=result.block_slot or 0,
            hash=f"slot {result.block_slot}",
            timestamp_s=result.timestamp // 1_000,
        ),
        gas_used=None,
        gas_price_wei=None,
        fee_raw=result.execution_cost,
        locked_raw=result.locked_lamports,
        fill=fill if landed else None,
        revert_code=None if landed else (error.name if error else result.error_code),
        revert_reason=None if landed or error is None else (error.message or error.name),
    )
