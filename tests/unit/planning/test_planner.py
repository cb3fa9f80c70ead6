"""The planner's schedule: each slice in its time, at a fresh quote, with the wallet's turn, within the window."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tests.fake_clock import FakeClock
from tests.memory_market import AHalt, MemoryMarket, a_strategy
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import ExecutionStyle, Intent, IntentConstraints
from tradewind.domain.slice import SliceOutcome
from tradewind.domain.status import IntentStatus
from tradewind.errors import Unavailable

WETH, USDC = builders.WETH, builders.USDC
WINDOW_S = 62
# Three slices: at once, after 20 s, and after 40 s of the 60 s in which one can still land.
STRATEGY = a_strategy(max_slices=3, min_slice_interval_ms=1_000)


def passive(amount: str = "3", *, window_s: int = WINDOW_S, **changes: Any) -> Intent:
    constraints = IntentConstraints(
        max_slippage=Decimal("0.005"), time_window_ms=window_s * 1_000, execution_style=ExecutionStyle.PASSIVE
    )
    assets = (AssetSpec(asset=WETH, amount=Decimal(amount)), AssetSpec(asset=USDC))
    return builders.an_intent(assets=assets, **{"constraints": constraints, **changes})


def aggressive(amount: str = "0.5", *, window_s: int = 600) -> Intent:
    constraints = IntentConstraints(max_slippage=Decimal("0.005"), time_window_ms=window_s * 1_000)
    return builders.an_intent(
        assets=(AssetSpec(asset=WETH, amount=Decimal(amount)), AssetSpec(asset=USDC)), constraints=constraints
    )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, strategy=STRATEGY) as opened:
        yield opened


async def at(desk: Desk, seconds_after_start: float) -> None:
    """Move the clock to a time after the start, once somebody waits for it."""
    left = seconds_after_start - (desk.clock.now_ns() - FakeClock().now_ns()) / 1e9
    await desk.clock.until_asleep()
    await desk.clock.advance(left)


async def filled(desk: Desk, intent_id: UUID, slice_index: int) -> None:
    await desk.until(intent_id, lambda view: any(plan.slice_index == slice_index for plan in view.plans))
    await desk.fill(intent_id, slice_index)


async def test_each_slice_is_planned_in_its_time_at_a_fresh_quote_and_the_sums_are_the_intents(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    first = (await desk.planned(intent_id, 1)).plans[0]
    await desk.fill(intent_id, 0)
    await at(desk, 19.9)
    assert len(desk.view(intent_id).plans) == 1
    # The market comes 0.03 % cheaper; the second plan must see it.
    desk.market.trade(USDC.address, 3_000 * 10**6)
    await at(desk, 20)
    second = (await desk.planned(intent_id, 2)).plans[1]
    assert second.quoted_in_raw < first.quoted_in_raw
    await desk.fill(intent_id, 1)
    await at(desk, 40)
    await filled(desk, intent_id, 2)
    view = await desk.ended(intent_id)
    assert view.status is IntentStatus.COMPLETED
    assert view.completed is not None
    assert view.completed.filled_out_raw == 3 * 10**18
    assert view.completed.filled_in_raw == sum(plan.quoted_in_raw for plan in view.plans)
    assert view.completed.fee_raw == 3 * 10**12
    assert [plan.quoted_out_raw for plan in view.plans] == [10**18] * 3


async def test_step_numbers_count_on_over_the_plans_and_every_deadline_is_the_windows(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    for index, second in enumerate((0, 20, 40)):
        if index:
            await at(desk, second)
        await filled(desk, intent_id, index)
    view = await desk.ended(intent_id)
    assert [step.index for plan in view.plans for step in plan.steps] == [0, 1, 2]
    assert {plan.deadline_s for plan in view.plans} == {view.valid_until_ns // 10**9}


async def test_between_two_slices_another_intent_of_the_wallet_goes(desk: Desk) -> None:
    patient = await desk.accept(passive())
    await desk.planned(patient, 1)
    quick = await desk.accept(aggressive())
    await desk.clock.advance(1)
    assert not desk.view(quick).plans
    await desk.fill(patient, 0)
    await desk.planned(quick, 1)
    await at(desk, 20)
    await desk.clock.advance(1)
    # The other one is in flight: the second slice waits for it, although its time has come.
    assert len(desk.view(patient).plans) == 1
    await desk.fill(quick, 0)
    await desk.planned(patient, 2)


async def test_a_slice_that_failed_does_not_end_the_others(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    await at(desk, 20)
    await desk.planned(intent_id, 2)
    await desk.fail(intent_id, 1)
    await at(desk, 40)
    await filled(desk, intent_id, 2)
    view = await desk.ended(intent_id)
    assert (view.status, view.code) == (IntentStatus.PARTIALLY_COMPLETED, "price_moved")
    assert view.message == "2 of 3 slices were filled. Slice 2: The transaction reverted."
    assert view.completed is not None
    assert view.completed.filled_out_raw == 2 * 10**18
    assert view.completed.fee_raw == 2 * 10**12 + 10**11


async def test_no_slice_pays_more_than_its_part_of_what_one_transaction_could_have(desk: Desk) -> None:
    """The price moves by 1 %, twice the slippage: the second slice waits, and goes when the price is back."""
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    before = desk.market.graph.uniswap_v3_state(builders.POOL)
    desk.market.trade(WETH.address, 18 * 10**18)
    await at(desk, 20)
    await at(desk, 30)
    view = desk.view(intent_id)
    assert len(view.plans) == 1
    desk.market.graph.apply_swap(
        builders.POOL, sqrt_price_x96=before.sqrt_price_x96, liquidity=before.liquidity, tick=before.tick
    )
    await at(desk, 35)
    plan = (await desk.planned(intent_id, 2)).plans[1]
    limit_raw = view.slices[1].limit_raw
    assert limit_raw is not None
    assert plan.quoted_in_raw < plan.worst_in_raw <= limit_raw


async def test_a_price_that_does_not_come_back_leaves_the_rest_unfilled_and_says_so(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    desk.market.trade(WETH.address, 18 * 10**18)
    await at(desk, 60)
    view = await desk.ended(intent_id)
    assert (view.status, view.code) == (IntentStatus.PARTIALLY_COMPLETED, "price_beyond_limit")
    assert "1 of 3 slices were filled. Slice 2: The time window closed" in (view.message or "")
    assert "the price has moved since the intent was accepted" in (view.message or "")
    assert [ended.outcome for ended in view.ended_slices] == [
        SliceOutcome.FILLED,
        SliceOutcome.EXPIRED,
        SliceOutcome.EXPIRED,
    ]


async def test_a_limit_that_is_tighter_than_the_slippage_is_what_the_plan_allows(desk: Desk) -> None:
    """The price moves by 0.3 %: still within the part's limit, but less than half a per cent away from it."""
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    desk.market.trade(WETH.address, 5 * 10**18)
    await at(desk, 20)
    view = await desk.planned(intent_id, 2)
    plan, limit_raw = view.plans[1], view.slices[1].limit_raw
    assert plan.worst_in_raw == limit_raw
    assert plan.quoted_in_raw < plan.worst_in_raw < plan.quoted_in_raw * 1_005 // 1_000


async def test_funds_are_looked_at_again_for_each_slice(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    desk.market.held[USDC.address] = 10**6
    await at(desk, 20)
    await desk.until(intent_id, lambda view: len(view.ended_slices) == 2)
    desk.market.held[USDC.address] = 500_000 * 10**6
    await at(desk, 40)
    await filled(desk, intent_id, 2)
    view = await desk.ended(intent_id)
    assert (view.status, view.code) == (IntentStatus.PARTIALLY_COMPLETED, "balance_too_low")


@pytest.mark.parametrize(
    "halts",
    [[AHalt()], [AHalt(wallet=builders.WALLET)], [AHalt(strategy_id=str(builders.STRATEGY_ID))]],
)
async def test_a_slice_that_waits_for_a_halt_to_end_keeps_nobody_from_the_wallet(
    desk: Desk, halts: list[AHalt]
) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    desk.gate.halts = halts
    await at(desk, 25)
    assert len(desk.view(intent_id).plans) == 1
    async with asyncio.timeout(5):
        await desk.turns.take((builders.ARBITRUM, builders.WALLET), (UUID(int=1), 0), priority=1, seq=1)
    desk.turns.give_back((UUID(int=1), 0))
    desk.gate.halts = [AHalt(wallet="0x0000000000000000000000000000000000000001")]
    await at(desk, 30)
    await desk.planned(intent_id, 2)


async def test_what_the_chain_does_not_answer_decides_nothing(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    desk.market.down = Unavailable("rpc_timeout", "The endpoint does not answer.")
    await at(desk, 20)
    await at(desk, 30)
    assert len(desk.view(intent_id).ended_slices) == 1
    desk.market.down = None
    await at(desk, 35)
    await desk.planned(intent_id, 2)


async def test_a_restart_goes_on_with_the_schedule_and_plans_no_slice_twice(tmp_path: Path) -> None:
    clock, market = FakeClock(), MemoryMarket()
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        intent_id = await desk.accept(passive())
        await filled(desk, intent_id, 0)
        before = desk.view(intent_id)
    await clock.advance(10)
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        await clock.until_asleep()
        assert desk.view(intent_id) == before
        await clock.advance(10)
        await filled(desk, intent_id, 1)
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        await clock.advance(20)
        await filled(desk, intent_id, 2)
        view = await desk.ended(intent_id)
    assert view.status is IntentStatus.COMPLETED
    assert [plan.slice_index for plan in view.plans] == [0, 1, 2]


async def test_after_a_restart_the_slice_in_flight_keeps_others_from_the_wallet(tmp_path: Path) -> None:
    clock, market = FakeClock(), MemoryMarket()
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        in_flight = await desk.accept(passive())
        await desk.planned(in_flight, 1)
        other = await desk.accept(aggressive())
    asked = market.syncs
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        await clock.until_asleep(2)
        await clock.advance(1)
        assert not desk.view(other).plans
        # Neither is the planned one planned again.
        assert market.syncs == asked
        await desk.fill(in_flight, 0)
        await desk.planned(other, 1)


async def test_a_cancel_while_a_slice_waits_for_its_time_ends_the_intent_at_once(desk: Desk) -> None:
    intent_id = await desk.accept(passive())
    await filled(desk, intent_id, 0)
    outcome = await desk.manager.cancel(intent_id, by="desk", reason="the signal is gone")
    view = desk.view(intent_id)
    assert outcome.status is view.status is IntentStatus.PARTIALLY_COMPLETED
    assert outcome.message == view.message
    assert view.message == "1 of 3 slices were filled. Slice 2: Cancelled by desk: the signal is gone."
    assert outcome.sent_transactions == ()
    async with asyncio.timeout(5):
        await desk.turns.take((builders.ARBITRUM, builders.WALLET), (UUID(int=1), 0), priority=1, seq=1)


async def test_a_cancel_from_before_a_restart_is_carried_out_after_it(tmp_path: Path) -> None:
    clock, market = FakeClock(), MemoryMarket()
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        intent_id = await desk.accept(passive())
        await filled(desk, intent_id, 0)
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY, planning=False) as desk:
        asked = asyncio.create_task(desk.manager.cancel(intent_id, by="desk", reason="test"))
        await desk.until(intent_id, lambda view: view.cancel_requested is not None)
        await clock.until_asleep()
        await clock.advance(2)
        assert (await asked).status is IntentStatus.PROCESSING
    async with a_desk(tmp_path, clock=clock, market=market, strategy=STRATEGY) as desk:
        view = await desk.ended(intent_id)
    assert (view.status, view.code) == (IntentStatus.PARTIALLY_COMPLETED, "cancelled")
