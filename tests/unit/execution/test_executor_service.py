"""The service: every plan ends once, whatever happens in between; halts and shutdowns are obeyed."""

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from tests import builders
from tests.unit.execution.executor_house import House, leave_signed
from tests.unit.execution.executors.world import World
from tradewind.domain.execution_plan_event import (
    ExecutionMethod,
    MevRisk,
    PlanExecutor,
    PlannedLiquidation,
    PlanPriority,
    PlanStrategy,
)
from tradewind.domain.execution_result_event import ProgramError, ResultStatus
from tradewind.execution.executors.ports import Reservation

SECOND_WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def world() -> World:
    return World()


async def test_a_plan_is_executed_and_its_result_published_under_its_status(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plan = world.plan()
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert result.execution_method is ExecutionMethod.JITO_BUNDLE
    assert result.actual_profit == 2_000_000
    assert result.execution_cost == 6_000
    assert result.net_profit == 1_994_000
    assert result.actual_profit_usd == Decimal("0.358920")
    [row] = house.journal.read(types=["ExecutionResultEvent"])
    assert row.envelope.subject == f"executed.success.{plan.opportunity_id}"
    assert row.envelope.causation_id == plan.event_id()
    await house.close()


async def test_a_plan_for_the_engine_is_left_alone(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    mine, engines = world.plan(), world.plan(executor=PlanExecutor.ENGINE)
    await house.publish(engines, mine)
    await house.until_ended(mine)
    assert house.result(engines) is None
    assert world.chain.effects == {str(mine.plan_id): 1}
    await house.close()


async def test_a_failure_carries_its_code_and_what_the_program_said(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plan = world.plan()
    world.chain.reverts[str(plan.plan_id)] = ProgramError(instruction=3, program=None, code=30, name="slippage")
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert (result.outcome, result.error_code) == (ResultStatus.FAILED, "reverted")
    assert result.program_error is not None
    assert result.program_error.name == "slippage"
    assert result.net_profit == -5_000
    await house.close()


async def test_a_timeout_is_published_and_followed_by_the_end(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    world.jito.loses_everything = True
    plan = world.plan(max_latency=2_000)
    await house.publish(plan)
    await house.until(lambda: house.result(plan, final=False) is not None)
    assert house.result(plan) is None
    world.jito.loses_everything = False
    [result] = await house.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    subjects = [row.envelope.subject for row in house.journal.read(types=["ExecutionResultEvent"])]
    assert subjects == [f"executed.{status}.{plan.opportunity_id}" for status in ("timeout", "success")]
    await house.close()


async def test_a_plan_published_twice_is_executed_once(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plan = world.plan()
    await house.publish(plan)
    await house.publish(plan)
    await house.until_ended(plan)
    await house.publish(plan)
    other = world.plan()
    await house.publish(other)
    await house.until_ended(other)
    assert world.chain.effects == {str(plan.plan_id): 1, str(other.plan_id): 1}
    await house.close()


async def test_after_a_crash_the_signed_bytes_are_followed_and_nothing_is_signed_again(
    world: World, tmp_path: Path
) -> None:
    plan = world.plan()
    await leave_signed(world, tmp_path, plan)
    world.jito.loses_everything = False
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert len({attempt.signature for attempt in world.jito.sent}) == 1
    assert world.chain.effects == {str(plan.plan_id): 1}
    await again.close()


async def test_a_crash_before_any_signature_is_a_fresh_start(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    plan = world.plan()
    await house.publish(plan)
    await house.close()
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    await again.close()


async def test_a_wallet_carries_one_plan_at_a_time_and_the_others_wait(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plans = [world.plan() for _ in range(6)]
    await house.publish(*plans)
    results = await house.until_ended(*plans)
    assert {result.outcome for result in results} == {ResultStatus.SUCCESS}
    assert house.wallets.overlaps == 0
    assert sum(house.wallets.busy.values()) == 0
    await house.close()


async def test_a_plan_without_a_free_wallet_until_its_deadline_fails_and_is_closed(
    world: World, tmp_path: Path
) -> None:
    house = House(world, tmp_path)
    house.wallets.busy[builders.SOLANA_WALLET] = 1
    await house.service.start()
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 3_000)
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert result.error_code == "no_wallet_free"
    assert (await world.gate.step(plan.plan_id, 0)).closed
    await house.close()


async def test_a_plan_that_names_a_wallet_of_nobody_fails_at_once(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    plan = world.plan(wallet=SECOND_WALLET)
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert result.error_code == "wallet_unknown"
    await house.close()


async def test_a_liquidation_fails_at_once_for_its_routes_alone_would_sell_what_nobody_has(
    world: World, tmp_path: Path
) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    account = builders.SOLANA_WALLET
    liquidation = PlannedLiquidation(
        provider="kamino", obligation=account, repay_reserve=account, withdraw_reserve=account, repay_amount=1
    )
    plan = world.plan(strategy=PlanStrategy.LIQUIDATION, liquidation=liquidation)
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert result.error_code == "liquidation_unsupported"
    await house.close()


async def test_a_plan_that_another_executor_has_signed_is_left_to_it(world: World, tmp_path: Path) -> None:
    plan = world.plan()
    executor = world.rpc_executor()
    unsigned = await executor.build_transaction(plan, SECOND_WALLET, attempt=1)
    await executor.sign_transaction(plan, SECOND_WALLET, attempt=1, unsigned=unsigned, proof=None)
    house = House(world, tmp_path)
    await house.service.start()
    await house.publish(plan)
    await house.until(lambda: len(house.service.open) == 0)
    assert house.result(plan) is None
    assert [row.envelope.type for row in house.journal.read()] == ["ExecutionPlanEvent", "PlanLeftToAnother"]
    await house.close()


async def test_two_executors_with_one_gate_have_one_effect_for_a_plan_that_both_hold(
    world: World, tmp_path: Path
) -> None:
    first = House(world, tmp_path / "1", name="executor-1")
    second = House(world, tmp_path / "2", name="executor-2", wallets=[SECOND_WALLET])
    await first.service.start()
    await second.service.start()
    plans = [world.plan(priority=PlanPriority.NORMAL) for _ in range(8)]
    await first.publish(*plans)
    await second.publish(*plans)
    await first.until(lambda: len(first.service.open) == 0 and len(second.service.open) == 0)
    assert world.chain.effects == {str(plan.plan_id): 1 for plan in plans}
    ended = [(first.result(plan) is not None) + (second.result(plan) is not None) for plan in plans]
    assert ended == [1] * 8
    await first.close()
    await second.close()


async def test_profits_and_losses_are_counted_apart(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    won, lost = world.plan(), world.plan(opportunity_id=uuid4())
    world.chain.reverts[str(lost.plan_id)] = ProgramError(instruction=3, program=None, code=30, name="slippage")
    await house.publish(won, lost)
    await house.until_ended(won, lost)
    value = house.metrics.registry.get_sample_value
    labels = {"method": "jito_bundle", "executor": "executor-1"}
    # What is journalled is counted a moment later.
    await house.until(lambda: value("executor_execution_duration_ms_count", labels) == 2)
    assert value("executor_executions_total", {"status": "success", **labels}) == 1
    assert value("executor_executions_total", {"status": "failed", **labels}) == 1
    assert value("executor_profit_usd_total", labels) == pytest.approx(0.35892)
    assert value("executor_loss_usd_total", labels) == pytest.approx(0.0009)
    await house.close()


async def test_a_defect_before_any_signature_ends_the_plan_and_takes_no_room(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)

    async def defect(_: object) -> Reservation:
        raise KeyError("wallet")

    house.wallets.reserve = defect  # type: ignore[method-assign, assignment]
    await house.service.start()
    plan = world.plan()
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert (result.outcome, result.error_code) == (ResultStatus.FAILED, "internal_error")
    assert (await world.gate.step(plan.plan_id, 0)).closed
    await house.until(lambda: len(house.service.open) == 0)
    await house.close()


async def test_a_plan_that_is_refused_with_an_unsigned_attempt_on_record_ends_once_that_is_dead(
    world: World, tmp_path: Path
) -> None:
    house = House(world, tmp_path)
    plan = world.plan(risk=MevRisk.HIGH, deadline=world.clock.now_ns() // 1_000_000 + 60_000)
    world.gate.only_records = True
    await house.service.start()
    await house.publish(plan)
    await house.until(lambda: bool(world.builder.requests))
    await house.close()
    world.jito.healthy = False
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert (result.outcome, result.error_code) == (ResultStatus.FAILED, "no_healthy_lane")
    assert (await world.gate.step(plan.plan_id, 0)).ended
    await again.close()
