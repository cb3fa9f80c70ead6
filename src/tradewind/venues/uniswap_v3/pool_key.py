"""What never changes of a pool."""

from dataclasses import dataclass

MAX_TICK = 887272


@dataclass(frozen=True, slots=True)
class PoolKey:
    """`token0` is the lower address; ticks that hold liquidity are multiples of `tick_spacing`."""

    address: str
    token0: str
    token1: str
    fee_pips: int
    tick_spacing: int
