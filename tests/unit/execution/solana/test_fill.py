"""What a transaction moved, by the chain's own account of it."""

from typing import Any

import pytest

from tradewind import core
from tradewind.domain.base58 import base58
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.execution.solana.fill import fill_of, locked_of, tip_of
from tradewind.venues.solana.wallets import TOKEN_PROGRAMS

WALLET = "BJDRqVwUBmHihKCQb9M5iZsnJTs5owbEybVaqSAWLeqK"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
POOL = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"
WRAPPED = core.token_account_address(WALLET, WRAPPED_SOL)
KEYS = [WALLET, WRAPPED, POOL, TOKEN_PROGRAMS[0]]


def transfer(source: int, destination: int, amount_raw: int) -> dict[str, Any]:
    """SPL Token's Transfer: tag 3, then the amount."""
    data = bytes([3]) + amount_raw.to_bytes(8, "little")
    return {"programIdIndex": 3, "accounts": [source, destination, 0], "data": base58(data)}


def checked(source: int, destination: int, amount_raw: int) -> dict[str, Any]:
    """TransferChecked: the mint stands behind the source, the decimals behind the amount."""
    data = bytes([12]) + amount_raw.to_bytes(8, "little") + bytes([9])
    return {"programIdIndex": 3, "accounts": [source, 2, destination, 0], "data": base58(data)}


def told(inner: list[dict[str, Any]], before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    def balances(held: dict[str, int]) -> list[dict[str, Any]]:
        return [
            {"owner": WALLET, "mint": mint, "accountIndex": place + 1, "uiTokenAmount": {"amount": str(raw)}}
            for place, (mint, raw) in enumerate(held.items())
        ]

    return {
        "transaction": {"message": {"accountKeys": KEYS}},
        "meta": {
            "preTokenBalances": balances(before),
            "postTokenBalances": balances(after),
            "innerInstructions": [{"index": 2, "instructions": inner}],
            "loadedAddresses": {"writable": [], "readonly": []},
            "fee": 5_000,
            "preBalances": [10_000_000, 0, 1, 1],
            "postBalances": [9_995_000, 0, 1, 1],
        },
    }


@pytest.mark.parametrize("form", [transfer, checked])
def test_sol_that_was_wrapped_for_the_trade_counts_by_what_programs_took(form: Any) -> None:
    assert fill_of(told([form(1, 2, 2_000)], {USDC: 5}, {USDC: 305}), WALLET) == (2_000, 300)


def test_what_comes_back_of_the_wrapped_sol_is_not_paid() -> None:
    assert fill_of(told([transfer(1, 2, 2_000), transfer(2, 1, 500)], {}, {USDC: 7}), WALLET) == (1_500, 7)


def test_a_round_trip_pays_and_gets_the_same_token() -> None:
    assert fill_of(told([transfer(1, 2, 2_000), transfer(2, 1, 2_100)], {}, {}), WALLET) == (2_000, 2_100)


def test_a_token_of_others_is_not_counted() -> None:
    strange = told([transfer(1, 2, 9)], {}, {USDC: 4})
    strange["meta"]["postTokenBalances"][0]["owner"] = POOL
    assert fill_of(strange, WALLET) == (None, None)


def test_what_moved_nothing_is_no_fill() -> None:
    assert fill_of(told([], {USDC: 4}, {USDC: 4}), WALLET) == (None, None)


def test_a_tip_is_what_came_to_a_tip_account() -> None:
    tipped = told([], {}, {})
    tipped["transaction"]["message"]["accountKeys"] = [WALLET, core.JITO_TIP_ACCOUNTS[3]]
    tipped["meta"] |= {"preBalances": [10_000, 7], "postBalances": [3_000, 2_007]}
    assert tip_of(tipped) == 2_000
    tipped["transaction"]["message"]["accountKeys"][1] = POOL
    assert tip_of(tipped) == 0


def test_lamports_that_a_program_takes_itself_are_what_was_paid() -> None:
    sold = told([], {USDC: 0}, {USDC: 40})
    sold["meta"]["postBalances"][0] -= 3_000_000
    assert fill_of(sold, WALLET) == (3_000_000, 40)


def test_rent_of_what_was_made_is_locked_and_not_paid() -> None:
    made = told([], {USDC: 0}, {USDC: 40})
    made["meta"]["postBalances"] = [9_995_000 - 3_000_000 - 890_880, 890_880, 1, 1]
    assert locked_of(made, WALLET) == 890_880
    assert fill_of(made, WALLET) == (3_000_000, 40)


def test_wrapped_sol_in_an_account_that_was_made_is_still_the_wallets() -> None:
    made = told([], {}, {WRAPPED_SOL: 600})
    made["meta"]["postBalances"] = [9_995_000 - 2_039_280 - 600, 2_039_280 + 600, 1, 1]
    assert locked_of(made, WALLET) == 2_039_280


WIND = "11Wind1111111111111111111111111111111111111"
FIRST, LAST = "11First11111111111111111111111111111111111", "11Last111111111111111111111111111111111111"


def hops(inner: list[dict[str, Any]], before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    """The wallet's accounts of USDC and WIND stand at places 4 and 5."""
    two = told(inner, before, after)
    two["transaction"]["message"]["accountKeys"] = [*KEYS, FIRST, LAST]
    for name in ("preTokenBalances", "postTokenBalances"):
        for held in two["meta"][name]:
            held["accountIndex"] = 4 if held["mint"] == USDC else 5
    two["meta"] |= {"preBalances": [10_000_000, 0, 1, 1, 9, 9], "postBalances": [9_995_000, 0, 1, 1, 9, 9]}
    return two


def test_what_a_hop_gave_above_its_quote_is_neither_paid_nor_got() -> None:
    inner = [transfer(1, 2, 2_000), transfer(2, 4, 305), transfer(4, 2, 300), transfer(2, 5, 50)]
    assert fill_of(hops(inner, {USDC: 0, WIND: 0}, {USDC: 5, WIND: 50}), WALLET) == (2_000, 50)


def test_a_round_trip_that_lost_is_one_all_the_same_though_dust_stays_on_its_way() -> None:
    inner = [transfer(1, 2, 2_000), transfer(2, 4, 305), transfer(4, 2, 300), transfer(2, 1, 1_900)]
    assert fill_of(hops(inner, {USDC: 0}, {USDC: 5}), WALLET) == (2_000, 1_900)


def test_a_round_trip_of_a_token_counts_by_its_transfers() -> None:
    inner = [transfer(4, 2, 700), transfer(2, 5, 50), transfer(5, 2, 50), transfer(2, 4, 720)]
    assert fill_of(hops(inner, {USDC: 900, WIND: 3}, {USDC: 920, WIND: 3}), WALLET) == (700, 720)


def test_lamports_that_fill_up_a_rent_are_not_paid_for_a_trade_of_tokens() -> None:
    topped = hops([transfer(4, 2, 700), transfer(2, 5, 50)], {USDC: 900, WIND: 0}, {USDC: 200, WIND: 50})
    topped["meta"]["postBalances"][0] -= 1_000
    topped["meta"]["postBalances"][5] += 1_000
    assert fill_of(topped, WALLET) == (700, 50)


def test_a_transfer_with_a_fee_counts_by_what_arrived() -> None:
    data = bytes([26, 1]) + (50).to_bytes(8, "little") + bytes([6]) + (2).to_bytes(8, "little")
    with_fee = {"programIdIndex": 6, "accounts": [2, 3, 5, 0], "data": base58(data)}
    trade = hops([transfer(1, 2, 2_000), with_fee], {WIND: 0}, {WIND: 48})
    trade["transaction"]["message"]["accountKeys"].append(TOKEN_PROGRAMS[1])
    assert fill_of(trade, WALLET) == (2_000, 48)
