"""The ledger by hand and by brute force: sums of what stands, whatever the chain took back in between."""

import random
from decimal import Decimal
from typing import Any
from uuid import uuid4

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import builders
from tests.builders import ARBITRUM, STRATEGY_ID, USDC, WALLET, WETH
from tests.unit.accounting.journal_rows import DECIMALS, DOLLAR, ETHER, Rows, Trade, block, buy, prices, sell
from tradewind.accounting.ledger import TYPES, Ledger
from tradewind.accounting.sums import Sums
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import Exact, PlanStep, StepKind
from tradewind.streaming.recorded import Recorded

D = Decimal
GWEI = 10**9


def ledger_of(rows: list[Recorded]) -> Ledger:
    ledger = Ledger(DECIMALS)
    for row in rows:
        ledger.apply(row)
    return ledger


def told(rows: Rows, *trades: Trade, final: bool = False) -> Rows:
    """The whole life of each trade, one after another."""
    for trade in trades:
        for body in (trade.planned(), trade.submitted(), trade.confirmed(), trade.completed()):
            rows.add(body)
        if final:
            rows.add(trade.finalized())
    return rows


def only(ledger: Ledger) -> Sums:
    [sums] = ledger.accounts().sums.values()
    return sums


def test_a_round_trip_by_hand() -> None:
    # 2 WETH bought for 4,000 USDC, sold for 4,100; each transaction costs 0.001 ETH at 2,000 and 2,050.
    first = buy(2 * ETHER, 4_000 * DOLLAR, fee_raw=10**15, reference_prices=prices("2000"))
    second = sell(2 * ETHER, 4_100 * DOLLAR, fee_raw=10**15, reference_prices=prices("2050"))
    sums = only(ledger_of(told(Rows(), first, second).rows))
    assert (sums.fills, sums.volume_usd, sums.realised_usd) == (2, D(8_100), D(100))
    assert (sums.gas_wei, sums.gas_usd) == (2 * 10**15, D("4.05"))
    assert sums.net_usd == D("95.95")
    # 0.05 % of the value stayed in the pools; it is inside the fills.
    assert sums.pool_fees_usd == D("4.05")


def test_a_stable_coin_decides_what_a_fill_is_worth() -> None:
    """The reference price says 2,000, the market gave 1,990: the money counts, not the estimate."""
    ledger = ledger_of(told(Rows(), sell(ETHER, 1_990 * DOLLAR)).rows)
    assert only(ledger).volume_usd == D(1_990)
    assert ledger.accounts().positions[STRATEGY_ID, ARBITRUM, WETH.address].cost_usd == D(-1_990)


def test_what_failed_is_counted_with_its_cost_and_moves_nothing() -> None:
    reverted = buy(ETHER, 2_000 * DOLLAR, fee_raw=10**15, outcome=StepOutcome.REVERTED)
    cancelled = buy(ETHER, 2_000 * DOLLAR, fee_raw=2 * 10**15, outcome=StepOutcome.CANCELLED)
    ledger = ledger_of(told(Rows(), reverted, cancelled).rows)
    sums = only(ledger)
    assert (sums.fills, sums.reverted, sums.cancelled) == (0, 1, 1)
    assert (sums.failed_wei, sums.failed_usd, sums.net_usd) == (3 * 10**15, D(6), D(-6))
    assert not ledger.accounts().positions


def test_an_approval_is_a_cost_of_its_own() -> None:
    trade = buy(ETHER, 2_000 * DOLLAR, fee_raw=10**15)
    swap = builders.a_plan(uuid4()).steps[0]
    approve: dict[str, Any] = swap.model_dump() | {"kind": StepKind.APPROVE, "index": 0}
    trade.changes = {"steps": (PlanStep(**approve), swap.model_copy(update={"index": 1}))}
    approval, confirmed = trade.confirmed(), trade.confirmed()
    rows = Rows()
    rows.add(trade.planned())
    rows.add(approval.model_copy(update={"result": approval.result.model_copy(update={"fill": None})}))
    rows.add(confirmed.model_copy(update={"result": confirmed.result.model_copy(update={"step": 1})}))
    sums = only(ledger_of(rows.rows))
    assert (sums.approvals, sums.approvals_wei, sums.approvals_usd) == (1, 10**15, D(2))
    assert (sums.fills, sums.gas_wei, sums.costs_usd) == (1, 10**15, D(4))


def test_an_unknown_price_is_said_and_not_counted_as_zero() -> None:
    arb = "0x912CE59144191C1204E64559FE8253a0e49E6548"
    blind = Trade(sold=(WETH.address, ETHER), bought=(arb, 10**21), fee_raw=5, reference_prices=())
    sums = only(ledger_of(told(Rows(), blind).rows))
    assert (sums.fills, sums.unpriced_fills, sums.unpriced_profits, sums.unpriced_gas) == (1, 1, 1, 1)
    assert (sums.volume_usd, sums.realised_usd, sums.gas_usd) == (D(0), D(0), D(0))
    assert sums.gas_wei == 5


def test_slippage_is_measured_against_the_quote_on_the_side_that_is_not_fixed() -> None:
    # 4,002 paid for what was quoted at 4,000: 5 bps worse. 1,999 received where 2,000 were quoted: 5 bps worse.
    paid = buy(2 * ETHER, 4_002 * DOLLAR, quoted=(4_000 * DOLLAR, 2 * ETHER), exact=Exact.OUT)
    got = sell(ETHER, 1_999 * DOLLAR, quoted=(ETHER, 2_000 * DOLLAR), exact=Exact.IN)
    ledger = ledger_of(told(Rows(), paid, got).rows)
    assert [entry.slippage_bps for entry in ledger.not_final()] == [D(5), D(5)]


def test_quoted_simulated_and_filled_stand_side_by_side() -> None:
    trade = buy(ETHER, 2_001 * DOLLAR, quoted=(2_000 * DOLLAR, ETHER))
    rows = Rows()
    simulated = trade.submitted().model_copy(update={"simulated_in_raw": 2_003 * DOLLAR})
    for body in (trade.planned(), simulated, trade.confirmed()):
        rows.add(body)
    [entry] = ledger_of(rows.rows).not_final()
    assert (entry.quoted_in_raw, entry.simulated_in_raw) == (2_000 * DOLLAR, 2_003 * DOLLAR)
    assert entry.fill is not None
    assert entry.fill.amount_in_raw == 2_001 * DOLLAR


def test_a_reorganisation_undoes_a_step_and_its_profit() -> None:
    bought, sold = buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR)
    rows = told(Rows(), bought, sold)
    assert only(ledger_of(rows.rows)).realised_usd == D(100)
    rows.add(sold.reorganised())
    sums = only(ledger_of(rows.rows))
    assert (sums.fills, sums.realised_usd, sums.volume_usd) == (1, D(0), D(2_000))


def test_undoing_an_earlier_purchase_changes_the_cost_of_what_followed() -> None:
    # Without the purchase at 2,000 the sale opens a position, and realises nothing.
    bought, sold = buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR)
    rows = told(Rows(), bought, sold)
    rows.add(bought.reorganised())
    sums = only(ledger_of(rows.rows))
    assert (sums.fills, sums.realised_usd) == (1, D(0))
    # Back in a later block it stands behind the sale, and closes what that opened: 2,100 - 2,000.
    rows.add(bought.confirmed(number=120))
    assert only(ledger_of(rows.rows)).realised_usd == D(100)


def test_a_second_confirmation_replaces_the_first_and_stands_behind_what_came_between() -> None:
    """After a restart a step can be found in another block without the first one ever having been taken back."""
    bought, sold = buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR)
    rows = told(Rows(), bought, sold)
    bought.round = 1
    rows.add(bought.confirmed(number=120))
    ledger = ledger_of(rows.rows)
    assert [entry.block.number for entry in ledger.not_final()] == [100, 120]
    # The sale opens below zero, and the purchase closes it.
    assert (only(ledger).fills, only(ledger).realised_usd) == (2, D(100))
    assert ledger.accounts().positions[STRATEGY_ID, ARBITRUM, WETH.address].raw == 0


def test_what_is_final_is_forgotten_but_for_its_sums() -> None:
    ledger = ledger_of(told(Rows(), *(buy(ETHER, 2_000 * DOLLAR) for _ in range(50)), final=True).rows)
    assert (ledger.open_count, ledger.not_final(), only(ledger).fills) == (0, [], 50)


def test_a_row_that_comes_twice_counts_once() -> None:
    rows = told(Rows(), buy(ETHER, 2_000 * DOLLAR))
    ledger = ledger_of([row for row in rows.rows for _ in range(2)])
    assert only(ledger).fills == 1


def test_rows_of_other_types_change_nothing() -> None:
    rows = Rows()
    for envelope in builders.one_of_each():
        rows.add(envelope.body) if envelope.type in TYPES else None
    whole = Rows()
    for envelope in builders.one_of_each():
        if not envelope.type.startswith("Request"):
            whole.add(envelope.body)
    assert only(ledger_of(rows.rows)) == only(ledger_of(whole.rows))


# Any sequence of confirmed, taken back and final, over trades of two wallets.


def random_history(dice: random.Random, count: int) -> tuple[Rows, list[Trade], list[int]]:
    """A history that could be: rows, its trades, and which of them stand at the end, in order of confirmation."""
    rows = Rows()
    trades = [_random_trade(dice) for _ in range(count)]
    for trade in trades:
        rows.add(trade.planned())
    standing: list[int] = []
    final: set[int] = set()
    number = 100
    for _ in range(dice.randrange(4 * count)):
        index, number = dice.randrange(count), number + 1
        trade = trades[index]
        if index not in standing:
            trade.number = number
            rows.add(trade.submitted())
            rows.add(trade.confirmed())
            standing.append(index)
        elif index not in final and dice.random() < 0.6:
            rows.add(trade.reorganised())
            standing.remove(index)
        elif index not in final:
            rows.add(trade.finalized())
            final.add(index)
    return rows, trades, standing


def _random_trade(dice: random.Random) -> Trade:
    make = dice.choice((buy, sell))
    weth = dice.randrange(1, 5 * ETHER)
    usdc = weth * dice.randrange(1_800, 2_200) // 10**12 + 1
    outcome = dice.choices(tuple(StepOutcome), weights=(8, 1, 1))[0]
    usd = dice.choice(("2000", "1999.123456789", None))
    return make(weth, usdc, fee_raw=dice.randrange(10**15), outcome=outcome, reference_prices=prices(usd))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_any_history_comes_to_the_sums_of_what_stands(seed: int, count: int) -> None:
    rows, trades, standing = random_history(random.Random(seed), count)
    # The same trades, as if nothing had ever been taken back.
    straight = told(Rows(), *(trades[index] for index in standing))
    ours, theirs = ledger_of(rows.rows).accounts(), ledger_of(straight.rows).accounts()
    assert ours.sums == theirs.sums
    assert {key: p for key, p in ours.positions.items() if p.raw} == {
        key: p for key, p in theirs.positions.items() if p.raw
    }
    # And by hand, from the trades alone.
    stand = [trades[index] for index in standing]
    if stand:
        fills = [trade for trade in stand if trade.outcome is StepOutcome.SUCCEEDED]
        [sums] = ours.sums.values()
        assert sums.costs_wei == sum(trade.fee_raw for trade in stand)
        assert sums.fills == len(fills)
        assert sums.volume_usd == sum(D(dict((t.sold, t.bought))[USDC.address]).scaleb(-6) for t in fills)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(90, 130))
def test_expected_balances_are_the_opening_and_every_step_behind_it(seed: int, count: int, opened_at: int) -> None:
    dice = random.Random(seed)
    rows, trades, standing = random_history(dice, count)
    opening = builders.balances_observed(block=block(opened_at))
    # It may be recorded at any time: the block decides what it holds.
    at = dice.randrange(len(rows.rows) + 1)
    ordered = [*rows.rows[:at], Rows().add(opening), *rows.rows[at:]]
    ledger = Ledger(DECIMALS)
    for seq, row in enumerate(ordered, start=1):
        ledger.apply(Recorded(seq, row.envelope, row.hash))
    # What is final when a wallet is read is in a block that the reading has: no chain does otherwise.
    assume(not any(_is_final(rows.rows[:at], trades[i]) and trades[i].number > opened_at for i in standing))
    behind = [trades[index] for index in standing if trades[index].number > opened_at]
    expected = {None: 10**19, USDC.address: 50_000 * DOLLAR, WETH.address: 2 * ETHER}
    for trade in behind:
        expected[None] -= trade.fee_raw
        if trade.outcome is StepOutcome.SUCCEEDED:
            expected[trade.sold[0]] -= trade.sold[1]
            expected[trade.bought[0]] += trade.bought[1]
    books = ledger.expected(ARBITRUM, WALLET, at_block=10**9)
    assert {token: book.expected_raw for token, book in books.items()} == expected


def _is_final(rows: list[Recorded], trade: Trade) -> bool:
    return any(row.envelope.id == builders.envelope(trade.finalized()).id for row in rows)
