"""What an intent would do, without doing it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import builders
from tests.desk import Desk, a_desk
from tests.memory_market import a_strategy
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import ExecutionStyle, Intent, IntentConstraints
from tradewind.errors import Unavailable

STRATEGY = a_strategy(max_slices=4, max_amount={"WETH": Decimal(20)})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, strategy=STRATEGY) as opened:
        yield opened


def an_intent(amount: str = "1.5", *, slippage: str = "0.005", passive: bool = False, **changes: Any) -> Intent:
    constraints = IntentConstraints(
        max_slippage=Decimal(slippage),
        time_window_ms=302_000,
        execution_style=ExecutionStyle.PASSIVE if passive else ExecutionStyle.AGGRESSIVE,
    )
    fields = {
        "assets": (AssetSpec(asset=builders.WETH, amount=Decimal(amount)), AssetSpec(asset=builders.USDC)),
        "constraints": constraints,
    }
    return builders.an_intent(**{**fields, **changes})


async def test_the_preview_is_what_the_plan_then_is_and_records_nothing(desk: Desk) -> None:
    intent = an_intent()
    preview = await desk.validator.preview(intent)
    assert desk.state.intent(intent.id) is None
    assert preview.refusals == ()
    assert preview.plan is not None
    view = await desk.planned(await desk.accept(intent), 1)
    same = {"executor", "reference_prices"}
    assert preview.plan.model_dump(exclude=same) == view.plans[0].model_dump(exclude=same)
    assert view.processed is not None
    assert (preview.slices, preview.slicing, preview.because) == (
        view.processed.slices,
        view.processed.slicing,
        view.processed.because,
    )


async def test_a_sliced_intent_shows_its_schedule_and_the_plan_of_the_first_slice(desk: Desk) -> None:
    preview = await desk.validator.preview(an_intent(passive=True))
    assert len(preview.slices) == 4
    assert preview.plan is not None
    assert preview.plan.quoted_out_raw == preview.slices[0].amount_raw == 375 * 10**15
    assert preview.amount_raw == 15 * 10**17


async def test_everything_that_speaks_against_it_is_named_at_once(desk: Desk) -> None:
    """Half of a holding of 100 WETH is known only when the chain has answered, and then judged with all the rest."""
    desk.market.held[builders.USDC.address] = 10**6
    preview = await desk.validator.preview(an_intent("25"))
    assert [refusal.code for refusal in preview.refusals] == ["amount_above_strategy_limit"]
    preview = await desk.validator.preview(an_intent("19"))
    assert [refusal.code for refusal in preview.refusals] == ["balance_too_low"]
    assert preview.plan is not None
    half = an_intent(
        assets=(AssetSpec(asset=builders.WETH, percentage=Decimal(50)), AssetSpec(asset=builders.USDC)),
        slippage="0.01",
    )
    preview = await desk.validator.preview(half)
    assert [refusal.code for refusal in preview.refusals] == ["amount_above_strategy_limit", "balance_too_low"]


async def test_a_strategy_that_is_not_configured_is_named_with_its_field(desk: Desk) -> None:
    preview = await desk.validator.preview(an_intent(strategy_id=uuid4()))
    [refusal] = preview.refusals
    assert (refusal.code, refusal.field) == ("strategy_unknown", "strategy_id")
    assert preview.plan is None


async def test_what_no_pool_can_carry_is_a_refusal_without_a_plan(desk: Desk) -> None:
    """10,000 % of a holding of 100 WETH is more than there is in the pool."""
    too_much = an_intent(
        assets=(AssetSpec(asset=builders.WETH, percentage=Decimal(10_000)), AssetSpec(asset=builders.USDC)),
    )
    preview = await desk.validator.preview(too_much)
    assert [refusal.code for refusal in preview.refusals] == ["insufficient_liquidity"]
    assert preview.plan is None
    assert preview.amount_raw == 10_000 * 10**18


async def test_a_chain_that_does_not_answer_is_an_error_not_a_refusal(desk: Desk) -> None:
    desk.market.down = Unavailable("rpc_timeout", "No answer.")
    with pytest.raises(Unavailable):
        await desk.validator.preview(an_intent())
