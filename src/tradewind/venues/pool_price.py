"""Prices of single pools, each with how far a probe moves it: what a reference price is chosen from."""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction

from tradewind import core
from tradewind.domain.amount import PPM
from tradewind.domain.reference_price import PoolPrice
from tradewind.venues.spot import spot_ratio


def pool_prices(
    graph: core.PoolGraph, pools: Iterable[str], *, token: str, against: str, probe_raw: int, shift: int
) -> Iterator[PoolPrice]:
    """Each pool of the pair that can carry the probe. `shift` is the decimals of `token` less those of `against`.

    The probe is `probe_raw` of `against` put in, and apart from that as much of `token` as it buys put in: a pool that
    holds nothing on one side, or whose price was pushed away for little money, moves far in one of the two.
    """
    for pool in pools:
        if pool not in graph or set(graph.tokens(pool)) != {token, against}:
            continue
        try:
            bought = graph.quote_exact_in(pool, against, probe_raw)
            sold = graph.quote_exact_in(pool, token, bought.amount_out_raw)
        except core.CoreError:
            # Too little liquidity for the probe: not a pool to take a price from.
            continue
        ratio = spot_ratio([sold])
        with localcontext(prec=40):
            price = (Decimal(ratio.numerator) / ratio.denominator).scaleb(shift)
        move_ppm = max(_move_ppm(bought), _move_ppm(sold))
        yield PoolPrice(
            pool=pool,
            fee_pips=sold.fee_ppm,
            price=price,
            move_ppm=move_ppm,
            cost_ppm=move_ppm + sold.fee_ppm,
        )


def _move_ppm(quote: core.PoolQuote) -> int:
    """How far a swap moves the price, in millionths of the smaller of the two prices, rounded up."""
    low, high = sorted((Fraction(*quote.spot_before), Fraction(*quote.spot_after)))
    return math.ceil((high / low - 1) * PPM)
