"""`tradewind report` at a terminal of 100 columns, and its refusals of what it cannot understand."""

import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.unit.accounting.journal_rows import DOLLAR, ETHER, buy, sell
from tests.unit.accounting.test_report import PLACE, holding, opened, report
from tradewind.accounting.report_view import ReclaimedView, ReportView
from tradewind.cli.app import app
from tradewind.cli.report_shown import dollars, number, report_shown
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import Exact

WIDTH = 100


def on_terminal(view: ReportView, *, limit: int = 40, offline: bool = False) -> str:
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=True, no_color=True, highlight=False)
    for part in report_shown(view, limit=limit, offline=offline):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip()) <= WIDTH for line in text.splitlines())
    return text


def said(text: str) -> str:
    """Without control sequences and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def a_day() -> ReportView:
    """A purchase, a sale at a profit, and one that failed."""
    trades = (
        buy(
            12_345 * ETHER // 10_000, 3_704 * DOLLAR, quoted=(3_703 * DOLLAR, 12_345 * ETHER // 10_000), fee_raw=10**13
        ),
        sell(ETHER, 3_100_123_456, fee_raw=10**13),
        buy(ETHER, 3_000 * DOLLAR, outcome=StepOutcome.REVERTED, fee_raw=10**13),
    )
    trades[0].exact = trades[2].exact = Exact.OUT
    return report(opened(*trades), {PLACE: holding(50_000 * DOLLAR)})


def test_each_step_stands_on_one_line() -> None:
    lines = [said(line) for line in on_terminal(a_day()).splitlines()]
    [bought] = [line for line in lines if "buy 1.2345 WETH" in line]
    assert bought.split()[-7:] == ["3,703", "3,704", "3,704", "USDC", "+2.70", "bps", "$0.0200"]
    [sold] = [line for line in lines if "sell 1 WETH" in line]
    assert "3,100.1235 USDC" in sold
    assert any("reverted" in line and "nothing traded, gas spent" in line for line in lines)


def test_the_verdict_names_the_amount_and_the_block() -> None:
    text = said(on_terminal(a_day()))
    assert "DIFFERENCE" in text
    assert "603.876544 USDC came in that no step of this service moved, later than block 50." in text


def test_what_came_back_from_receipts_and_from_the_treasury_is_told_of_its_wallet() -> None:
    view = a_day()
    assert "Receipts" not in on_terminal(view)
    back = ReclaimedView(receipts=8, lamports_back=7_127_040, fee_lamports=5_022)
    one = view.sums[0].model_copy(update={"chain_id": 101, "reclaimed": back, "topped_up_lamports": 98_000_000})
    text = said(on_terminal(view.model_copy(update={"sums": (one,)})))
    assert "Receipts taken back: 8. 0.00712704 SOL came in, for 0.000005022 SOL of gas." in text
    assert "From the treasury 0.098 SOL came in." in text


def test_the_newest_steps_are_shown_and_the_rest_is_counted() -> None:
    text = said(on_terminal(a_day(), limit=1))
    assert "sell 1 WETH" not in text
    assert "2 earlier steps are in the totals" in text


def test_offline_says_that_nothing_was_compared() -> None:
    assert "The chain was not asked (--offline)." in on_terminal(report(opened()), offline=True)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("4501.503789", "4,501.5038"),
        ("0.399815309", "0.399815"),
        ("1234567.891234", "1,234,567.9"),
        ("123456789.123", "123,456,789"),
        ("-2.5", "-2.5"),
        ("0.0000000123", "1.2e-8"),
        ("13000.000000000000000000", "13,000"),
    ],
)
def test_numbers_are_short_enough_to_read(value: str, shown: str) -> None:
    assert number(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unknown"),
        ("0", "$0"),
        ("14692.484259", "$14,692.48"),
        ("0.0114", "$0.0114"),
        ("-2.685", "-$2.68"),
        ("0.00000123", "$<0.0001"),
    ],
)
def test_gas_of_a_cent_does_not_vanish(value: str | None, shown: str) -> None:
    assert dollars(None if value is None else Decimal(value)) == shown


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--since", "yesterday"], "time_malformed"),
        (["--until", "5 minutes"], "time_malformed"),
        (["--strategy", "nobody"], "strategy_unknown"),
        (["--wallet", "0x12"], "wallet_unknown"),
        ([], "journal_missing"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_name(options: list[str], code: str, tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path / "desk")]).exit_code == 0
    config = str(tmp_path / "desk" / "arbitrum.toml")
    answer = runner.invoke(app, ["report", "--json", "--offline", "--config", config, *options])
    assert answer.exit_code != 0
    error = json.loads(answer.stderr)["error"]
    assert error["code"] == code
