"""What is typed for an intent, and the intent it becomes."""

import contextlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.cli.examples import example
from tradewind.cli.intent_builder import Wish, build
from tradewind.cli.quantities import parse_duration_ms, parse_size, parse_slippage
from tradewind.domain.intent import ExecutionStyle, Intent, IntentType
from tradewind.errors import InvalidInput
from tradewind.settings import Settings

WISH = Wish(
    kind=IntentType.ACQUIRE,
    size="1.5",
    symbol="WETH",
    counter="USDC",
    slippage="0.5%",
    within="5m",
    style=ExecutionStyle.AGGRESSIVE,
    strategy=None,
    chain_id=None,
    only=(),
    exclude=(),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "arbitrum.toml").write_text(example("arbitrum.toml"))
    return Settings.load(tmp_path / "arbitrum.toml")


def test_a_typed_wish_becomes_the_example_of_the_specification(settings: Settings) -> None:
    typed, specified = build(WISH, settings), Intent.model_validate_json(example("intent.json"))
    assert typed.model_copy(update={"id": specified.id}) == specified


def test_a_percentage_is_of_the_holding(settings: Settings) -> None:
    intent = build(replace(WISH, kind=IntentType.DISPOSE, size="25%", symbol="ARB"), settings)
    assert (intent.sized.percentage, intent.sized.amount) == (Decimal(25), None)


def test_symbols_are_found_in_any_case(settings: Settings) -> None:
    assert build(replace(WISH, symbol="weth"), settings).sized.asset.symbol == "WETH"


@pytest.mark.parametrize(("side", "allowed"), [("only", True), ("exclude", False)])
def test_venues_can_be_named_or_excluded(settings: Settings, side: str, allowed: bool) -> None:
    wish = replace(WISH, **{side: ("uniswap_v3",)})  # type: ignore[arg-type]
    constraints = build(wish, settings).constraints
    assert (constraints.allows_venue("uniswap_v3"), constraints.allows_venue("other")) == (allowed, not allowed)


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"size": "1.5.0"}, "AMOUNT", "amount_malformed"),
        ({"size": "-1"}, "AMOUNT", "amount_malformed"),
        ({"size": "0"}, "assets.0.amount", "amount_zero"),
        ({"size": "1e3"}, "AMOUNT", "amount_malformed"),
        ({"symbol": "DOGE"}, "SYMBOL", "asset_not_listed"),
        ({"counter": "WETH"}, "(whole)", "assets_equal"),
        ({"slippage": "0.5"}, "--slippage", "unit_missing"),
        ({"slippage": "100%"}, "constraints.max_slippage", "slippage_out_of_range"),
        ({"within": "5"}, "--within", "time_malformed"),
        ({"within": "8d"}, "constraints.time_window_ms", "value_out_of_range"),
        ({"strategy": "nobody"}, "--strategy", "strategy_unknown"),
        ({"chain_id": 1}, "--chain", "chain_unknown"),
        ({"only": ("a",), "exclude": ("b",)}, "--exclude", "venue_rule"),
        ({"kind": IntentType.DISPOSE, "size": "101%"}, "(whole)", "percentage_out_of_range"),
    ],
    ids=str,
)
def test_a_mistake_is_refused_by_its_own_name(
    settings: Settings, changed: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(replace(WISH, **changed), settings)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(field, code)]


@given(st.integers(min_value=1, max_value=9_999))
def test_percent_and_basis_points_mean_the_same(bps: int) -> None:
    percent = f"{bps // 100}.{bps % 100:02d}%"
    assert parse_slippage(percent) == parse_slippage(f"{bps}bps") == Decimal(bps) / 10_000


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_value_or_a_named_fault(text: str) -> None:
    for parse in (parse_slippage, parse_duration_ms, parse_size):
        with contextlib.suppress(InvalidInput):
            parse(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000)]
)
def test_times_have_units(text: str, milliseconds: int) -> None:
    assert parse_duration_ms(text) == milliseconds
