"""A report that goes on from a snapshot is the report that reads everything."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.builders import STRATEGY_ID
from tests.unit.accounting.journal_rows import DECIMALS, DOLLAR, ETHER, Rows, buy
from tests.unit.accounting.test_ledger import random_history
from tests.unit.accounting.test_report import HOUR_NS, NAMES, rows_of
from tradewind.accounting.ledger import Ledger
from tradewind.accounting.report import ReportMaker, Selection
from tradewind.accounting.report_view import ReportView
from tradewind.accounting.snapshots import Snapshots
from tradewind.streaming.recorded import Recorded


def followed(rows: list[Recorded], *, every_steps: int, most: int = 64) -> Snapshots:
    ledger = Ledger(DECIMALS)
    snapshots = Snapshots(ledger, every_steps=every_steps, most=most)
    for row in rows:
        ledger.apply(row)
        snapshots.apply(row)
    return snapshots


def made(rows: list[Recorded], selection: Selection, snapshots: Snapshots | None = None) -> tuple[ReportView, int]:
    """The report, and how many rows it read."""
    start = snapshots.best(selection) if snapshots else None
    needed = [row for row in rows if start is None or row.seq > start.read_after]
    maker = ReportMaker(selection, NAMES, DECIMALS, start)
    maker.add(needed)
    return maker.report({}), len(needed)


SELECTIONS: list[dict[str, Any]] = [
    {"steps": 2},
    {"steps": 0},
    {"steps": 2, "strategy_id": STRATEGY_ID},
    {"since_ns": builders.START_NS + 5 * HOUR_NS},
    {"since_ns": builders.START_NS + 5 * HOUR_NS, "until_ns": builders.START_NS + 7 * HOUR_NS},
    {"until_ns": builders.START_NS + 7 * HOUR_NS, "steps": 2},
    {"wallet": builders.WALLET, "steps": 2},
]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_it_is_the_same_report(selection: dict[str, Any]) -> None:
    rows = rows_of(*(buy(ETHER, number * DOLLAR) for number in range(1, 11))).rows
    wanted = Selection(**selection)
    assert made(rows, wanted, followed(rows, every_steps=1))[0] == made(rows, wanted)[0]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from(SELECTIONS), st.integers(1, 3))
def test_it_is_the_same_whatever_happened(seed: int, count: int, selection: dict[str, Any], every: int) -> None:
    dice = random.Random(seed)
    rows = Rows()
    for number, row in enumerate(random_history(dice, count)[0].rows):
        rows.add(row.envelope.body, at_ns=builders.START_NS + number * HOUR_NS // 2)
    wanted = Selection(**selection)
    assert made(rows.rows, wanted, followed(rows.rows, every_steps=every))[0] == made(rows.rows, wanted)[0]


def test_a_window_reads_only_what_it_needs() -> None:
    rows = rows_of(*(buy(ETHER, DOLLAR) for _ in range(100))).rows
    snapshots = followed(rows, every_steps=10)
    late = Selection(since_ns=builders.START_NS + 95 * HOUR_NS)
    assert made(rows, late, snapshots)[1] <= 10 * 5 + 5
    assert made(rows, Selection(steps=5), snapshots)[1] <= 20 * 5


def test_their_number_stays_the_same_however_long_it_gets() -> None:
    rows = rows_of(*(buy(ETHER, DOLLAR) for _ in range(300))).rows
    snapshots = followed(rows, every_steps=1, most=8)
    assert len(snapshots._taken) <= 8
    assert made(rows, Selection(steps=50), snapshots)[0] == made(rows, Selection(steps=50))[0]
