"""The price before a trade: what the pools of a route say a token is worth, exact and without fees."""

from collections.abc import Sequence
from fractions import Fraction

from tradewind import core


def spot_ratio(hops: Sequence[core.PoolQuote]) -> Fraction:
    """Smallest units of the last token for one of the first: the product of (sqrtPriceX96 / 2^96)^2 along the way.

    A pool's price is token1 for one token0 (Uniswap V3 whitepaper, 6.1).
    """
    ratio = Fraction(1)
    for hop in hops:
        price = Fraction(hop.sqrt_price_before_x96**2, 1 << 192)
        ratio *= price if int(hop.token_in, 16) < int(hop.token_out, 16) else 1 / price
    return ratio
