"""The service obeys halts and shutdowns, whenever they come."""

from pathlib import Path

import pytest

from tests.unit.execution.executor_house import House
from tests.unit.execution.executors.world import World
from tradewind.domain.events import HaltRequested, KillSwitchEngaged, ShutdownRequested
from tradewind.domain.execution_result_event import ResultStatus
from tradewind.execution.executor_service import ServiceLimits

SECOND_WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def world() -> World:
    return World()


async def test_a_halt_of_everything_halts_the_gate_and_ends_the_service(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    await house.say(HaltRequested(by="bus", reason="prices look wrong"))
    await house.until(house.service.stopped.is_set)
    assert world.gate.halts == [(None, None)]
    [stopped] = house.journal.read(types=["ExecutorStopped"])
    assert stopped.envelope.body.model_dump() == {"executor": "executor-1", "reason": "killswitch", "open_plans": 0}
    await house.close()


async def test_a_halt_of_one_wallet_ends_nothing_else(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    await house.say(HaltRequested(by="bus", reason="it looks drained", wallet=SECOND_WALLET))
    await house.until(lambda: bool(world.gate.halts))
    plan = world.plan()
    await house.publish(plan)
    [result] = await house.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert world.gate.halts == [(SECOND_WALLET, None)]
    await house.close()


async def test_a_halt_heard_just_before_a_crash_is_carried_out_by_the_next_start(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.say(HaltRequested(by="bus", reason="prices look wrong"))
    await house.close()
    again = House(world, tmp_path)
    await again.service.start()
    assert world.gate.halts == [(None, None)]
    await again.close()


async def test_a_halt_that_was_ended_since_is_not_repeated_by_a_restart(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    await house.say(KillSwitchEngaged(kill_epoch=7, by="operator", reason="drill"))
    await house.until(house.service.stopped.is_set)
    await house.close()
    world.gate.halts.clear()
    again = House(world, tmp_path)
    await again.service.start()
    assert world.gate.halts == []
    await again.close()


async def test_during_a_halt_a_plan_fails_and_a_signed_one_is_still_followed(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path, limits=ServiceLimits(stop_on_halt=False))
    await house.service.start()
    world.jito.loses_everything = True
    signed = world.plan()
    await house.publish(signed)
    await house.until(lambda: bool(world.jito.sent))
    await house.say(HaltRequested(by="bus", reason="prices look wrong"))
    await house.until(lambda: bool(world.gate.halts))
    world.jito.loses_everything = False
    late = world.plan()
    await house.publish(late)
    first, second = await house.until_ended(signed, late)
    assert (first.outcome, second.error_code) == (ResultStatus.SUCCESS, "halted")
    await house.close()


async def test_a_shutdown_takes_nothing_new_and_waits_for_what_is_in_flight(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    world.jito.loses_everything = True
    in_flight, late = world.plan(), world.plan()
    await house.publish(in_flight)
    await house.until(lambda: bool(world.jito.sent))
    await house.say(ShutdownRequested(by="bus", reason="maintenance"))
    await house.until(lambda: house.service.is_stopping)
    world.jito.loses_everything = False
    await house.publish(late)
    await house.until(house.service.stopped.is_set)
    assert house.result(in_flight) is not None
    assert house.result(late) is None
    assert world.chain.effects == {str(in_flight.plan_id): 1}
    await house.close()


async def test_a_shutdown_waits_no_longer_than_its_bound_and_leaves_the_rest_to_the_next_start(
    world: World, tmp_path: Path
) -> None:
    house = House(world, tmp_path, limits=ServiceLimits(stop_within_ms=4_000))
    await house.service.start()
    world.jito.loses_everything = True
    plan = world.plan()
    await house.publish(plan)
    await house.until(lambda: bool(world.jito.sent))
    await house.say(ShutdownRequested(by="bus", reason="maintenance"))
    await house.until(house.service.stopped.is_set)
    # Without the bound it would have stopped once nothing was open any more.
    [stopped] = house.journal.read(types=["ExecutorStopped"])
    assert stopped.envelope.body.model_dump()["open_plans"] == 1
    await house.close()
    world.jito.loses_everything = False
    again = House(world, tmp_path)
    await again.service.start()
    [result] = await again.until_ended(plan)
    assert result.outcome is ResultStatus.SUCCESS
    assert world.chain.effects == {str(plan.plan_id): 1}
    await again.close()


async def test_a_shutdown_from_before_the_start_stops_nobody(world: World, tmp_path: Path) -> None:
    house = House(world, tmp_path)
    await house.service.start()
    await house.say(ShutdownRequested(by="bus", reason="maintenance"), occurred_ns=world.clock.now_ns() - 1)
    plan = world.plan()
    await house.publish(plan)
    await house.until_ended(plan)
    assert not house.service.is_stopping
    await house.close()
