"""What a wallet should hold: which steps count, and since when a difference is known."""

from tests import builders
from tests.builders import ARBITRUM, USDC, WALLET, WETH
from tests.unit.accounting.journal_rows import DECIMALS, DOLLAR, ETHER, Rows, Trade, block, buy, sell
from tradewind.accounting.balance_book import AssetBook, Reclaimed
from tradewind.accounting.ledger import Ledger
from tradewind.domain.balances import TokenBalance
from tradewind.domain.events import BalancesObserved, ReceiptsReclaimed
from tradewind.domain.fill import StepOutcome

FAR = 10**9
OPENED = 100


def observed(number: int, usdc_raw: int, *, opening: bool = False, wei: int = 10**19) -> BalancesObserved:
    held = (TokenBalance(token=USDC.address, balance_raw=usdc_raw),)
    return builders.balances_observed(opening=opening, block=block(number), native_raw=wei, tokens=held)


def opened(usdc_raw: int = 10_000 * DOLLAR) -> Rows:
    rows = Rows()
    rows.add(observed(OPENED, usdc_raw, opening=True))
    return rows


def told(rows: Rows, trade: Trade, *, final: bool = True) -> Rows:
    for body in (trade.planned(), trade.submitted(), trade.confirmed(), trade.completed()):
        rows.add(body)
    if final:
        rows.add(trade.finalized())
    return rows


def ledger_of(rows: Rows) -> Ledger:
    ledger = Ledger(DECIMALS)
    for row in rows.rows:
        ledger.apply(row)
    return ledger


def usdc(rows: Rows, *, at_block: int = FAR) -> AssetBook:
    return ledger_of(rows).expected(ARBITRUM, WALLET, at_block=at_block)[USDC.address]


def test_a_step_in_the_block_of_the_opening_is_in_the_opening_already() -> None:
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED))
    assert usdc(rows).expected_raw == 10_000 * DOLLAR


def test_a_step_in_the_next_block_counts_with_its_gas() -> None:
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED + 1, fee_raw=7))
    assert usdc(rows).expected_raw == 8_000 * DOLLAR
    native = ledger_of(rows).expected(ARBITRUM, WALLET, at_block=FAR)[None]
    assert (native.total.gas, native.expected_raw) == (7, 10**19 - 7)


def test_a_step_behind_the_block_that_the_chain_was_read_at_waits() -> None:
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED + 5), final=False)
    assert usdc(rows, at_block=OPENED + 4).expected_raw == 10_000 * DOLLAR
    assert usdc(rows, at_block=OPENED + 5).expected_raw == 8_000 * DOLLAR


def test_a_failed_step_costs_gas_and_nothing_else() -> None:
    failed = sell(ETHER, 2_000 * DOLLAR, number=OPENED + 1, fee_raw=9, outcome=StepOutcome.REVERTED)
    books = ledger_of(told(opened(), failed)).expected(ARBITRUM, WALLET, at_block=FAR)
    assert books[USDC.address].expected_raw == 10_000 * DOLLAR
    assert books[None].expected_raw == 10**19 - 9


def test_another_wallet_has_its_own_sum() -> None:
    other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED + 1, wallet=other))
    assert usdc(rows).expected_raw == 10_000 * DOLLAR
    assert ledger_of(rows).expected(ARBITRUM, other, at_block=FAR) == {}


def test_a_token_listed_later_begins_at_its_first_reading() -> None:
    """WETH came in before it was read: that is in what the first reading of it shows."""
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED + 1))
    rows.add(builders.balances_observed(opening=False, block=block(OPENED + 10)))
    told(rows, buy(ETHER, 2_000 * DOLLAR, number=OPENED + 11))
    book = ledger_of(rows).expected(ARBITRUM, WALLET, at_block=FAR)[WETH.address]
    assert (book.opening_raw, book.total.incoming, book.expected_raw) == (2 * ETHER, ETHER, 3 * ETHER)


def test_a_difference_is_known_since_the_last_checkpoint_without_it() -> None:
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=OPENED + 1))
    assert usdc(rows).unexplained_since(FAR) == OPENED
    rows.add(observed(110, 8_000 * DOLLAR))
    assert usdc(rows).unexplained_since(FAR) == 110
    # 5 USDC came in between 110 and 120, and stay.
    rows.add(observed(120, 8_005 * DOLLAR))
    assert usdc(rows).unexplained_since(FAR) == 110
    rows.add(observed(130, 8_005 * DOLLAR))
    assert usdc(rows).unexplained_since(FAR) == 110
    assert usdc(rows).expected_raw == 8_000 * DOLLAR


def test_a_step_confirmed_after_a_checkpoint_that_has_it_is_no_difference() -> None:
    """The service was down when it was included: the checkpoint at the start is recorded before its confirmation."""
    trade = buy(ETHER, 2_000 * DOLLAR, number=105)
    rows = opened()
    rows.add(trade.planned())
    rows.add(trade.submitted())
    rows.add(observed(110, 8_000 * DOLLAR))
    rows.add(trade.confirmed())
    assert usdc(rows).unexplained_since(FAR) == 110
    rows.add(trade.finalized())
    assert usdc(rows).unexplained_since(FAR) == 110
    rows.add(observed(120, 8_000 * DOLLAR))
    assert usdc(rows).unexplained_since(FAR) == 120


def test_a_reorganised_step_is_taken_out_of_the_sum_and_comes_back_in_its_new_block() -> None:
    trade = buy(ETHER, 2_000 * DOLLAR, number=105)
    rows = told(opened(), trade, final=False)
    rows.add(trade.reorganised())
    assert usdc(rows).expected_raw == 10_000 * DOLLAR
    rows.add(trade.confirmed(number=108))
    assert usdc(rows, at_block=107).expected_raw == 10_000 * DOLLAR
    assert usdc(rows, at_block=108).expected_raw == 8_000 * DOLLAR


def test_an_opening_whose_block_was_taken_back_is_replaced_and_that_is_counted() -> None:
    rows = told(opened(), buy(ETHER, 2_000 * DOLLAR, number=105), final=False)
    rows.add(observed(106, 8_000 * DOLLAR, opening=True))
    book = usdc(rows)
    assert (book.opening_raw, book.opening_block, book.expected_raw) == (8_000 * DOLLAR, 106, 8_000 * DOLLAR)
    assert ledger_of(rows).opened_again == 1


def reclaimed(number: int, **changed: int) -> ReceiptsReclaimed:
    return builders.receipts_reclaimed(wallet=WALLET, chain_id=ARBITRUM, block=block(number), **changed)


def test_rents_that_came_back_count_with_the_fee_of_the_transaction_that_took_them() -> None:
    rows = opened()
    rows.add(reclaimed(OPENED + 1, lamports_back=1_781_760, receipts=2, fee_lamports=5_020))
    rows.add(reclaimed(OPENED + 2, lamports_back=0, receipts=0, fee_lamports=5_000))
    ledger = ledger_of(rows)
    native = ledger.expected(ARBITRUM, WALLET, at_block=FAR)[None]
    assert (native.total.incoming, native.total.gas) == (1_781_760, 10_020)
    assert native.expected_raw == 10**19 + 1_781_760 - 10_020
    assert ledger.reclaimed(ARBITRUM, WALLET) == Reclaimed(2, 1_781_760, 10_020)
    assert usdc(rows).expected_raw == 10_000 * DOLLAR


def test_rents_that_came_back_before_the_opening_are_in_it_already() -> None:
    rows = opened()
    rows.add(reclaimed(OPENED))
    ledger = ledger_of(rows)
    assert ledger.expected(ARBITRUM, WALLET, at_block=FAR)[None].expected_raw == 10**19
    assert ledger.reclaimed(ARBITRUM, WALLET) == Reclaimed()


def test_rents_told_after_a_checkpoint_that_has_them_are_no_difference() -> None:
    rows = opened()
    rows.add(observed(110, 10_000 * DOLLAR, wei=10**19 + 8 * 890_880 - 5_025))
    rows.add(reclaimed(105))
    native = ledger_of(rows).expected(ARBITRUM, WALLET, at_block=FAR)[None]
    assert native.unexplained_since(FAR) == 110


def test_a_ledger_that_goes_on_from_a_snapshot_counts_rents_once() -> None:
    rows = opened()
    rows.add(reclaimed(OPENED + 1))
    first = ledger_of(rows)
    again = Ledger(DECIMALS, start=first.snapshot())
    rows.add(reclaimed(OPENED + 2))
    for row in rows.rows:
        again.apply(row)
    assert again.reclaimed(ARBITRUM, WALLET) == Reclaimed(16, 16 * 890_880, 2 * 5_025)
    assert first.reclaimed(ARBITRUM, WALLET).receipts == 8


def test_what_the_treasury_gave_is_out_of_one_wallet_and_in_the_other() -> None:
    other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    rows = opened()
    rows.add(builders.balances_observed(opening=True, wallet=other, block=block(OPENED), native_raw=10**19))
    facts = {"chain_id": ARBITRUM, "treasury": other, "wallet": WALLET}
    rows.add(builders.wallet_topped_up(**facts, block=block(OPENED + 1)))
    # One that failed: only the treasury pays, and only the fee.
    rows.add(builders.wallet_topped_up(**facts, block=block(OPENED + 2), lamports=0))
    rows.add(builders.wallet_topped_up(**facts, block=block(OPENED)))
    ledger = ledger_of(rows)
    given, taken = (ledger.expected(ARBITRUM, one, at_block=FAR)[None] for one in (WALLET, other))
    assert given.expected_raw == 10**19 + 100_000_000
    assert taken.expected_raw == 10**19 - 100_000_000 - 2 * 5_010
    assert (ledger.topped_up(ARBITRUM, WALLET), ledger.topped_up(ARBITRUM, other)) == (100_000_000, 0)
