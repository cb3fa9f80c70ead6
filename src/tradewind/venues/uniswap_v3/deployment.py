"""Where Uniswap V3 stands on a chain, and which of it is used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV3Deployment:
    """`factory` makes the pools, `router` is SwapRouter02. Pools of other fees (in millionths) are left alone.

    `max_paths`: the most legs that one swap is split over.
    """

    factory: str
    router: str
    fees_pips: tuple[int, ...] = (100, 500, 3000, 10000)
    max_hops: int = 3
    max_paths: int = 4
