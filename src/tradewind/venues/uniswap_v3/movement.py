"""How a swap moves a Uniswap V3 pool."""

from tradewind import core


def movement(hop: core.PoolQuote) -> core.ConcentratedMovement:
    """The ticks of a hop through this venue, each of whose pools has them."""
    if not isinstance(hop.movement, core.ConcentratedMovement):
        raise TypeError(f"pool {hop.pool} is not one of concentrated liquidity")
    return hop.movement
