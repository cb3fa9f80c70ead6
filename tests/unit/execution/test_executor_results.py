"""What an executor tells of how a plan ended."""

from decimal import Decimal

from tests import builders
from tradewind.domain.execution_plan_event import ExecutionMethod
from tradewind.domain.execution_result_event import ResultStatus
from tradewind.execution.executor_results import Taken, ended
from tradewind.execution.executors.execution import ExecutionReport
from tradewind.execution.executors.outcomes import Landed


def test_a_plan_that_names_an_absurd_worth_ends_with_its_amounts_and_no_dollars() -> None:
    plan = builders.execution_plan(expected_profit=1, expected_profit_usd=Decimal("9" * 40))
    taken = Taken(plan, "executor-1", ExecutionMethod.RPC, plan.wallet, 0)
    landed = Landed("5VER", 9, 5_000, input_amount_raw=10**18, output_amount_raw=2 * 10**18)
    result = ended(taken, ExecutionReport(landed, 1, None, None), now_ms=5)
    assert (result.outcome, result.actual_profit, result.actual_profit_usd) == (ResultStatus.SUCCESS, 10**18, None)
