"""The legs of a quote as a plan keeps them."""

from collections.abc import Callable, Iterator, Sequence

from tradewind import core
from tradewind.domain.amount import PPM
from tradewind.domain.plan import PlannedHop, PlannedLeg
from tradewind.venues.trade_quote import TradeQuote


def planned_legs(
    route: TradeQuote, worst: Sequence[tuple[int, int]], *, venue: Callable[[str], str]
) -> tuple[PlannedLeg, ...]:
    """`worst` are the most in and the least out of each leg; `venue` names that of a pool. The shares are of the exact
    side."""
    return tuple(
        PlannedLeg(
            share_ppm=share_ppm,
            amount_in_raw=leg.amount_in_raw,
            amount_out_raw=leg.amount_out_raw,
            worst_in_raw=worst_in_raw,
            worst_out_raw=worst_out_raw,
            hops=tuple(_hop(hop, venue(hop.pool)) for hop in leg.hops),
        )
        for leg, share_ppm, (worst_in_raw, worst_out_raw) in zip(route.legs, _shares_ppm(route), worst, strict=True)
    )


def _shares_ppm(route: TradeQuote) -> Iterator[int]:
    """Rounded so that they add up to a million."""
    whole_raw = route.amount_in_raw if route.exact == "in" else route.amount_out_raw
    so_far_raw = shared_ppm = 0
    for leg in route.legs:
        so_far_raw += leg.amount_in_raw if route.exact == "in" else leg.amount_out_raw
        up_to_ppm = so_far_raw * PPM // whole_raw
        yield up_to_ppm - shared_ppm
        shared_ppm = up_to_ppm


def _hop(hop: core.PoolQuote, venue: str) -> PlannedHop:
    return PlannedHop(
        pool=hop.pool,
        venue=venue,
        token_in=hop.token_in,
        token_out=hop.token_out,
        fee_pips=hop.fee_ppm,
        amount_in_raw=hop.amount_in_raw,
        amount_out_raw=hop.amount_out_raw,
        ticks_crossed=_crossed(hop),
    )


def _crossed(hop: core.PoolQuote) -> int:
    """How many stops of its curve the swap passes: ticks or bins; none where a pool has none."""
    match hop.movement:
        case core.ConcentratedMovement() as moved:
            return moved.ticks_crossed
        case core.BinMovement() as moved:
            return moved.bins_crossed
        case _:
            return 0
