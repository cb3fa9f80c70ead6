"""ExecutorSelector: which lane carries a plan, by value, priority, risk and how the lanes are doing."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent, MevRisk, PlanPriority
from tradewind.errors import Unavailable
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.flash_loan import FlashLoanExecutor
from tradewind.execution.executors.race import RaceExecutor

_JITO, _TPU, _RPC = ExecutionMethod.JITO_BUNDLE, ExecutionMethod.TPU_DIRECT, ExecutionMethod.RPC
# Where a plan goes next when its lane is not healthy.
_FALLBACK = {_JITO: (_JITO, _TPU, _RPC), _TPU: (_TPU, _RPC, _JITO), _RPC: (_RPC, _TPU, _JITO)}


@dataclass(frozen=True, slots=True)
class SelectorRules:
    """In US dollars at the reference price, both exclusive. `race_critical`: critical plans go to all lanes at once."""

    jito_above_usd: Decimal = Decimal("0.10")
    tpu_above_usd: Decimal = Decimal("0.03")
    race_critical: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Who carries the plan, and why."""

    executor: BaseExecutor
    because: str


class ExecutorSelector:
    """Chooses among the executors that it was given, by method."""

    def __init__(self, executors: Mapping[ExecutionMethod, BaseExecutor], rules: SelectorRules | None = None) -> None:
        self._executors = dict(executors)
        self._rules = rules or SelectorRules()

    @property
    def executors(self) -> tuple[BaseExecutor, ...]:
        """All of them."""
        return tuple(self._executors.values())

    async def choose(self, plan: ExecutionPlanEvent) -> Choice:
        """Raises Unavailable `no_healthy_lane`."""
        wanted, because = self._wanted(plan)
        # Where others would trade around it, a public lane is worse than none.
        order = (_JITO,) if plan.risk is MevRisk.HIGH else _FALLBACK[wanted]
        healthy = [method for method in order if await self._is_healthy(method)]
        if not healthy:
            raise Unavailable(
                "no_healthy_lane",
                f"None of the lanes for this plan is healthy ({', '.join(order)}).",
                remedy="tradewind doctor shows why.",
            )
        if healthy[0] is not wanted:
            because += f"; {wanted} is not healthy"
        return Choice(self._prepared(plan, healthy), because)

    def _prepared(self, plan: ExecutionPlanEvent, healthy: list[ExecutionMethod]) -> BaseExecutor:
        chosen = self._executors[healthy[0]]
        racing = self._rules.race_critical and plan.priority is PlanPriority.CRITICAL and plan.risk is not MevRisk.HIGH
        if racing and len(healthy) > 1:
            chosen = RaceExecutor([self._executors[method] for method in healthy])
        return FlashLoanExecutor(chosen) if plan.flash_loan is not None else chosen

    def _wanted(self, plan: ExecutionPlanEvent) -> tuple[ExecutionMethod, str]:
        if plan.risk is MevRisk.HIGH:
            return _JITO, "others would trade around it"
        if plan.execution_method is not ExecutionMethod.AUTO:
            return plan.execution_method, "the plan says so"
        if plan.flash_loan is not None:
            return _JITO, "it borrows"
        if plan.priority is PlanPriority.CRITICAL:
            return _JITO, "it is critical"
        return self._by_value(plan.expected_profit_usd)

    def _by_value(self, profit_usd: Decimal | None) -> tuple[ExecutionMethod, str]:
        rules = self._rules
        if profit_usd is None:
            return _RPC, "nobody knows what it is worth"
        if profit_usd > rules.jito_above_usd:
            return _JITO, f"it is worth more than {rules.jito_above_usd} USD"
        if profit_usd > rules.tpu_above_usd:
            return _TPU, f"it is worth more than {rules.tpu_above_usd} USD"
        return _RPC, f"it is worth {rules.tpu_above_usd} USD or less"

    async def _is_healthy(self, method: ExecutionMethod) -> bool:
        executor = self._executors.get(method)
        return executor is not None and (await executor.health()).healthy
