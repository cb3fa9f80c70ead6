"""An older attempt that nobody told of: what landed counts, and nobody signs a third one on a guess."""

import asyncio

import pytest

from tests import builders
from tests.unit.execution.executors.world import World
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ProgramError
from tradewind.errors import Unavailable
from tradewind.execution.executors.base import BaseExecutor
from tradewind.execution.executors.memory import FEE_LAMPORTS, VALID_BLOCKS
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted, Superseded
from tradewind.execution.executors.ports import SignedAttempt


@pytest.fixture
def world() -> World:
    return World()


async def second_attempt_after_a_false_proof(
    world: World, plan: ExecutionPlanEvent
) -> tuple[BaseExecutor, SignedAttempt]:
    """The first attempt has landed; endpoints that lied had a second one signed, which the receipt keeps out."""
    executor = world.rpc_executor()
    unsigned = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=1)
    first = await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=1, unsigned=unsigned, proof=None)
    world.chain.take(first)
    world.chain.height += VALID_BLOCKS + 10
    lie = Expired(first.signature, world.chain.height, ("liar-1", "liar-2"))
    again = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=2)
    await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=2, unsigned=again, proof=lie)
    return executor, first


async def test_an_older_attempt_that_nobody_tells_of_yet_is_asked_about_until_it_is_decided(world: World) -> None:
    plan = world.plan(max_latency=2_000)
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    world.confirmations.hidden.add(first.signature)
    request = world.request(plan, recorded=await world.gate.step(plan.plan_id, 0))
    running = asyncio.create_task(executor.execute(request, world.on_timeout))
    for _ in range(10):
        for _ in range(20):
            await asyncio.sleep(0)
        await world.clock.advance(0.4)
    world.confirmations.hidden.clear()
    report = await world.finish(running)
    assert isinstance(report.outcome, Landed)
    assert report.outcome.signature == first.signature
    assert (world.gate.halts, world.timeouts) == ([], [2])


async def test_an_endpoint_that_is_away_does_not_make_an_older_attempt_somebody_elses(world: World) -> None:
    plan = world.plan()
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    honest, faults = executor.confirm_transaction, 3

    async def away_at_first(attempt: SignedAttempt, *, within_ms: int) -> object:
        nonlocal faults
        if attempt.signature == first.signature and faults:
            faults -= 1
            raise Unavailable("chain_unreadable", "No quorum.")
        return await honest(attempt, within_ms=within_ms)

    executor.confirm_transaction = away_at_first  # type: ignore[method-assign, assignment]
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Landed)
    assert world.gate.halts == []


async def test_once_every_older_attempt_is_dead_a_taken_receipt_halts_the_wallet(world: World) -> None:
    plan = world.plan()
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    del world.chain.found[first.signature]
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Superseded)
    assert world.gate.halts == [(builders.SOLANA_WALLET, None)]


async def test_an_older_attempt_that_a_program_refused_is_the_end_when_no_other_landed(world: World) -> None:
    plan = world.plan()
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    error = ProgramError(instruction=4, program=builders.SOLANA_POOL, code=30, name="exceeds_desired_slippage_limit")
    world.chain.found[first.signature] = Reverted(first.signature, 1_000, FEE_LAMPORTS, error)
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Reverted)
    assert report.outcome.error == error


async def test_a_strangers_receipt_ends_the_plan_only_once_every_older_attempt_is_decided(world: World) -> None:
    plan = world.plan()
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    world.chain.funded_by_strangers.add(plan.plan_id.hex)
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Landed)
    assert report.outcome.signature == first.signature


async def test_an_older_attempt_that_landed_is_what_counts_although_the_newest_expired(world: World) -> None:
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 1_000)
    executor, first = await second_attempt_after_a_false_proof(world, plan)
    world.rpc.loses_everything = True
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Landed)
    assert report.outcome.signature == first.signature
