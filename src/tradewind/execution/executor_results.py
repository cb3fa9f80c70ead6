"""Turns an executor's report into the event that tells the others."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation, localcontext
from typing import Any
from uuid import UUID, uuid5

from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.event import NAMESPACE
from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus
from tradewind.execution.executors.execution import ExecutionReport
from tradewind.execution.executors.outcomes import Landed, Reverted

_MICRO_USD = Decimal("0.000001")
# As many as an amount of dollars may have in an event.
_USD_DIGITS = 60
NOT_PROVEN = "not_seen_yet"


@dataclass(frozen=True, slots=True)
class Taken:
    """A plan in hand: who carries it out, with which wallet, since when."""

    plan: ExecutionPlanEvent
    executor_name: str
    method: ExecutionMethod
    wallet: str | None
    taken_at_ms: int

    @property
    def execution_id(self) -> UUID:
        """The same for every word about this plan."""
        return uuid5(NAMESPACE, f"execution/{self.plan.plan_id}")


def not_proven_yet(taken: Taken, *, attempts: int, now_ms: int) -> ExecutionResultEvent:
    """`timeout`: nothing is proven within the plan's latency; a final word follows."""
    return ExecutionResultEvent(
        **_common(taken, now_ms),
        outcome=ResultStatus.TIMEOUT,
        execution_cost=0,
        attempts=attempts,
        error_code=NOT_PROVEN,
        error="Nothing is proven yet: it may still land, and the end follows.",
    )


def ended(taken: Taken, report: ExecutionReport, *, now_ms: int) -> ExecutionResultEvent:
    """The final word."""
    outcome = report.outcome
    landed = outcome if isinstance(outcome, Landed) else None
    in_block = outcome if isinstance(outcome, (Landed, Reverted)) else None
    cost = in_block.fee_lamports if in_block else 0
    actual = _actual_profit(taken.plan, landed)
    net = _net_profit(taken.plan, actual, cost, in_block=in_block is not None)
    confirmed, sent = report.confirmed_ms, report.first_sent_ms
    return ExecutionResultEvent(
        **_common(taken, now_ms),
        outcome=ResultStatus.SUCCESS if landed else ResultStatus.FAILED,
        signature=report.signature,
        block_slot=in_block.slot if in_block else None,
        confirmation_time=max(0, confirmed - sent) if in_block and confirmed and sent else None,
        actual_profit=actual,
        actual_profit_usd=_in_usd(taken.plan, actual if net is None else net),
        execution_cost=cost,
        net_profit=net,
        error=report.message,
        error_code=None if landed else (report.code or "unknown"),
        program_error=report.program_error,
        attempts=report.attempts,
        input_amount=landed.input_amount_raw if landed else None,
        output_amount=landed.output_amount_raw if landed else None,
        locked_lamports=landed.locked_lamports if landed else 0,
    )


def _common(taken: Taken, now_ms: int) -> dict[str, Any]:
    plan = taken.plan
    return {
        "execution_id": taken.execution_id,
        "plan_id": plan.plan_id,
        "opportunity_id": plan.opportunity_id,
        "expected_profit": plan.expected_profit,
        "latency": max(0, now_ms - taken.taken_at_ms),
        "execution_method": taken.method,
        "wallet": taken.wallet,
        "intent_id": plan.intent_id,
        "step": plan.step,
        "executor_name": taken.executor_name,
        "timestamp": now_ms,
    }


def _actual_profit(plan: ExecutionPlanEvent, landed: Landed | None) -> int | None:
    """Of a round trip: what came back above what went in. A trade from one token to another has none."""
    if landed is None or plan.input_token != plan.output_token:
        return None
    if landed.input_amount_raw is None or landed.output_amount_raw is None:
        return None
    return landed.output_amount_raw - landed.input_amount_raw


def _net_profit(plan: ExecutionPlanEvent, actual: int | None, cost: int, *, in_block: bool) -> int | None:
    if plan.input_token != WRAPPED_SOL or plan.output_token != WRAPPED_SOL or not in_block:
        return None
    if actual is None:
        return None if cost == 0 else -cost
    return actual - cost


def _in_usd(plan: ExecutionPlanEvent, amount_raw: int | None) -> Decimal | None:
    """By the reference price that the plan was valued at; unknown when it was not, or at nothing."""
    if amount_raw is None or plan.expected_profit == 0 or not plan.expected_profit_usd:
        return None
    with localcontext(prec=_USD_DIGITS):
        try:
            worth = plan.expected_profit_usd * amount_raw / plan.expected_profit
            return worth.quantize(_MICRO_USD, rounding=ROUND_DOWN)
        except InvalidOperation:
            # The plan said something absurd of its worth; how the trade ended is told all the same.
            return None
