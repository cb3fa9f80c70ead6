"""What was signed is followed to its end, although the lane that it was signed for is gone."""

from pathlib import Path

import pytest

from tests import builders
from tests.unit.execution.executor_house import House, leave_signed
from tests.unit.execution.executors.world import World
from tradewind.domain.execution_plan_event import (
    ExecutionMethod,
    FlashLoan,
    MevRisk,
)
from tradewind.domain.execution_result_event import ResultStatus
from tradewind.execution.executors.flash_loan import LEAST_UNITS
from tradewind.execution.executors.outcomes import Expired, Unknown
from tradewind.execution.executors.ports import SignedAttempt

SECOND_WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def world() -> World:
    return World()


async def test_what_is_signed_is_followed_to_its_end_although_no_lane_is_healthy(world: World, tmp_path: Path) -> None:
    plan = world.plan()
    await leave_signed(world, tmp_path, plan)
    world.jito.loses_everything = False
    for lane in (world.jito, world.tpu, world.rpc):
        lane.healthy = False
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert world.chain.effects == {str(plan.plan_id): 1}
    await again.close()


async def test_a_signed_loan_is_followed_with_its_compute_units_although_no_lane_is_healthy(
    world: World, tmp_path: Path
) -> None:
    loan = FlashLoan(provider="kamino", amount=10**10, reserve=builders.SOLANA_POOL)
    plan = world.plan(flash_loan=loan, gas_estimate=250_000)
    await leave_signed(world, tmp_path, plan)
    for lane in (world.jito, world.tpu, world.rpc):
        lane.healthy = False
    # The first attempt dies unsent, so that another one is built.
    world.chain.height += 200
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert (result.outcome, result.attempts) == (ResultStatus.SUCCESS, 2)
    assert [request.compute_budget.unit_limit for request in world.builder.requests] == [LEAST_UNITS] * 2
    await again.close()


async def test_what_others_would_trade_around_goes_to_no_public_lane_although_none_is_healthy(
    world: World, tmp_path: Path
) -> None:
    plan = world.plan(risk=MevRisk.HIGH)
    await leave_signed(world, tmp_path, plan)
    world.jito.loses_everything = world.jito.healthy = False
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert (world.rpc.sent, world.tpu.sent) == ([], [])
    await again.close()


async def test_where_no_private_lane_is_configured_any_more_what_is_signed_is_followed_and_not_sent_or_signed_again(
    world: World, tmp_path: Path
) -> None:
    plan = world.plan(risk=MevRisk.HIGH, deadline=world.clock.now_ns() // 1_000_000 + 3_600_000)
    await leave_signed(world, tmp_path, plan)
    again = House(world, tmp_path, without=[ExecutionMethod.JITO_BUNDLE])
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert (result.outcome, result.error_code, result.attempts) == (ResultStatus.FAILED, "no_private_lane", 1)
    assert (world.rpc.sent, world.tpu.sent) == ([], [])
    assert len((await world.gate.step(plan.plan_id, 0)).attempts) == 1
    # The end is one that the gate believes: nothing stays reserved.
    assert isinstance(world.gate.settled[plan.plan_id], Expired)
    await again.close()


async def test_what_landed_by_the_private_lane_is_a_success_although_that_is_gone(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plan = world.plan(risk=MevRisk.HIGH)

    async def blind(attempt: SignedAttempt, *, within_ms: int) -> Unknown:
        await world.clock.sleep(within_ms / 1_000)
        return Unknown(attempt.signature)

    seen, world.confirmations.outcome = world.confirmations.outcome, blind  # type: ignore[method-assign]
    await house.publish(plan)
    await house.until(lambda: bool(world.jito.sent))
    await house.close()
    world.confirmations.outcome = seen  # type: ignore[method-assign]
    again = House(world, tmp_path, without=[ExecutionMethod.JITO_BUNDLE])
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    await again.close()
