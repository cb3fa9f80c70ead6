"""The verdict of the arbitrage demo is only as good as the chain's own numbers, and its picture fits the terminal."""

import dataclasses
import io
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from tests import builders
from tradewind.cli.demo.arb_story import ArbStory, Move
from tradewind.cli.demo.arb_verdict import ArbEvidence, ArbWallet, judge_arb
from tradewind.cli.demo.arb_view import arb_picture
from tradewind.commander.engine_line import EngineLine
from tradewind.domain.execution_result_event import ExecutionResultEvent

SIGNATURE = "5" * 88
MS = 1_000_000


def result(number: int = 1, **changes: Any) -> ExecutionResultEvent:
    told: dict[str, Any] = {
        "executionId": str(UUID(int=number)),
        "planId": str(UUID(int=100 + number)),
        "opportunityId": str(UUID(int=200 + number)),
        "status": "success",
        "signature": f"{SIGNATURE[:-1]}{number}",
        "blockSlot": 7,
        "expectedProfit": "40",
        "actualProfit": "40",
        "executionCost": "5",
        "lockedLamports": "3",
        "latency": 1,
        "executionMethod": "rpc",
        "executorName": "demo",
        "timestamp": 1,
    }
    return ExecutionResultEvent.model_validate({**told, **changes}, strict=False)


RIGHT = ArbEvidence(
    before=ArbWallet(lamports=1_000, wrapped_raw=100),
    after=ArbWallet(lamports=984, wrapped_raw=180),
    signatures=(f"{SIGNATURE[:-1]}1", f"{SIGNATURE[:-1]}2"),
    results=(result(1), result(2)),
    open_at_end=[],
    spreads_ppm=(170_000, 13_000),
    journal_rows=6,
    journal_fault=None,
)


def failing(**changes: Any) -> list[str]:
    return [check.name for check in judge_arb(dataclasses.replace(RIGHT, **changes)) if not check.holds]


def test_what_the_chain_bears_out_is_proven() -> None:
    assert failing() == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"after": ArbWallet(lamports=984, wrapped_raw=179)}, ["profit"]),
        ({"after": ArbWallet(lamports=983, wrapped_raw=180)}, ["costs"]),
        ({"signatures": RIGHT.signatures[:1]}, ["one_result"]),
        ({"signatures": (*RIGHT.signatures, SIGNATURE)}, ["one_result"]),
        ({"results": (result(1), result(2, planId=str(UUID(int=101))))}, ["one_transaction"]),
        ({"spreads_ppm": (13_000, 13_000)}, ["closer"]),
        ({"open_at_end": ["a plan"]}, ["nothing_open"]),
        ({"open_at_end": None}, ["nothing_open"]),
        ({"journal_fault": "row 3 does not follow row 2"}, ["journal_verifies"]),
        (
            {"results": (), "signatures": (), "after": RIGHT.before},
            ["profit", "one_transaction"],
        ),
    ],
)
def test_what_it_does_not_bear_out_is_not(changes: dict[str, Any], names: list[str]) -> None:
    assert failing(**changes) == names


def story() -> ArbStory:
    told = ArbStory(("one", "two"), builders.SOLANA_WALLET, engine="the stand-in", phase="running")
    told.priced({"one": Fraction(3), "two": Fraction(2)})
    told.moved(Move(40_000_000_000, "SOL", 9, 1_000 * MS, 176_300))
    plan: dict[str, Any] = {"plan_id": "p", "opportunity_id": "o"}
    plan |= {"input_amount_raw": "19086442496", "expected_profit_raw": "5"}
    plan |= {"found_after_ns": 300_000, "planned_after_ns": 2 * MS}
    told.line(EngineLine(1_010 * MS, "info", "planned", "", plan))
    told.line(EngineLine(1_012 * MS, "info", "sent", "", {"plan_id": "p", "signature": SIGNATURE}))
    told.line(
        EngineLine(1_012 * MS, "info", "timed", "", {"plan_id": "p", "gate_ns": 7 * MS, "sent_after_ns": 12 * MS})
    )
    told.line(EngineLine(1_112 * MS, "info", "executed", "", {"plan_id": "p", "status": "success"}))
    stages = {"gate": {"count": 1, "p50_below_ns": 10, "most_below_ns": 20}, "build": {"count": 0}}
    told.line(EngineLine(1_113 * MS, "info", "status", "", {"stages": stages}))
    return told


@pytest.mark.parametrize("width", [80, 100])
def test_the_picture_fits_and_has_the_signature_whole(width: int) -> None:
    file = io.StringIO()
    Console(file=file, width=width).print(arb_picture(story(), judge_arb(RIGHT), took_s=2.7))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    whole = "".join(line.strip("│ ") for line in lines)
    assert SIGNATURE in whole
    assert "Proven from the chain in 2.7 s" in whole
    assert "100 ms" in whole


def test_the_way_of_a_trade_has_each_part_with_what_it_took() -> None:
    told = story()
    told.changed_raw = 5
    file = io.StringIO()
    Console(file=file, width=100).print(arb_picture(told))
    shown = [line.strip("│ ").split() for line in file.getvalue().splitlines()]
    steps = {words[1]: " ".join(words[-2:]) for words in shown if words[:1] == ["✔"]}
    # Told 2 ms before 1,010 ms, 8 ms after the move; planned 1.7 ms after it was found; 12 - 2 - 7 ms after the gate.
    assert steps == {
        "moved": "40 SOL",
        "update": "8.00 ms",
        "found": "300 µs",
        "planned": "1.70 ms",
        "gate": "7.00 ms",
        "sent": "3.00 ms",
        "landed": "100 ms",
    }
    assert "the wallet has 0.000000005 SOL more" in file.getvalue()


def test_while_it_goes_on_the_picture_fits_into_24_rows() -> None:
    told = story()
    for number in range(30):
        told.line(EngineLine(1_010 * MS, "info", "planned", "", {"plan_id": str(number)}))
    file = io.StringIO()
    Console(file=file, width=80).print(arb_picture(told, rows=24))
    lines = file.getvalue().splitlines()
    assert len(lines) <= 24
    assert "31 taken" in lines[-2]


def test_a_plan_that_has_no_end_yet_is_under_way() -> None:
    told = story()
    assert told.under_way == 0
    told.line(EngineLine(0, "info", "planned", "", {"plan_id": "q"}))
    assert told.under_way == 1
    assert list(told.stages) == ["gate"]


def test_what_was_sent_may_be_heard_before_what_was_planned() -> None:
    told = story()
    told.line(EngineLine(70, "info", "sent", "", {"plan_id": "q", "signature": SIGNATURE}))
    told.line(EngineLine(75, "info", "planned", "", {"plan_id": "q"}))
    trade = told.trades["q"]
    assert (trade.planned_ns, trade.sent_ns, trade.signature) == (75, 70, SIGNATURE)
