"""JitoExecutor: sends a bundle of one to the block engine, with its tip inside the transaction."""

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.execution import ExecutorConfig, ExecutorParts
from tradewind.execution.executors.ports import Tip, TippingLane


class JitoExecutor(BaseExecutor):
    """The tip is part of the trade: it is paid if and only if that lands. A new attempt pays the next step."""

    method = ExecutionMethod.JITO_BUNDLE

    def __init__(self, config: ExecutorConfig, parts: ExecutorParts, lane: TippingLane) -> None:
        super().__init__(config, parts, lane)
        self._tipping = lane

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip | None:
        """By the lane's policy; raises Refused `tip_not_worth_it`."""
        return await self._tipping.tip(plan, attempt=attempt)
