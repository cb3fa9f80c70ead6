"""SOL as programs move it: most take the wrapped token, pump's curve takes and gives lamports."""

from collections.abc import Iterable

from tradewind.domain.chain import LAMPORTS, WRAPPED_SOL

# Programs that move lamports where others move wrapped SOL.
MOVES_LAMPORTS = frozenset({"pump_curve"})


def moved_as(mint: str, venues: Iterable[str]) -> str:
    """What the wallet spends or gets when these venues trade `mint`: lamports, if all of them move those."""
    if mint == WRAPPED_SOL and all(venue in MOVES_LAMPORTS for venue in venues):
        return LAMPORTS
    return mint


def spent_raw(paid_with: str, amount_raw: int | None, *, fee_lamports: int) -> dict[str, int]:
    """What left the wallet, by what the gate counts it as. What was paid with lamports makes one sum with the fee.

    Of an unknown amount nothing is said, and it stays reserved.
    """
    if paid_with == LAMPORTS:
        return {} if amount_raw is None else {LAMPORTS: fee_lamports + amount_raw}
    return {LAMPORTS: fee_lamports} | ({} if amount_raw is None else {paid_with: amount_raw})
