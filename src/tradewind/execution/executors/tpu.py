"""TPUExecutor: sends straight to the current and the next leaders over QUIC."""

from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.execution.executors.base import BaseExecutor


class TPUExecutor(BaseExecutor):
    """No tip, and no answer: that a leader's connection took the bytes says nothing of what became of them."""

    method = ExecutionMethod.TPU_DIRECT
