"""What a swap did is read from the chain's record, and compared with what the pool's formula gives."""

from typing import Any

import pytest

from benches.solana_effect import POOL_AUTHORITY, Effect, effect_of, given_raw

WALLET = "BJDRqVwUBmHihKCQb9M5iZsnJTs5owbEybVaqSAWLeqK"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SOL = "So11111111111111111111111111111111111111112"
AMOUNT_RAW = 15_000_000
# What Raydium's program itself gave for it, from vaults of 1,500,000 USDC and 10,000 SOL.
GAVE_RAW = 99_749_005
BEFORE = {
    (WALLET, USDC): 100_000_000_000,
    (WALLET, SOL): 100_000_000_000,
    (POOL_AUTHORITY, USDC): 1_500_000_000_000,
    (POOL_AUTHORITY, SOL): 10_000_000_000_000,
}


def told(*, paid_raw: int = AMOUNT_RAW, got_raw: int = GAVE_RAW, err: object = None) -> dict[str, Any]:
    after = BEFORE | {(WALLET, USDC): BEFORE[WALLET, USDC] - paid_raw, (WALLET, SOL): BEFORE[WALLET, SOL] + got_raw}
    return {"meta": {"err": err, "preTokenBalances": balances(BEFORE), "postTokenBalances": balances(after)}}


def balances(held: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {"owner": owner, "mint": mint, "uiTokenAmount": {"amount": str(amount)}}
        for (owner, mint), amount in held.items()
    ]


def effect(answer: dict[str, Any] | None) -> Effect:
    return effect_of(answer, wallet=WALLET, mints=(USDC, SOL), amount_in_raw=AMOUNT_RAW)


def test_a_swap_that_gave_what_the_program_gives_is_right() -> None:
    assert effect(told()) == Effect(AMOUNT_RAW, GAVE_RAW, right=True)


@pytest.mark.parametrize(
    "answer",
    [
        told(got_raw=GAVE_RAW + 1),
        told(got_raw=GAVE_RAW - 1),
        told(paid_raw=AMOUNT_RAW - 1),
        told(err={"InstructionError": [5, {"Custom": 30}]}),
        None,
    ],
)
def test_a_unit_more_or_less_or_an_error_is_wrong(answer: dict[str, Any] | None) -> None:
    assert not effect(answer).right


def test_the_fee_is_rounded_up_and_the_output_down() -> None:
    # Of 1,001 the fee is 2.5025, so 3; 998,000,000 / 1,000,998 is 997.005.
    assert given_raw(1_001, paid_vault_raw=1_000_000, got_vault_raw=1_000_000) == 997
