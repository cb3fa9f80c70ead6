"""Priorities: explained, bounded, and never lower for being more urgent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import USDC, WETH, an_intent
from tradewind.domain.asset import AssetSpec
from tradewind.domain.intent import MAX_TIME_WINDOW_MS, ExecutionStyle, IntentConstraints, IntentType, MLFeatures
from tradewind.intents.prioritizer import RulePrioritizer


def constraints(time_window_ms: int, style: ExecutionStyle = ExecutionStyle.AGGRESSIVE) -> IntentConstraints:
    return IntentConstraints(max_slippage=Decimal("0.005"), time_window_ms=time_window_ms, execution_style=style)


def value(**changes: object) -> int:
    return RulePrioritizer().prioritise(an_intent(**changes)).value


def test_the_reasons_add_up_to_the_priority() -> None:
    priority = RulePrioritizer().prioritise(an_intent())
    assert sum(reason.points for reason in priority.reasons) == priority.value


def test_the_example_of_the_specification_gets_six_of_ten() -> None:
    # 4 to start with, 1 for a window of five minutes, 1 for asking for speed.
    assert value(constraints=constraints(300_000)) == 6


@pytest.mark.parametrize(
    ("calmer", "keener"),
    [
        ({"constraints": constraints(700_000)}, {"constraints": constraints(30_000)}),
        ({"constraints": constraints(60_000, ExecutionStyle.PASSIVE)}, {"constraints": constraints(60_000)}),
        ({}, {"ml_features": MLFeatures(urgency=0.9)}),
        (
            {"intent_type": IntentType.ACQUIRE},
            {
                "intent_type": IntentType.DISPOSE,
                "assets": (AssetSpec(asset=WETH, amount=Decimal(1)), AssetSpec(asset=USDC)),
            },
        ),
    ],
)
def test_what_makes_waiting_costly_raises_the_priority(calmer: dict[str, object], keener: dict[str, object]) -> None:
    assert value(**keener) > value(**calmer)


@given(
    first=st.integers(1, MAX_TIME_WINDOW_MS),
    second=st.integers(1, MAX_TIME_WINDOW_MS),
    style=st.sampled_from(ExecutionStyle),
    kind=st.sampled_from(IntentType),
)
def test_a_shorter_window_never_lowers_the_priority(
    first: int, second: int, style: ExecutionStyle, kind: IntentType
) -> None:
    shorter, longer = sorted((first, second))
    of_shorter = value(constraints=constraints(shorter, style), intent_type=kind)
    of_longer = value(constraints=constraints(longer, style), intent_type=kind)
    assert 1 <= of_longer <= of_shorter <= 10
