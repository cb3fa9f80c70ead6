"""The report from rows alone: its window, its filters, its totals and its verdict."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from tests import builders
from tests.builders import ARBITRUM, STRATEGY_ID, USDC, WALLET, WETH
from tests.unit.accounting.journal_rows import DECIMALS, DOLLAR, ETHER, Rows, Trade, block, buy, sell
from tradewind.accounting.names import ChainNames, Names
from tradewind.accounting.report import Held, ReportMaker, Selection
from tradewind.accounting.report_view import ReportView
from tradewind.domain.balances import TokenBalance
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import Exact
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import Token, TokenList

D = Decimal
TOKENS = TokenList(
    (ARBITRUM, Token(symbol=asset.symbol, address=asset.address, decimals=asset.decimals)) for asset in (USDC, WETH)
)
STRATEGY = Strategy(name="example", id=STRATEGY_ID, wallet=WALLET)
NAMES = Names(TOKENS, {ARBITRUM: ChainNames("Arbitrum One", "ETH")}, [STRATEGY])
PLACE = (ARBITRUM, WALLET)
HOUR_NS = 3_600 * 10**9


def rows_of(*trades: Trade, every_ns: int = HOUR_NS, final: bool = True) -> Rows:
    """Each trade confirmed an hour after the one before, the first at the start."""
    rows = Rows()
    for index, trade in enumerate(trades):
        for body in (trade.planned(), trade.submitted(), trade.confirmed(), trade.completed()):
            rows.add(body, at_ns=builders.START_NS + index * every_ns)
        if final:
            rows.add(trade.finalized())
    return rows


def report(rows: Rows, held: dict[tuple[int, str], Held] | None = None, **selection: Any) -> ReportView:
    maker = ReportMaker(Selection(**selection), NAMES, DECIMALS)
    maker.add(rows.rows)
    view = maker.report(held or {})
    assert ReportView.model_validate_json(view.model_dump_json(), strict=False) == view
    return view


def holding(usdc_raw: int, *, number: int = 200, wei: int = 10**19, weth_raw: int = 2 * ETHER) -> Held:
    held = {USDC.address: usdc_raw, WETH.address: weth_raw}
    tokens = tuple(TokenBalance(token=token, balance_raw=raw) for token, raw in held.items())
    return Held(builders.balances_observed(block=block(number), native_raw=wei, tokens=tokens).balances)


def test_a_step_shows_quote_simulation_and_fill_side_by_side() -> None:
    trade = buy(ETHER, 2_001 * DOLLAR, quoted=(2_000 * DOLLAR, ETHER), exact=Exact.OUT, fee_raw=10**15)
    [step] = report(rows_of(trade)).steps
    assert step.quoted is not None
    assert step.simulated is not None
    assert step.filled is not None
    assert (step.quoted.pay, step.simulated.pay, step.filled.pay) == (D(2_000), D(2_001), D(2_001))
    assert (step.pays.symbol, step.gets.symbol, step.strategy) == ("USDC", "WETH", "example")
    assert (step.slippage_bps, step.value_usd, step.gas_usd) == (D(5), D(2_001), D(2))
    assert (step.at, step.is_final) == ("2025-10-09T08:53:20.000Z", True)


def test_a_window_has_its_own_steps_and_the_profit_that_rests_on_what_was_before() -> None:
    """Bought an hour before the window, sold inside it."""
    rows = rows_of(buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR), buy(ETHER, 2_200 * DOLLAR))
    view = report(rows, since_ns=builders.START_NS + HOUR_NS, until_ns=builders.START_NS + 2 * HOUR_NS)
    [total] = view.totals
    assert (len(view.steps), total.fills, total.volume_usd) == (1, 1, D(2_100))
    assert total.realised_usd == D(100)


def test_the_windows_of_a_day_sum_to_the_day() -> None:
    rows = rows_of(buy(ETHER, 2_000 * DOLLAR), sell(ETHER, 2_100 * DOLLAR), sell(ETHER, 2_300 * DOLLAR), final=False)
    [whole] = report(rows).totals
    at = builders.START_NS + HOUR_NS
    halves = [report(rows, until_ns=at).totals[0], report(rows, since_ns=at).totals[0]]
    for name in ("fills", "volume_usd", "realised_usd", "net_usd", "pool_fees_usd"):
        assert sum(getattr(half, name) for half in halves) == getattr(whole, name), name


def test_only_the_strategy_and_the_wallet_that_were_asked_for() -> None:
    other = UUID(int=7)
    wallet = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    rows = rows_of(buy(ETHER, 2_000 * DOLLAR), buy(ETHER, 2_000 * DOLLAR, strategy_id=other, wallet=wallet))
    assert [step.strategy_id for step in report(rows, strategy_id=other).steps] == [other]
    assert [step.wallet for step in report(rows, wallet=WALLET).steps] == [WALLET]
    assert [total.strategy for total in report(rows).totals] == ["example", str(other)]


def test_a_limit_lists_the_newest_and_counts_them_all() -> None:
    view = report(rows_of(*(buy(ETHER, number * DOLLAR) for number in range(1, 11))), steps=3)
    assert [step.value_usd for step in view.steps] == [D(8), D(9), D(10)]
    assert (view.steps_left_off, view.totals[0].fills) == (7, 10)


def test_what_failed_shows_its_code_and_no_fill() -> None:
    trade = buy(ETHER, 2_000 * DOLLAR, outcome=StepOutcome.REVERTED)
    [step] = report(rows_of(trade)).steps
    assert (step.outcome, step.filled, step.slippage_bps) == (StepOutcome.REVERTED, None, None)


def test_what_is_not_final_says_so() -> None:
    assert [step.is_final for step in report(rows_of(buy(ETHER, DOLLAR), final=False)).steps] == [False]


def opened(*trades: Trade, final: bool = True) -> Rows:
    rows = Rows()
    rows.add(builders.balances_observed(block=block(50)))
    for row in rows_of(*trades, final=final).rows:
        rows.add(row.envelope.body, at_ns=row.envelope.occurred_at)
    return rows


def test_the_sum_that_the_chain_agrees_with_is_explained() -> None:
    rows = opened(buy(ETHER, 2_000 * DOLLAR, fee_raw=9))
    view = report(rows, {PLACE: holding(48_000 * DOLLAR, wei=10**19 - 9, weth_raw=3 * ETHER)})
    assert view.is_explained is True
    [wallet] = view.sums
    native = next(balance for balance in wallet.balances if balance.asset.token is None)
    assert (native.asset.symbol, native.gas_raw, native.since_block) == ("ETH", 9, None)


def test_one_unit_too_many_or_too_few_is_a_difference() -> None:
    rows = opened(buy(ETHER, 2_000 * DOLLAR))
    for off in (1, -1):
        view = report(rows, {PLACE: holding(48_000 * DOLLAR + off, weth_raw=3 * ETHER)})
        assert view.is_explained is False
        balance = next(b for b in view.sums[0].balances if b.asset.symbol == "USDC")
        assert (balance.unexplained_raw, balance.since_block) == (off, 50)
        assert balance.unexplained == D(off).scaleb(-6)


def test_a_wallet_that_could_not_be_read_leaves_the_verdict_open() -> None:
    [wallet] = (view := report(opened(), {PLACE: Held(None, "nobody answers")})).sums
    assert (view.is_explained, wallet.is_explained, wallet.fault) == (None, None, "nobody answers")


def test_a_wallet_that_was_never_opened_says_what_is_missing() -> None:
    [wallet] = report(rows_of(), {PLACE: holding(0)}).sums
    assert wallet.is_explained is None
    assert "not read this wallet yet" in (wallet.fault or "")


def test_an_asset_that_the_chain_did_not_tell_is_named_and_leaves_the_verdict_open() -> None:
    reading = builders.balances_observed(block=block(200), tokens=()).balances
    [wallet] = (view := report(opened(), {PLACE: Held(reading)})).sums
    assert (view.is_explained, set(wallet.unread)) == (None, {"USDC", "WETH"})


def test_what_was_sent_and_is_not_confirmed_is_counted_with_the_difference() -> None:
    trade = buy(ETHER, 2_000 * DOLLAR)
    rows = opened()
    rows.add(trade.planned())
    rows.add(trade.submitted())
    [wallet] = report(rows, {PLACE: holding(48_000 * DOLLAR, weth_raw=3 * ETHER)}).sums
    assert (wallet.is_explained, wallet.on_their_way) == (False, 1)
