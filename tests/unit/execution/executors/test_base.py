"""The lifecycle: one effect at most, the same bytes again, a new signature after proof alone, no end by the clock."""

import asyncio

import pytest

from tests import builders
from tests.unit.execution.executors.world import World
from tradewind.domain.execution_result_event import ProgramError
from tradewind.errors import Unavailable
from tradewind.execution.executors.codes import SURELY_DEAD_BLOCKS
from tradewind.execution.executors.execution import ExecutionReport
from tradewind.execution.executors.memory import FEE_LAMPORTS, VALID_BLOCKS
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed, Reverted, Superseded, Unknown
from tradewind.execution.executors.ports import Sent, SignedAttempt
from tradewind.execution.executors.stages import Stage


@pytest.fixture
def world() -> World:
    return World()


async def test_a_plan_that_lands_is_reported_with_what_the_chain_took(world: World) -> None:
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)
    assert report.outcome.fee_lamports == FEE_LAMPORTS
    assert (report.attempts, report.code) == (1, None)
    assert world.chain.effects == {str(plan.plan_id): 1}


async def test_bytes_that_are_lost_are_sent_again_and_never_others(world: World) -> None:
    world.rpc.answers = [Sent("accepted"), Sent("unknown", code="timed_out"), Sent("unreachable", code="not_connected")]
    report = await world.run(world.rpc_executor(), world.request(world.plan()))
    assert isinstance(report.outcome, Landed)
    assert len(world.rpc.sent) == 4
    assert len({attempt.transaction for attempt in world.rpc.sent}) == 1
    assert len(world.builder.requests) == 1


async def test_a_new_signature_comes_only_after_the_old_one_is_proven_dead(world: World) -> None:
    world.rpc.loses_everything = True
    signed_at: list[int] = []

    def until_the_second(attempt: SignedAttempt) -> None:
        if attempt.attempt == 2:
            world.rpc.loses_everything = False
            signed_at.append(world.chain.height)

    world.rpc.on_send = until_the_second
    first_height = world.chain.height
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)
    assert report.attempts == 2
    assert signed_at[0] > first_height + VALID_BLOCKS
    assert world.chain.effects == {str(plan.plan_id): 1}


async def test_after_as_many_attempts_as_are_configured_it_fails_with_proof(world: World) -> None:
    world.rpc.loses_everything = True
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 3_600_000)
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Expired)
    assert (report.attempts, report.code) == (3, "attempts_exhausted")
    # The gate has taken it for dead, so that nothing stays reserved for it.
    assert world.gate.settled[plan.plan_id] == report.outcome
    assert isinstance(world.gate.settled[plan.plan_id], Expired)


async def test_past_its_deadline_an_expired_plan_is_not_signed_again(world: World) -> None:
    world.rpc.loses_everything = True
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 5_000)
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert (report.attempts, report.code) == (1, "deadline_passed")
    assert isinstance(report.outcome, Expired)


async def test_a_plan_that_comes_after_its_deadline_is_closed_at_the_gate_unsigned(world: World) -> None:
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000)
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Dropped)
    assert report.code == "deadline_passed"
    assert (await world.gate.step(plan.plan_id, 0)).closed
    assert world.rpc.sent == []


async def test_silence_is_told_once_as_a_timeout_and_is_not_the_end(world: World) -> None:
    world.rpc.loses_everything = True
    plan = world.plan(max_latency=2_000)
    running = asyncio.create_task(world.rpc_executor().execute(world.request(plan), world.on_timeout))
    while not world.timeouts:
        await world.clock.until_asleep()
        await world.clock.advance(0.4)
    assert not running.done()
    world.rpc.loses_everything = False
    report = await world.finish(running)
    assert isinstance(report.outcome, Landed)
    assert world.timeouts == [1]


async def test_a_revert_ends_the_plan_with_what_the_program_said(world: World) -> None:
    plan = world.plan()
    error = ProgramError(instruction=4, program=builders.SOLANA_POOL, code=30, name="exceeds_desired_slippage_limit")
    world.chain.reverts[str(plan.plan_id)] = error
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Reverted)
    assert (report.code, report.program_error) == ("reverted", error)
    assert report.attempts == 1
    assert world.chain.effects == {}


async def test_a_lane_that_says_a_program_refuses_is_asked_no_more_and_the_end_waits_for_proof(world: World) -> None:
    world.rpc.answers = [Sent("refused", code="program_error")]
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 5_000)
    before = world.chain.height
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Expired)
    assert len(world.rpc.sent) == 1
    assert world.chain.height > before + VALID_BLOCKS


async def test_a_signature_that_no_node_takes_for_one_halts_the_wallet(world: World) -> None:
    world.rpc.answers = [Sent("refused", code="signature_invalid")]
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 5_000)
    await world.run(world.rpc_executor(), world.request(plan))
    assert world.gate.halts == [(builders.SOLANA_WALLET, None)]


async def test_a_signature_whose_answer_was_lost_is_found_on_record_and_not_made_twice(world: World) -> None:
    world.gate.silent["sign"] = 1
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)
    assert len((await world.gate.step(plan.plan_id, 0)).attempts) == 1
    assert len(world.builder.requests) == 1
    assert world.chain.effects == {str(plan.plan_id): 1}


async def test_a_lost_signature_is_followed_although_the_deadline_passed_meanwhile(world: World) -> None:
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 100)
    world.gate.silent["sign"] = 1
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Landed)


async def test_an_interrupted_execution_goes_on_with_the_bytes_on_record(world: World) -> None:
    plan, executor = world.plan(), world.rpc_executor()
    world.rpc.loses_everything = True
    running = asyncio.create_task(executor.execute(world.request(plan), world.on_timeout))
    await world.clock.until_asleep()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    world.rpc.loses_everything = False
    recorded = await world.gate.step(plan.plan_id, 0)
    report = await world.run(executor, world.request(plan, recorded=recorded))
    assert isinstance(report.outcome, Landed)
    assert len({attempt.transaction for attempt in world.rpc.sent}) == 1
    assert len(world.builder.requests) == 1


async def test_an_older_attempt_that_landed_in_secret_is_what_counts(world: World) -> None:
    plan, executor = world.plan(), world.rpc_executor()

    unsigned = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=1)
    first = await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=1, unsigned=unsigned, proof=None)
    world.chain.take(first)
    world.chain.height += VALID_BLOCKS + 10
    lie = Expired(first.signature, world.chain.height, ("liar-1", "liar-2"))
    again = await executor.build_transaction(plan, builders.SOLANA_WALLET, attempt=2)
    await executor.sign_transaction(plan, builders.SOLANA_WALLET, attempt=2, unsigned=again, proof=lie)
    report = await world.run(executor, world.request(plan, recorded=await world.gate.step(plan.plan_id, 0)))
    assert isinstance(report.outcome, Landed)
    assert report.outcome.signature == first.signature
    assert world.chain.effects == {str(plan.plan_id): 1}


async def test_a_receipt_that_nobody_on_record_made_halts_the_wallet(world: World) -> None:
    plan = world.plan()
    world.chain.receipts.add(plan.plan_id.hex)
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Superseded)
    assert report.code == "receipt_taken_elsewhere"
    assert world.gate.halts == [(builders.SOLANA_WALLET, None)]


async def test_a_step_that_was_signed_for_another_wallet_is_neither_sent_nor_closed(world: World) -> None:
    plan, executor = world.plan(), world.rpc_executor()
    unsigned = await executor.build_transaction(plan, "another", attempt=1)
    await executor.sign_transaction(plan, "another", attempt=1, unsigned=unsigned, proof=None)
    report = await world.run(executor, world.request(plan))
    assert report.code == "step_of_another_wallet"
    assert world.rpc.sent == []


async def test_what_is_too_large_is_refused_before_it_is_signed(world: World) -> None:
    world.builder.size_bytes = 1_233
    plan = world.plan()
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert (report.code, report.attempts) == ("transaction_too_large", 0)
    assert (await world.gate.step(plan.plan_id, 0)).attempts == ()


async def test_an_unreadable_chain_decides_nothing(world: World) -> None:
    executor = world.rpc_executor()
    asked = 0
    honest = executor.confirm_transaction

    async def silent_at_first(attempt: SignedAttempt, *, within_ms: int) -> object:
        nonlocal asked
        asked += 1
        if asked < 4:
            raise Unavailable("chain_unreadable", "No quorum.")
        return await honest(attempt, within_ms=within_ms)

    executor.confirm_transaction = silent_at_first  # type: ignore[method-assign, assignment]
    report = await world.run(executor, world.request(world.plan()))
    assert isinstance(report.outcome, Landed)


async def test_hooks_see_each_stage_in_order_and_cannot_spoil_it(world: World) -> None:
    executor = world.rpc_executor()
    seen: list[str] = []
    for stage in Stage:

        async def note(_: object, stage: Stage = stage) -> None:
            seen.append(stage.value)

        async def fail(_: object) -> None:
            raise RuntimeError("a hook is broken")

        executor.stages.before(stage, note)
        executor.stages.after(stage, fail)
    report = await world.run(executor, world.request(world.plan()))
    assert isinstance(report.outcome, Landed)
    assert seen == ["build", "sign", "submit", "confirm"]


async def test_the_tip_is_in_the_transaction_and_grows_with_each_attempt(world: World) -> None:
    world.jito.loses_everything = True
    plan = world.plan(deadline=world.clock.now_ns() // 1_000_000 + 3_600_000)
    report: ExecutionReport = await world.run(world.jito_executor(), world.request(plan))
    assert report.attempts == 3
    tips = [request.tip.lamports for request in world.builder.requests if request.tip]
    assert tips == [1_000, 2_000, 3_000]


async def test_what_a_block_has_is_not_sent_again_while_nobody_tells_of_it(world: World) -> None:
    executor = world.rpc_executor()
    honest, silences = executor.confirm_transaction, 3

    async def landed_and_not_told(attempt: SignedAttempt, *, within_ms: int) -> object:
        nonlocal silences
        if silences:
            silences -= 1
            return Unknown(attempt.signature, "transaction_not_told")
        return await honest(attempt, within_ms=within_ms)

    executor.confirm_transaction = landed_and_not_told  # type: ignore[method-assign, assignment]
    report = await world.run(executor, world.request(world.plan()))
    assert isinstance(report.outcome, Landed)
    assert len(world.rpc.sent) == 1
    # Each silence came at once, and was waited out all the same.
    assert world.clock.slept == [0.4, 0.6, 0.9]


async def test_what_a_fork_took_out_of_its_block_is_sent_again(world: World) -> None:
    world.rpc.answers = [Sent("accepted")]
    executor = world.rpc_executor()
    honest, told = executor.confirm_transaction, False

    async def landed_on_a_fork(attempt: SignedAttempt, *, within_ms: int) -> object:
        nonlocal told
        if not told:
            told = True
            return Unknown(attempt.signature, "transaction_not_told")
        return await honest(attempt, within_ms=within_ms)

    executor.confirm_transaction = landed_on_a_fork  # type: ignore[method-assign, assignment]
    report = await world.run(executor, world.request(world.plan()))
    assert isinstance(report.outcome, Landed)
    assert len(world.rpc.sent) == 2


async def test_what_was_recorded_and_never_signed_ends_its_plan_once_it_cannot_be_any_more(world: World) -> None:
    world.gate.only_records = True
    plan = world.plan()
    began = world.chain.height
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Dropped)
    assert (report.code, report.attempts) == ("attempt_conflict", 0)
    assert world.chain.height > began + VALID_BLOCKS + SURELY_DEAD_BLOCKS
    assert (await world.gate.step(plan.step_owner, plan.step)).ended
    assert world.rpc.sent == []


async def test_a_receipt_that_a_stranger_paid_for_fails_the_plan_and_halts_nothing(world: World) -> None:
    plan = world.plan()
    world.chain.funded_by_strangers.add(plan.plan_id.hex)
    world.confirmations.undecided_makers = 3
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert isinstance(report.outcome, Reverted)
    assert (report.code, report.attempts) == ("receipt_taken_by_stranger", 1)
    assert world.gate.halts == []
    assert world.gate.settled[plan.plan_id] == report.outcome


async def test_a_receipt_whose_maker_no_final_block_tells_halts_the_wallet(world: World) -> None:
    plan = world.plan()
    world.chain.funded_by_strangers.add(plan.plan_id.hex)
    world.confirmations.undecided_makers = 10**6
    report = await world.run(world.rpc_executor(), world.request(plan))
    assert report.code == "receipt_taken_elsewhere"
    assert world.gate.halts == [(builders.SOLANA_WALLET, None)]
