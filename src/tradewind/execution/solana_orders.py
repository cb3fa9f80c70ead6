"""Writes the steps of a plan on Solana as what executors are told: planned transactions."""

from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid5

from tradewind.domain.amount import PPM
from tradewind.domain.execution_plan_event import (
    ExecutionMethod,
    ExecutionPlanEvent,
    PlanExecutor,
    PlanStrategy,
    SwapRoute,
)
from tradewind.domain.plan import ComputeEstimate, Exact, ExecutionPlan, PlannedLeg, PlanStep


class PoolAccounts(Protocol):
    """Knows which accounts a pool is read from."""

    def accounts_of(self, pool: str) -> dict[str, str]:
        """By a name of their own."""
        ...


class SolanaOrders:
    """Pure but for the pools' accounts, which never change."""

    def __init__(
        self,
        pools: PoolAccounts,
        *,
        lookup_tables: tuple[str, ...],
        method: ExecutionMethod = ExecutionMethod.AUTO,
    ) -> None:
        self._pools = pools
        self._lookup_tables = lookup_tables
        self._method = method

    def order(self, plan: ExecutionPlan, step: PlanStep, *, taken_back: int = 0) -> ExecutionPlanEvent:
        """The transaction of a step; `taken_back` is how often the chain has taken something of the intent back."""
        if not isinstance(plan.gas, ComputeEstimate):
            raise TypeError(f"the plan {plan.plan_id} is not for Solana")
        return ExecutionPlanEvent(
            plan_id=executor_plan_id(plan.plan_id, step.index, taken_back),
            opportunity_id=plan.intent_id,
            strategy=PlanStrategy.INTENT,
            execution_method=self._method,
            executor=PlanExecutor.SERVICE,
            chain_id=plan.chain_id,
            routes=tuple(route for leg in plan.legs for route in self._routes(plan, leg)),
            input_token=plan.token_in,
            output_token=plan.token_out,
            input_amount=plan.quoted_in_raw,
            expected_profit=0,
            expected_profit_usd=Decimal(0),
            simulation_success=False,
            gas_estimate=plan.gas.unit_limit,
            slippage=plan.max_slippage_ppm // (PPM // 10_000),
            max_latency=max(1, plan.deadline_s * 1_000 - plan.block.timestamp_s * 1_000),
            deadline=plan.deadline_s * 1_000,
            priority_fee=plan.gas.micro_lamports_per_unit,
            wallet=plan.wallet,
            strategy_id=plan.strategy_id,
            intent_id=plan.intent_id,
            step=step.index,
            lookup_tables=self._lookup_tables,
            timestamp=plan.block.timestamp_s * 1_000,
        )

    def _routes(self, plan: ExecutionPlan, leg: PlannedLeg) -> list[SwapRoute]:
        """A leg's swaps. What a hop gives at least is what the next one takes, so only the last one's limit is its own.

        Between two hops the amounts are the quoted ones: a pool that moved lets the swap behind it fail, and with it
        the whole transaction.
        """
        last = len(leg.hops) - 1
        exact_in = plan.exact is Exact.IN
        return [
            SwapRoute(
                pool=hop.pool,
                venue=hop.venue,
                input_mint=hop.token_in,
                output_mint=hop.token_out,
                exact=plan.exact,
                input_amount=hop.amount_in_raw,
                output_amount=hop.amount_out_raw,
                limit_amount=(
                    (leg.worst_out_raw if place == last else hop.amount_out_raw)
                    if exact_in
                    else (leg.worst_in_raw if place == 0 else hop.amount_in_raw)
                ),
                accounts=self._pools.accounts_of(hop.pool),
            )
            for place, hop in enumerate(leg.hops)
        ]


def executor_plan_id(plan_id: UUID, step: int, taken_back: int) -> UUID:
    """Under which an executor knows a step: another one each time that the chain took it back."""
    return uuid5(plan_id, f"step/{step}/{taken_back}")
