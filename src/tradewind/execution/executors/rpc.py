"""RPCExecutor: sends to RPC endpoints, which forward to the leaders."""

from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.execution.executors.base import BaseExecutor


class RPCExecutor(BaseExecutor):
    """The slowest way and the one that is always there. Public: others may see the transaction."""

    method = ExecutionMethod.RPC
