"""When a signed transaction gets a successor with its nonce, and which."""

import pytest

from tests.builders import ROUTER
from tradewind.core import Eip1559Transaction
from tradewind.execution.superseding import Standing, Successor, Superseding

OFFER_WEI = 20_000_000
ARBITRUM = Superseding(has_mempool=False, refused_s=2, patience_s=6, stuck_s=30)
MAINNET = Superseding(has_mempool=True, refused_s=2, patience_s=6, stuck_s=30)


def a_transaction() -> Eip1559Transaction:
    return Eip1559Transaction(
        chain_id=42161,
        nonce=7,
        max_priority_fee_per_gas_wei=0,
        max_fee_per_gas_wei=OFFER_WEI,
        gas_limit=300_000,
        to=ROUTER,
        value_wei=0,
        data=b"",
    )


def after(
    rule: Superseding,
    waited_s: float,
    *,
    base_fee_wei: int = OFFER_WEI,
    cancel: bool = False,
    left_s: int = 1_000,
    refused: bool = False,
    noop: bool = False,
    offer_refused: bool = False,
) -> Successor | None:
    standing = Standing(
        base_fee_wei=base_fee_wei,
        offer_refused=offer_refused,
        now_ns=int(waited_s * 1e9),
        sent_at_ns=0,
        deadline_s=int(waited_s) + left_s,
        cancel_requested=cancel,
        trade_refused=refused,
    )
    return rule.successor(a_transaction(), standing, is_noop=noop)


@pytest.mark.parametrize("rule", [ARBITRUM, MAINNET])
def test_an_offer_below_the_base_fee_is_raised_once_patience_has_ended(rule: Superseding) -> None:
    assert after(rule, 5.9, base_fee_wei=OFFER_WEI + 1) is None
    assert after(rule, 6, base_fee_wei=OFFER_WEI + 1) is Successor.SAME_TRADE


@pytest.mark.parametrize("rule", [ARBITRUM, MAINNET])
def test_an_offer_that_is_called_too_low_counts_as_such_whatever_the_base_fee_seems_to_be(rule: Superseding) -> None:
    assert after(rule, 1.9, offer_refused=True) is None
    assert after(rule, 2, offer_refused=True) is Successor.SAME_TRADE


def test_without_a_mempool_what_could_still_land_never_gets_a_successor() -> None:
    assert after(ARBITRUM, 1e6) is None
    assert after(ARBITRUM, 1e6, cancel=True) is None
    assert after(ARBITRUM, 1e6, left_s=-1) is None


def test_with_a_mempool_a_fitting_offer_that_is_stuck_is_raised() -> None:
    assert after(MAINNET, 29.9) is None
    assert after(MAINNET, 30) is Successor.SAME_TRADE


def test_with_a_mempool_a_cancel_takes_the_nonce_at_once() -> None:
    assert after(MAINNET, 0, cancel=True) is Successor.NOTHING


@pytest.mark.parametrize("rule", [ARBITRUM, MAINNET])
@pytest.mark.parametrize("over", [{"cancel": True}, {"left_s": 0}, {"refused": True}])
def test_a_trade_that_is_not_wanted_any_more_and_cannot_land_is_superseded_by_nothing(
    rule: Superseding, over: dict[str, bool]
) -> None:
    assert after(rule, 6, base_fee_wei=OFFER_WEI + 1, **over) is Successor.NOTHING


def test_nothing_is_only_ever_followed_by_nothing() -> None:
    assert after(ARBITRUM, 6, base_fee_wei=OFFER_WEI + 1, noop=True) is Successor.NOTHING
    assert after(MAINNET, 0, cancel=True, noop=True) is None
    assert after(MAINNET, 30, noop=True) is Successor.NOTHING
