"""The intent as a client sends it: the documented example is accepted, and every fault has its name."""

import copy
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.builders import INTENT_JSON, USDC, WETH, an_intent
from tradewind.domain.intent import ExecutionStyle, Intent, IntentConstraints, IntentType, VenueRule
from tradewind.domain.model import invalid_input
from tradewind.errors import Disposition, Fault

GONE = object()


def test_accepts_the_documented_example_unchanged() -> None:
    intent = Intent.model_validate_json(INTENT_JSON)
    assert intent.strategy_id == UUID("a1b2c3d4-e5f6-7890-1234-567890abcdef")
    assert intent.intent_type is IntentType.ACQUIRE
    assert intent.sized.asset == WETH
    assert intent.sized.amount_raw == 1_500_000_000_000_000_000
    assert intent.counter.asset == USDC
    assert intent.chain_id == 42161
    assert intent.constraints.max_slippage_ppm == 5_000
    assert intent.constraints.time_window_ms == 300_000
    assert intent.constraints.execution_style is ExecutionStyle.AGGRESSIVE
    assert intent.constraints.allows_venue("uniswap_v3")


def test_gives_an_intent_without_an_id_one_of_its_own() -> None:
    assert Intent.model_validate_json(INTENT_JSON).id != Intent.model_validate_json(INTENT_JSON).id


def test_says_the_same_after_a_round_trip() -> None:
    intent = Intent.model_validate_json(INTENT_JSON)
    assert Intent.model_validate_json(intent.model_dump_json()) == intent


def test_the_size_may_stand_on_either_asset() -> None:
    first, second = an_intent().assets
    assert an_intent(assets=(second, first)).sized == first


def changed(path: str, value: object) -> dict[str, Any]:
    """The example with one field replaced, added or gone."""
    document: dict[str, Any] = copy.deepcopy(json.loads(INTENT_JSON))
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    place: Any = document
    for key in parents:
        place = place[key]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def faults_of(document: object) -> list[Fault]:
    with pytest.raises(ValidationError) as raised:
        Intent.model_validate_json(json.dumps(document))
    error = invalid_input(raised.value, what="intent")
    assert error.disposition is Disposition.REJECT
    return list(error.faults)


SWAPPED_CASE = "0x82aF49447D8a07e3bd95BD0d56f35241523fBaB1"
OTHER_CHAIN = {"symbol": "USDC", "address": USDC.address, "decimals": 6, "chain_id": 1}
OFF_BY_A_DIGIT = "1." + "0" * 18 + "1"
ONE_WETH = {"asset": json.loads(INTENT_JSON)["assets"][0]["asset"], "amount": "1"}

# Where the example is changed, to what; the field that is named, and the code.
FAULTS: list[tuple[str, object, str, str]] = [
    ("id", "not-a-uuid", "id", "uuid_malformed"),
    ("id", 7, "id", "uuid_malformed"),
    ("strategy_id", GONE, "strategy_id", "field_missing"),
    ("strategy_id", "a1b2", "strategy_id", "uuid_malformed"),
    ("strategy_id", None, "strategy_id", "uuid_malformed"),
    ("intent_type", GONE, "intent_type", "field_missing"),
    ("intent_type", "hold", "intent_type", "value_not_allowed"),
    ("intent_type", "ACQUIRE", "intent_type", "value_not_allowed"),
    ("status", "PENDING", "status", "unknown_field"),
    ("assets", GONE, "assets", "field_missing"),
    ("assets", "WETH", "assets", "wrong_type"),
    ("assets", [], "(whole)", "asset_count"),
    ("assets", [ONE_WETH], "(whole)", "asset_count"),
    ("assets.1", ONE_WETH, "(whole)", "assets_equal"),
    ("assets.1.asset", OTHER_CHAIN, "(whole)", "assets_on_different_chains"),
    ("assets.0.amount", GONE, "(whole)", "size_missing"),
    ("assets.1.amount", "5", "(whole)", "size_twice"),
    ("assets.0.amount", 1.5, "assets.0.amount", "amount_not_a_string"),
    ("assets.0.amount", 1, "assets.0.amount", "amount_not_a_string"),
    ("assets.0.amount", True, "assets.0.amount", "amount_not_a_string"),
    ("assets.0.amount", "", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "-1", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "+1", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "1e18", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "NaN", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "Infinity", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "1,5", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "01.5", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "1.", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", ".5", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", " 1", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "1\n", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "1_000", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "١", "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "9" * 79, "assets.0.amount", "amount_malformed"),
    ("assets.0.amount", "0", "assets.0.amount", "amount_zero"),
    ("assets.0.amount", "0.000", "assets.0.amount", "amount_zero"),
    ("assets.0.amount", OFF_BY_A_DIGIT, "assets.0.amount", "amount_too_precise"),
    ("assets.0.amount", str(2**256), "assets.0.amount", "amount_too_large"),
    ("assets.0.percentage", "10", "assets.0", "amount_and_percentage"),
    ("assets.0.percentage", 10, "assets.0.percentage", "amount_not_a_string"),
    ("assets.0.side", "buy", "assets.0.side", "unknown_field"),
    ("assets.0.asset", GONE, "assets.0.asset", "field_missing"),
    ("assets.0.asset", "WETH", "assets.0.asset", "wrong_type"),
    ("assets.0.asset.symbol", "", "assets.0.asset.symbol", "string_too_short"),
    ("assets.0.asset.symbol", "W ETH", "assets.0.asset.symbol", "symbol_malformed"),
    ("assets.0.asset.symbol", "WΕTH", "assets.0.asset.symbol", "symbol_malformed"),
    ("assets.0.asset.symbol", "W" * 33, "assets.0.asset.symbol", "value_out_of_range"),
    ("assets.0.asset.symbol", 7, "assets.0.asset.symbol", "wrong_type"),
    ("assets.0.asset.address", GONE, "assets.0.asset.address", "field_missing"),
    ("assets.0.asset.address", 7, "assets.0.asset.address", "address_malformed"),
    ("assets.0.asset.address", "0x82aF", "assets.0.asset.address", "address_malformed"),
    ("assets.0.asset.address", SWAPPED_CASE, "assets.0.asset.address", "address_checksum"),
    ("assets.0.asset.decimals", "18", "assets.0.asset.decimals", "wrong_type"),
    ("assets.0.asset.decimals", 18.5, "assets.0.asset.decimals", "wrong_type"),
    ("assets.0.asset.decimals", True, "assets.0.asset.decimals", "wrong_type"),
    ("assets.0.asset.decimals", -1, "assets.0.asset.decimals", "value_out_of_range"),
    ("assets.0.asset.decimals", 37, "assets.0.asset.decimals", "value_out_of_range"),
    ("assets.0.asset.chain_id", "arbitrum", "assets.0.asset.chain_id", "chain_unknown"),
    ("assets.0.asset.chain_id", "42161", "assets.0.asset.chain_id", "chain_unknown"),
    ("assets.0.asset.chain_id", 0, "assets.0.asset.chain_id", "value_out_of_range"),
    ("assets.0.asset.chain_id", True, "assets.0.asset.chain_id", "wrong_type"),
    ("assets.0.asset.chain_id", 101, "assets.0.asset.address", "address_malformed"),
    ("constraints", GONE, "constraints", "field_missing"),
    ("constraints.max_slippage", GONE, "constraints.max_slippage", "field_missing"),
    ("constraints.max_slippage", 0.005, "constraints.max_slippage", "amount_not_a_string"),
    ("constraints.max_slippage", "0", "constraints.max_slippage", "amount_zero"),
    ("constraints.max_slippage", "1", "constraints.max_slippage", "slippage_out_of_range"),
    ("constraints.max_slippage", "50", "constraints.max_slippage", "slippage_out_of_range"),
    ("constraints.max_slippage", "0.0000001", "constraints.max_slippage", "slippage_too_precise"),
    ("constraints.max_slippage", "0." + "9" * 40, "constraints.max_slippage", "slippage_too_precise"),
    ("constraints.max_slippage", "0.005" + "0" * 40 + "1", "constraints.max_slippage", "slippage_too_precise"),
    ("constraints.time_window_ms", GONE, "constraints.time_window_ms", "field_missing"),
    ("constraints.time_window_ms", 0, "constraints.time_window_ms", "value_out_of_range"),
    ("constraints.time_window_ms", 604_800_001, "constraints.time_window_ms", "value_out_of_range"),
    ("constraints.time_window_ms", "300000", "constraints.time_window_ms", "wrong_type"),
    ("constraints.time_window_ms", 1.5, "constraints.time_window_ms", "wrong_type"),
    ("constraints.execution_style", "fast", "constraints.execution_style", "value_not_allowed"),
    ("constraints.max_slipage", "0.1", "constraints.max_slipage", "unknown_field"),
    ("constraints.allowed_venues", [], "constraints.allowed_venues", "venue_rule"),
    ("constraints.allowed_venues", ["a", "a"], "constraints.allowed_venues", "venue_rule"),
    ("constraints.allowed_venues", {}, "constraints.allowed_venues", "venue_rule"),
    ("constraints.allowed_venues", {"only": ["a"], "exclude": ["b"]}, "constraints.allowed_venues", "venue_rule"),
    ("constraints.allowed_venues", {"never": ["a"]}, "constraints.allowed_venues.never", "unknown_field"),
    ("constraints.allowed_venues", [7], "constraints.allowed_venues.only.0", "wrong_type"),
    ("constraints.allowed_venues", "uniswap_v3", "constraints.allowed_venues", "wrong_type"),
    ("ml_features", {"market_volatility": 11}, "ml_features.market_volatility", "value_out_of_range"),
    ("ml_features", {"market_volatility": "high"}, "ml_features.market_volatility", "wrong_type"),
    ("ml_features", {"urgency": -0.1}, "ml_features.urgency", "value_out_of_range"),
    ("ml_features", {"expected_profit_bps": 10_001}, "ml_features.expected_profit_bps", "value_out_of_range"),
    ("ml_features", {"mood": 1}, "ml_features.mood", "unknown_field"),
]


@pytest.mark.parametrize(("path", "value", "field", "code"), FAULTS)
def test_names_each_fault(path: str, value: object, field: str, code: str) -> None:
    faults = faults_of(changed(path, value))
    assert (field, code) in [(fault.field, fault.code) for fault in faults]
    for fault in faults:
        assert fault.message.strip()[-1] in ".!?", fault.message


@pytest.mark.parametrize(
    ("kind", "percentage", "code"),
    [
        ("dispose", "100.0001", "percentage_out_of_range"),
        ("acquire", "10000.0001", "percentage_out_of_range"),
        ("dispose", "0", "amount_zero"),
    ],
)
def test_refuses_a_percentage_beyond_the_holding(kind: str, percentage: str, code: str) -> None:
    document = changed("assets.0.amount", GONE)
    document["intent_type"] = kind
    document["assets"][0]["percentage"] = percentage
    assert [fault.code for fault in faults_of(document)] == [code]


@pytest.mark.parametrize(("kind", "percentage"), [("dispose", "100"), ("acquire", "10000"), ("dispose", "0.01")])
def test_takes_a_percentage_of_the_holding(kind: str, percentage: str) -> None:
    document = changed("assets.0.amount", GONE)
    document["intent_type"] = kind
    document["assets"][0]["percentage"] = percentage
    assert Intent.model_validate_json(json.dumps(document)).sized.percentage == Decimal(percentage)


def test_names_every_fault_at_once() -> None:
    document = changed("assets.0.amount", 1.5)
    document["constraints"]["max_slippage"] = "2"
    document["intent_type"] = "hold"
    assert len(faults_of(document)) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"intent"', INTENT_JSON.replace("1.5", "\x00")])
def test_refuses_what_is_no_object(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Intent.model_validate_json(text)
    assert {fault.code for fault in invalid_input(raised.value, what="intent").faults} <= {
        "json_malformed",
        "wrong_type",
    }


def test_an_unknown_field_comes_with_its_remedy() -> None:
    [fault] = faults_of(changed("max_slippage", "0.1"))
    assert "spelling" in fault.message


@pytest.mark.parametrize(
    ("rule", "venue", "allowed"),
    [
        (None, "anything", True),
        (["uniswap_v3"], "uniswap_v3", True),
        (["uniswap_v3"], "curve", False),
        ({"only": ["uniswap_v3"]}, "curve", False),
        ({"exclude": ["curve"]}, "curve", False),
        ({"exclude": ["curve"]}, "uniswap_v3", True),
        ({"exclude": []}, "uniswap_v3", True),
    ],
)
def test_a_list_of_venues_means_only_these(rule: object, venue: str, allowed: bool) -> None:
    intent = Intent.model_validate_json(json.dumps(changed("constraints.allowed_venues", rule)))
    assert intent.constraints.allows_venue(venue) is allowed


def test_a_venue_rule_names_what_it_mentions() -> None:
    assert VenueRule(exclude=("curve", "sushi")).names == ("curve", "sushi")


@given(st.integers(min_value=1, max_value=999_999))
def test_slippage_in_millionths_is_exact(ppm: int) -> None:
    constraints = IntentConstraints(max_slippage=Decimal(ppm).scaleb(-6), time_window_ms=1)
    assert constraints.max_slippage_ppm == ppm


def test_is_frozen() -> None:
    with pytest.raises(ValidationError):
        an_intent().intent_type = IntentType.DISPOSE  # type: ignore[misc]
