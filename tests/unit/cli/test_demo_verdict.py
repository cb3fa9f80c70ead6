"""The demo's verdict, held against doctored answers of the chain."""

import pytest

from tests.unit.cli import fill_seen as chain
from tradewind.cli.demo.verdict import Evidence, Promise, judge
from tradewind.cli.demo.witness import Transfer


def broken(promise: Promise, evidence: Evidence) -> set[str]:
    return {check.name for check in judge(promise, evidence) if not check.holds}


def test_a_fill_as_quoted_passes_all_seven_checks() -> None:
    checks = judge(chain.promise(), chain.evidence())
    assert len(checks) == 7
    assert all(check.holds for check in checks)


@pytest.mark.parametrize("difference_raw", [-1, 1])
def test_one_unit_more_or_less_than_wanted_did_not_arrive(difference_raw: int) -> None:
    after = chain.after(token_out_raw=chain.after().token_out_raw + difference_raw)
    assert broken(chain.promise(), chain.evidence(after=after)) == {"arrived"}


def test_a_balance_that_the_transfer_logs_do_not_bear_out_did_not_arrive() -> None:
    paid = Transfer(chain.USDC.address, chain.WALLET, chain.POOL, chain.PAID_RAW)
    forged = chain.transaction(transfers=(paid,))
    assert broken(chain.promise(), chain.evidence(transactions=(forged,))) == {"arrived"}


def test_one_unit_above_the_quote_is_not_paid_as_quoted() -> None:
    moved = tuple(
        Transfer(move.token, move.sender, move.recipient, move.amount_raw + (move.token == chain.USDC.address.lower()))
        for move in chain.transaction().transfers
    )
    seen = chain.evidence(
        after=chain.after(token_in_raw=chain.after().token_in_raw - 1),
        transactions=(chain.transaction(transfers=moved),),
    )
    assert broken(chain.promise(), seen) == {"paid_as_quoted"}


def test_a_quote_that_the_venues_own_quoter_contradicts_is_not_believed() -> None:
    assert broken(chain.promise(), chain.evidence(chain_quote_in_raw=chain.PAID_RAW - 1)) == {"paid_as_quoted"}


def test_paying_more_than_the_intents_tolerance_breaks_the_limit() -> None:
    # 0.5 % below what was paid, rounded down, is one unit too little.
    fair_raw = chain.PAID_RAW * 1_000_000 // 1_005_000
    assert "within_limit" in broken(chain.promise(), chain.evidence(chain_quote_in_raw=fair_raw))
    assert "within_limit" not in broken(chain.promise(), chain.evidence(chain_quote_in_raw=fair_raw + 1))


def test_a_wei_beside_the_gas_fee_is_noticed() -> None:
    after = chain.after(native_raw=chain.after().native_raw - 1)
    assert broken(chain.promise(), chain.evidence(after=after)) == {"only_gas"}


def test_a_second_transaction_of_the_wallet_is_noticed() -> None:
    second = chain.transaction(tx_hash="0x" + "aa" * 32, nonce=1, transfers=(), gas_used=0)
    seen = chain.evidence(after=chain.after(nonce=2), transactions=(chain.transaction(), second))
    assert broken(chain.promise(), seen) == {"one_transaction"}


def test_a_nonce_that_moved_twice_is_noticed_even_when_one_transaction_was_found() -> None:
    assert broken(chain.promise(), chain.evidence(after=chain.after(nonce=2))) == {"one_transaction"}


def test_another_transaction_than_the_announced_one_is_noticed() -> None:
    assert broken(chain.promise(tx_hashes=("0x" + "bb" * 32,)), chain.evidence()) == {"one_transaction"}


def test_a_reverted_transaction_is_noticed() -> None:
    reverted = chain.transaction(succeeded=False)
    assert "one_transaction" in broken(chain.promise(), chain.evidence(transactions=(reverted,)))


def test_approving_what_the_limit_leaves_is_the_most_there_may_be() -> None:
    unused = chain.PAID_RAW * 5_000 // 1_000_000
    for left, outcome in ((unused, set()), (unused + 1, {"no_loose_approval"})):
        assert broken(chain.promise(), chain.evidence(after=chain.after(allowance_in_raw=left))) == outcome
    selling = chain.evidence(after=chain.after(allowance_out_raw=1))
    assert broken(chain.promise(), selling) == {"no_loose_approval"}


def test_a_damaged_or_empty_journal_is_noticed() -> None:
    assert broken(chain.promise(), chain.evidence(journal_fault="row 3 was changed")) == {"journal_verifies"}
    assert broken(chain.promise(), chain.evidence(journal_rows=0)) == {"journal_verifies"}


def test_nothing_at_all_is_not_a_fill() -> None:
    seen = chain.evidence(after=chain.before(block=41), transactions=())
    assert broken(chain.promise(), seen) >= {"arrived", "paid_as_quoted", "within_limit", "only_gas", "one_transaction"}
