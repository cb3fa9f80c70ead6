"""What a swap on Raydium AMM v4 did to a wallet, by the chain's own record, and what the pool's formula says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Whose the vaults of every pool of the program are.
POOL_AUTHORITY = "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"
FEE_NUMERATOR, FEE_DENOMINATOR = 25, 10_000


@dataclass(frozen=True, slots=True)
class Effect:
    """`right`: it landed without an error, took the exact input, and gave what the pool's formula gives for it."""

    paid_raw: int
    got_raw: int
    right: bool


def effect_of(told: Mapping[str, Any] | None, *, wallet: str, mints: tuple[str, str], amount_in_raw: int) -> Effect:
    """From the answer of getTransaction; `mints` are those paid and got. One that is not there did nothing."""
    if told is None:
        return Effect(0, 0, right=False)
    meta, (paid, got) = told["meta"], mints
    before, after = _held(meta["preTokenBalances"]), _held(meta["postTokenBalances"])
    moved = {mint: after.get((wallet, mint), 0) - before.get((wallet, mint), 0) for mint in mints}
    vaults = [before.get((POOL_AUTHORITY, mint), 0) for mint in mints]
    expected_raw = given_raw(amount_in_raw, paid_vault_raw=vaults[0], got_vault_raw=vaults[1])
    right = meta["err"] is None and (moved[paid], moved[got]) == (-amount_in_raw, expected_raw)
    return Effect(-moved[paid], moved[got], right)


def given_raw(amount_in_raw: int, *, paid_vault_raw: int, got_vault_raw: int) -> int:
    """What the pool gives for an exact input: the fee is rounded up, the output down."""
    fee_raw = -(-amount_in_raw * FEE_NUMERATOR // FEE_DENOMINATOR)
    net_raw = amount_in_raw - fee_raw
    return got_vault_raw * net_raw // (paid_vault_raw + net_raw)


def _held(balances: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(one["owner"], one["mint"]): int(one["uiTokenAmount"]["amount"]) for one in balances}
