"""The price before a trade: what the pools of a route say a token is worth, exact and without fees."""

from collections.abc import Sequence
from fractions import Fraction

from tradewind import core


def spot_ratio(hops: Sequence[core.PoolQuote]) -> Fraction:
    """Smallest units of the last token for one of the first: the product of the pools' prices along the way."""
    ratio = Fraction(1)
    for hop in hops:
        ratio *= Fraction(*hop.spot_before)
    return ratio
