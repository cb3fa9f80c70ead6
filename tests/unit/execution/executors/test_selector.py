"""Which lane carries a plan."""

from decimal import Decimal
from typing import Any

import pytest

from tests import builders
from tests.unit.execution.executors.world import World
from tradewind.domain.execution_plan_event import ExecutionMethod, FlashLoan, MevRisk, PlanPriority
from tradewind.errors import Unavailable
from tradewind.execution.executors.flash_loan import FlashLoanExecutor
from tradewind.execution.executors.outcomes import Landed
from tradewind.execution.executors.ports import Sent
from tradewind.execution.executors.race import RaceExecutor
from tradewind.execution.executors.selector import ExecutorSelector, SelectorRules

LOAN = FlashLoan(provider="kamino", amount=10**10, reserve=builders.SOLANA_POOL)


def selector_of(world: World, **rules: Any) -> ExecutorSelector:
    executors = {
        ExecutionMethod.JITO_BUNDLE: world.jito_executor(),
        ExecutionMethod.TPU_DIRECT: world.tpu_executor(),
        ExecutionMethod.RPC: world.rpc_executor(),
    }
    return ExecutorSelector(executors, SelectorRules(**rules))


@pytest.mark.parametrize(
    ("profit_usd", "method"),
    [
        ("0.11", "jito_bundle"),
        ("0.10", "tpu_direct"),
        ("0.04", "tpu_direct"),
        ("0.03", "rpc"),
        ("0", "rpc"),
        ("-1", "rpc"),
    ],
)
async def test_value_decides_above_ten_cents_and_above_three(profit_usd: str, method: str) -> None:
    plan = builders.execution_plan(expected_profit_usd=Decimal(profit_usd))
    choice = await selector_of(World()).choose(plan)
    assert choice.executor.method == method


async def test_what_nobody_can_value_takes_the_cheapest_lane() -> None:
    choice = await selector_of(World()).choose(builders.execution_plan(expected_profit_usd=None))
    assert (choice.executor.method, choice.because) == ("rpc", "nobody knows what it is worth")


@pytest.mark.parametrize(
    "changes", [{"priority": PlanPriority.CRITICAL}, {"flash_loan": LOAN}, {"risk": MevRisk.HIGH}], ids=str
)
async def test_critical_borrowing_and_exposed_plans_go_to_jito_whatever_their_value(changes: dict[str, Any]) -> None:
    plan = builders.execution_plan(expected_profit_usd=Decimal("0.01"), **changes)
    assert (await selector_of(World()).choose(plan)).executor.method == "jito_bundle"


async def test_what_the_plan_says_goes_before_its_value() -> None:
    plan = builders.execution_plan(execution_method=ExecutionMethod.RPC)
    choice = await selector_of(World()).choose(plan)
    assert (choice.executor.method, choice.because) == ("rpc", "the plan says so")


async def test_a_lane_that_is_not_healthy_is_passed_over_and_said_so() -> None:
    world = World()
    world.jito.healthy = False
    choice = await selector_of(world).choose(builders.execution_plan())
    assert choice.executor.method == "tpu_direct"
    assert "not healthy" in choice.because


async def test_a_plan_that_others_would_trade_around_never_takes_a_public_lane() -> None:
    world = World()
    world.jito.healthy = False
    with pytest.raises(Unavailable) as refused:
        await selector_of(world).choose(builders.execution_plan(risk=MevRisk.HIGH))
    assert refused.value.code == "no_healthy_lane"


async def test_a_loan_gets_the_compute_units_and_the_priority_that_it_takes() -> None:
    world = World()
    plan = world.plan(flash_loan=LOAN, gas_estimate=250_000, priority_fee=1_000)
    chosen = (await selector_of(world).choose(plan)).executor
    assert isinstance(chosen, FlashLoanExecutor)
    report = await world.run(chosen, world.request(plan))
    assert isinstance(report.outcome, Landed)
    [request] = world.builder.requests
    assert request.compute_budget.unit_limit == 600_000
    assert request.compute_budget.unit_price_micro_lamports == 2_000_000
    assert request.tip is not None
    assert len(world.jito.sent) == 1


async def test_a_flash_loan_executor_refuses_a_plan_without_a_loan() -> None:
    world = World()
    report = await world.run(FlashLoanExecutor(world.rpc_executor()), world.request(world.plan()))
    assert (report.code, report.attempts) == ("flash_loan_missing", 0)


async def test_a_race_hands_the_same_bytes_to_every_lane_and_has_one_effect() -> None:
    world = World()
    plan = world.plan(priority=PlanPriority.CRITICAL)
    chosen = (await selector_of(world, race_critical=True).choose(plan)).executor
    assert isinstance(chosen, RaceExecutor)
    report = await world.run(chosen, world.request(plan))
    assert isinstance(report.outcome, Landed)
    sent = [*world.jito.sent, *world.tpu.sent, *world.rpc.sent]
    assert len(sent) == 3
    assert len({attempt.transaction for attempt in sent}) == 1
    assert world.chain.effects == {str(plan.plan_id): 1}
    assert world.builder.requests[0].tip is not None


async def test_a_race_is_refused_only_when_every_lane_refuses() -> None:
    world = World()
    world.jito.answers = [Sent("refused", code="bundle_rejected")]
    world.rpc.answers = [Sent("refused", code="program_error")]
    race = RaceExecutor([world.jito_executor(), world.tpu_executor(), world.rpc_executor()])
    report = await world.run(race, world.request(world.plan()))
    assert isinstance(report.outcome, Landed)
