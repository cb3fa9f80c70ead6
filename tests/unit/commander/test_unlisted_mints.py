"""The pre-flight of a live sniper: what the signer's policy has to let it do, and what is said where it does not."""

from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.unit.commander.strategy_files import changed, written
from tradewind.commander.finding import Verdict
from tradewind.commander.preflight.unlisted_mints import buys_unlisted, judge_unlisted
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.execution.signer_answers import Limit, Limits

# As the signer tells the terms of its section.
ALLOWED = {
    "max_open_mints": "5",
    f"wallet.{builders.SOLANA_WALLET}": "1",
    "venue.pump_curve": "1",
    "venue.pumpswap": "1",
    f"paid.{WRAPPED_SOL}": "1",
    f"paid.{WRAPPED_SOL}.max_paid_per_transaction": "100000000",
}


def limits(terms: dict[str, str]) -> Limits:
    told = {"chain.101.max_fee": "5000000"} | {f"chain.101.unlisted_mints.{key}": terms[key] for key in terms}
    made = [Limit(key=key, value=told[key], ceiling=None, by="b", since_ms=1, pending=()) for key in told]
    return Limits(now_ms=1, limits=tuple(made))


def sniper(folder: Path, **changes: Any) -> StrategySettings:
    parameters = {"base": WRAPPED_SOL, "venues": ["pump_curve"], "amount_in_raw": 100_000_000}
    usual = {
        "strategy": "sniper",
        "mode": "live",
        "commander__wallet": builders.SOLANA_WALLET,
        "parameters": parameters | changes.pop("parameters", {}),
    }
    return read_strategy_file(written(folder, changed(**usual | changes))).settings


def test_a_live_sniper_without_the_section_is_wrong_and_told_the_remedy(tmp_path: Path) -> None:
    found = judge_unlisted(limits({}), sniper(tmp_path))
    assert found.verdict is Verdict.WRONG
    assert "[chains.101.unlisted_mints]" in found.seen
    assert "signer.toml" in found.remedy


@pytest.mark.parametrize(
    ("terms", "changes", "said"),
    [
        ({}, {}, None),
        ({"max_open_mints": "0"}, {}, "max_open_mints"),
        ({f"wallet.{builders.SOLANA_WALLET}": "0"}, {}, builders.SOLANA_WALLET),
        ({"venue.pump_curve": "0"}, {}, "the venue pump_curve"),
        # Pump's coins go on there, and are sold there.
        ({"venue.pumpswap": "0"}, {}, "the venue pumpswap"),
        ({}, {"parameters": {"venues": ["raydium_amm_v4"]}}, "the venue raydium_amm_v4"),
        ({f"paid.{WRAPPED_SOL}": "0"}, {}, "in paid"),
        ({}, {"parameters": {"amount_in_raw": "100000001"}}, "max_paid_per_transaction is 100000000 raw units"),
        # The engine refuses these by their fields.
        ({}, {"parameters": {"amount_in_raw": "much"}}, None),
        ({}, {"parameters": {"venues": 7}}, None),
    ],
)
def test_each_thing_that_the_section_lacks_is_named(
    tmp_path: Path, terms: dict[str, str], changes: dict[str, Any], said: str | None
) -> None:
    found = judge_unlisted(limits(ALLOWED | terms), sniper(tmp_path, **changes))
    assert (found.verdict is Verdict.WRONG) == (said is not None)
    assert (said or "5 coins") in found.seen


@pytest.mark.parametrize(
    ("changes", "buys"),
    [({}, True), ({"mode": "paper"}, False), ({"executes": "service"}, False), ({"strategy": "arb"}, False)],
)
def test_only_a_sniper_that_signs_itself_needs_it(tmp_path: Path, changes: dict[str, Any], buys: bool) -> None:
    assert buys_unlisted(sniper(tmp_path, **changes)) is buys
