"""What the sign-gate says to an executor: halts, refusals, records of others, and silence."""

from typing import Any

import pytest

from tests import builders
from tests.unit.execution.executors.world import World
from tradewind.errors import Refused, Unavailable
from tradewind.execution.executors.memory import FEE_LAMPORTS
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed
from tradewind.execution.executors.ports import SignedAttempt


@pytest.fixture
def world() -> World:
    return World()


async def test_during_a_halt_nothing_is_signed(world: World) -> None:
    await world.gate.halt(reason="prices look wrong", by="operator")
    report = await world.run(world.rpc_executor(), world.request(world.plan()))
    assert (report.code, report.attempts) == ("halted", 0)


async def test_a_halt_does_not_stop_what_was_signed_before_it(world: World) -> None:
    plan, executor = world.plan(), world.rpc_executor()
    unsigned = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=1)
    await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=1, unsigned=unsigned, proof=None)
    await world.gate.halt(reason="prices look wrong", by="operator")
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Landed)


async def test_a_signer_that_is_away_is_asked_again_until_the_deadline(world: World) -> None:
    world.gate.silent["step"] = 5
    report = await world.run(world.rpc_executor(), world.request(world.plan()))
    assert isinstance(report.outcome, Landed)


async def test_a_gate_that_refuses_by_policy_ends_the_plan_with_its_code(world: World) -> None:
    async def refuses(*_: object, **__: object) -> SignedAttempt:
        raise Refused("program_not_allowed", "The program is not listed.")

    world.gate.sign = refuses  # type: ignore[method-assign]
    report = await world.run(world.rpc_executor(), world.request(world.plan()))
    assert report.code == "program_not_allowed"
    assert isinstance(report.outcome, Dropped)


async def test_a_gate_that_does_not_believe_the_proof_is_asked_as_long_as_a_blockhash_lives(world: World) -> None:
    world.rpc.loses_everything = True
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 3_600_000)
    executor = world.rpc_executor()
    unsigned = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=1)
    await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=1, unsigned=unsigned, proof=None)
    await world.gate.halt(reason="prices look wrong", by="operator")
    asked_ns: list[int] = []

    async def disbelieves(*_: object) -> None:
        asked_ns.append(world.clock.now_ns())
        raise Refused("evidence_too_thin", "One endpoint is not enough.")

    world.gate.settle = disbelieves  # type: ignore[method-assign, assignment]
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert (report.code, report.attempts) == ("halted", 1)
    assert isinstance(report.outcome, Expired)
    assert asked_ns[-1] - asked_ns[0] > 110 * 10**9


async def test_a_blockhash_that_the_gate_finds_too_old_or_too_young_is_replaced_by_the_next(world: World) -> None:
    sign, refused = world.gate.sign, [Refused("validity", "The last valid block height is not within 150 blocks.")]

    async def late(*told: Any, **more: Any) -> SignedAttempt:
        if refused:
            raise refused.pop()
        return await sign(*told, **more)

    world.gate.sign = late  # type: ignore[method-assign]
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)
    assert len({request.blockhash.hash for request in world.builder.requests}) == 2


async def test_a_step_that_another_wallet_has_taken_over_unsigned_is_left_to_it_and_not_closed(world: World) -> None:
    async def taken(*_: Any, **__: Any) -> SignedAttempt:
        raise Refused("step_changed", "The step's receipt belongs to another.")

    world.gate.sign = taken  # type: ignore[method-assign]
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert report.code == "step_of_another_wallet"
    assert not (await world.gate.step(plan.step_owner, plan.step)).closed


async def test_a_step_with_an_unsigned_attempt_of_another_wallet_is_nobody_elses_to_end(world: World) -> None:
    plan, executor = world.plan(), world.rpc_executor()
    world.gate.only_records = True
    unsigned = await executor.build_transaction(plan, "another", attempt=1)
    with pytest.raises(Unavailable):
        await executor.sign_transaction(plan, "another", attempt=1, unsigned=unsigned, proof=None)

    async def refused(*_: Any, **__: Any) -> str:
        raise Refused("step_changed", "The step's receipt belongs to another.")

    world.gate.receipt_seed = refused  # type: ignore[method-assign]
    report = await world.run(executor, world.request(plan))
    assert report.code == "step_changed"
    assert (await world.gate.step(plan.step_owner, plan.step)).ended


@pytest.mark.parametrize("code", ["attempt_landed", "attempt_undecided"])
async def test_an_attempt_that_was_proven_dead_and_lives_is_followed_and_not_joined(world: World, code: str) -> None:
    world.rpc.loses_everything = True
    first: list[SignedAttempt] = []
    world.rpc.on_send = lambda attempt: first.append(attempt) if not first else None
    sign = world.gate.sign

    async def contradicted(*told: Any, **more: Any) -> SignedAttempt:
        if more["proof"] is None:
            return await sign(*told, **more)
        world.chain.found[first[0].signature] = Landed(first[0].signature, 1_000, FEE_LAMPORTS)
        raise Unavailable(code, "It is in a block after all.")

    world.gate.sign = contradicted  # type: ignore[method-assign]
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 10**9)
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)
    assert (report.outcome.signature, report.attempts) == (first[0].signature, 1)
