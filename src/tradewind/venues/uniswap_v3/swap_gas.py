"""How much gas a swap is expected to use by its shape, for when the node cannot estimate it.

Measured on the real contracts (SwapRouter02, pools of v3-core 1.0.1), rounded up to the cold case: a first swap in a
new second, into a wallet that holds none of the token yet. Tokens behind proxies cost more, which the padding of the
gas limit covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SINGLE_HOP_GAS = 140_000
FURTHER_HOP_GAS = 85_000
# A leg is a call of its own: one of a single hop was seen to use up to 300 gas more than a further hop of a path where
# the input is exact, and up to 8,600 more where the output is.
FURTHER_LEG_GAS = 9_000
PERMIT_GAS = 75_000
TICK_GAS = 35_000
BITMAP_WORD_GAS = 6_000
APPROVE_GAS = 60_000


@dataclass(frozen=True, slots=True)
class HopShape:
    """Initialised ticks crossed, and words of the tick bitmap walked through."""

    ticks_crossed: int
    bitmap_words: int


def swap_gas(legs: Sequence[Sequence[HopShape]], *, with_permit: bool) -> int:
    """Gas of a swap through SwapRouter02's multicall, without any share for L1 data."""
    hops = [hop for leg in legs for hop in leg]
    walked = sum(hop.ticks_crossed * TICK_GAS + hop.bitmap_words * BITMAP_WORD_GAS for hop in hops)
    further = FURTHER_HOP_GAS * (len(hops) - 1) + FURTHER_LEG_GAS * (len(legs) - 1)
    return SINGLE_HOP_GAS + further + (PERMIT_GAS if with_permit else 0) + walked


def bitmap_words(tick_before: int, tick_after: int, tick_spacing: int) -> int:
    """Words of 256 ticks that lie between two ticks."""
    first, last = (tick // tick_spacing >> 8 for tick in (tick_before, tick_after))
    return abs(last - first)
