"""From accepted to decomposed: the turn, the gate, the chain's word, the window, a cancel."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tests.memory_market import AHalt, a_strategy
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import ExecutionStyle, Intent, IntentConstraints
from tradewind.domain.status import IntentStatus
from tradewind.errors import Unavailable

WINDOW_S = 60


def an_intent(amount: str = "1.5", slippage: str = "0.005") -> Intent:
    return builders.an_intent(
        assets=(AssetSpec(asset=builders.WETH, amount=Decimal(amount)), AssetSpec(asset=builders.USDC)),
        constraints=IntentConstraints(max_slippage=Decimal(slippage), time_window_ms=WINDOW_S * 1_000),
    )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path) as opened:
        yield opened


async def test_an_aggressive_intent_becomes_one_slice_and_the_gates_state_is_written_down(desk: Desk) -> None:
    view = await desk.planned(await desk.accept(an_intent()), 1)
    assert view.processed is not None
    [part] = view.slices
    assert (part.amount_raw, part.not_before_ns, part.limit_raw) == (15 * 10**17, 0, None)
    assert (view.processed.gate_id, view.processed.gate_records) == (desk.gate.gate_id, desk.gate.records)
    assert view.processed.because == "one transaction carries the whole intent: it asks for speed"
    assert view.processed.slicing is not None
    assert view.processed.slicing.chosen == 1


async def test_whoever_waits_for_a_halt_to_end_keeps_nobody_from_the_wallet_and_goes_on_afterwards(
    desk: Desk,
) -> None:
    desk.gate.halts = [AHalt(strategy_id=str(builders.STRATEGY_ID))]
    intent_id = await desk.accept(an_intent())
    await desk.clock.until_asleep(2)
    stranger = (UUID(int=1), 0)
    async with asyncio.timeout(5):
        await desk.turns.take((builders.ARBITRUM, builders.WALLET), stranger, priority=1, seq=1)
    desk.turns.give_back(stranger)
    desk.gate.halts = []
    await desk.clock.advance(2)
    await desk.planned(intent_id, 1)


async def test_a_window_that_closes_while_signing_is_halted_expires_the_intent(desk: Desk) -> None:
    desk.gate.halted = True
    intent_id = await desk.accept(an_intent())
    await desk.clock.until_asleep(2)
    await desk.clock.advance(WINDOW_S)
    view = await desk.ended(intent_id)
    assert (view.status, view.code) == (IntentStatus.EXPIRED, "deadline_passed")


async def test_a_window_that_closes_while_another_intent_has_the_wallet_expires_the_intent(desk: Desk) -> None:
    first = await desk.accept(an_intent())
    await desk.planned(first, 1)
    second = await desk.accept(an_intent())
    await desk.clock.until_asleep(1)
    await desk.clock.advance(WINDOW_S)
    view = await desk.ended(second)
    assert (view.status, view.code) == (IntentStatus.EXPIRED, "deadline_passed")


async def test_what_the_chain_rules_out_is_rejected_with_the_rule(desk: Desk) -> None:
    desk.market.held[builders.USDC.address] = 4_000 * 10**6
    view = await desk.ended(await desk.accept(an_intent()))
    assert (view.status, view.code) == (IntentStatus.REJECTED, "balance_too_low")


async def test_gas_is_needed_for_every_slice(tmp_path: Path) -> None:
    """A slice may cost 286,000 gas at 0.02 gwei: with the coin for one of them, a passive intent is not begun."""
    passive = an_intent()
    constraints = passive.constraints.model_copy(
        update={"execution_style": ExecutionStyle.PASSIVE, "time_window_ms": 302_000}
    )
    passive = passive.model_copy(update={"constraints": constraints})
    async with a_desk(tmp_path) as desk:
        desk.market.native_raw = 2 * 286_000 * 20_000_000 - 1
        view = await desk.ended(await desk.accept(passive))
    assert (view.status, view.code) == (IntentStatus.REJECTED, "gas_balance_too_low")
    assert "transactions may cost up to" in (view.message or "")


@pytest.mark.parametrize("waits_for", ["turn", "halt", "chain"])
async def test_a_cancel_ends_an_intent_that_waits_and_nothing_was_traded(desk: Desk, waits_for: str) -> None:
    if waits_for == "turn":
        await desk.planned(await desk.accept(an_intent()), 1)
    if waits_for == "halt":
        desk.gate.halted = True
    if waits_for == "chain":
        desk.market.down = Unavailable("rpc_timeout", "No answer.")
    intent_id = await desk.accept(an_intent("0.5"))
    await desk.clock.until_asleep(1)
    outcome = await desk.manager.cancel(intent_id, by="alice", reason="changed my mind.")
    view = desk.view(intent_id)
    assert (outcome.status, view.status) == (IntentStatus.CANCELLED, IntentStatus.CANCELLED)
    assert outcome.message == view.message == "Cancelled by alice: changed my mind. Nothing was traded."
    assert view.code == "cancelled"


async def test_a_cancelled_intent_leaves_the_wallet_to_the_next(desk: Desk) -> None:
    desk.gate.halted = True
    intent_id = await desk.accept(an_intent())
    await desk.clock.until_asleep(2)
    await desk.manager.cancel(intent_id, by="alice", reason="test")
    desk.gate.halted = False
    await desk.planned(await desk.accept(an_intent()), 1)


async def test_a_size_that_no_slicing_keeps_within_the_impact_limit_is_rejected(tmp_path: Path) -> None:
    """12 WETH move the price by about 0.32 %; five slices in 58 s still push it beyond 0.1 %."""
    strategy = a_strategy(max_price_impact_bps=10)
    async with a_desk(tmp_path, strategy=strategy) as desk:
        view = await desk.ended(await desk.accept(an_intent("12", "0.01")))
    assert (view.status, view.code) == (IntentStatus.REJECTED, "price_impact_too_high")
    assert "no number of slices in the window keeps it below that" in (view.message or "")


async def test_a_tolerance_far_beyond_what_the_trade_costs_is_rejected(tmp_path: Path) -> None:
    """Fee and impact are 0.09 %, four times which is less than the 1 % that is always accepted."""
    async with a_desk(tmp_path, strategy=a_strategy(max_slippage_bps=500)) as desk:
        view = await desk.ended(await desk.accept(an_intent(slippage="0.0101")))
        accepted = await desk.accept(an_intent(slippage="0.01"))
        await desk.planned(accepted, 1)
    assert (view.status, view.code) == (IntentStatus.REJECTED, "slippage_unreasonable")
