"""A defect on the way: before a signature it ends the plan, after one it does not."""

from typing import Any

import pytest

from tests.unit.execution.executors.world import World
from tradewind.execution.executors.outcomes import Dropped, Landed
from tradewind.execution.executors.ports import SignedAttempt, UnsignedTransaction


@pytest.fixture
def world() -> World:
    return World()


async def test_a_defect_before_any_signature_closes_the_step_with_a_code(world: World) -> None:
    async def defect(_: object) -> UnsignedTransaction:
        raise KeyError("pool")

    world.builder.build = defect  # type: ignore[method-assign, assignment]
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Dropped)
    assert report.code == "internal_error"
    assert (await world.gate.step(plan.plan_id, 0)).closed


async def test_a_defect_that_hides_a_signature_does_not_end_its_plan(world: World) -> None:
    honest = world.gate.sign

    async def defect(*given: Any, **named: Any) -> SignedAttempt:
        await honest(*given, **named)
        raise KeyError("signature")

    world.gate.sign = defect  # type: ignore[method-assign]
    report = await world.run(world.rpc_executor(), world.request(world.plan()))
    assert isinstance(report.outcome, Landed)


async def test_a_defect_after_a_signature_is_raised_so_that_the_plan_is_tried_again(world: World) -> None:
    executor = world.rpc_executor()

    async def defect(*_: object, **__: object) -> object:
        raise KeyError("meta")

    executor.confirm_transaction = defect  # type: ignore[method-assign, assignment]
    plan = world.plan()
    with pytest.raises(KeyError):
        await world.run(executor, world.request(plan))
    assert not (await world.gate.step(plan.plan_id, 0)).ended
