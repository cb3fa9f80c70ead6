"""What a trade does: the legs that carry it, exact at the block that the venue was asked at, and how good they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tradewind import core
from tradewind.domain.amount import PPM
from tradewind.domain.plan import Optimality


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeQuote:
    """One leg, or several of one transaction, in the order of execution. Amounts in smallest units.

    `spot_amount_raw` is what the trade would give (exact in) or take (exact out) at the prices before it and without
    fees; `fee_ppm` are the pools' fees in millionths of the input. `paths` are the best single path of each length,
    best first: the chosen one among them where there is one leg.
    """

    token_in: str
    token_out: str
    exact: Literal["in", "out"]
    amount_in_raw: int
    amount_out_raw: int
    cost_raw: int
    spot_amount_raw: int
    fee_ppm: int
    legs: Sequence[core.Leg]
    paths: Sequence["SinglePath"]
    optimality: Optimality

    @property
    def hops(self) -> list[core.PoolQuote]:
        """Every pool's answer, leg after leg."""
        return [hop for leg in self.legs for hop in leg.hops]


@dataclass(frozen=True, slots=True)
class SinglePath:
    """A path for the whole amount: what it would give or take, and its gas in the same token."""

    pools: tuple[str, ...]
    amount_raw: int
    cost_raw: int


def trade_quote(split: core.SplitRoute, path: core.Route | None) -> TradeQuote:
    """The quote of `split`; `path` is the best single path for the same question, None when none fills it."""
    return TradeQuote(
        token_in=split.token_in,
        token_out=split.token_out,
        exact=split.exact,
        amount_in_raw=split.amount_in_raw,
        amount_out_raw=split.amount_out_raw,
        cost_raw=split.cost_raw,
        spot_amount_raw=_spot_amount_raw(split),
        fee_ppm=_fee_ppm(split),
        legs=split.legs,
        paths=() if path is None else _paths(path),
        optimality=Optimality(bound_raw=split.within_hops.bound_raw, share_ppm=split.within_hops.share_ppm),
    )


def _paths(path: core.Route) -> tuple[SinglePath, ...]:
    amount_raw = path.amount_out_raw if path.exact == "in" else path.amount_in_raw
    best = SinglePath(tuple(hop.pool for hop in path.hops), amount_raw, path.cost_raw)
    others = (SinglePath(tuple(other.pools), other.amount_raw, other.cost_raw) for other in path.alternatives)
    return (best, *others)


def _spot_amount_raw(split: core.SplitRoute) -> int:
    """A pool that several legs share counts at its price before the first of them."""
    before: dict[tuple[str, str], Fraction] = {}
    total = Fraction(0)
    for leg in split.legs:
        ratio = Fraction(1)
        for hop in leg.hops:
            spot = before.setdefault((hop.pool, hop.token_in), Fraction(*hop.spot_before))
            before.setdefault((hop.pool, hop.token_out), 1 / spot)
            ratio *= spot
        total += leg.amount_in_raw * ratio if split.exact == "in" else leg.amount_out_raw / ratio
    return total.numerator // total.denominator if split.exact == "in" else -(-total.numerator // total.denominator)


def _fee_ppm(split: core.SplitRoute) -> int:
    """The legs' fees, weighed by what goes into each; rounded up."""
    kept = Fraction(0)
    for leg in split.legs:
        passed = Fraction(leg.amount_in_raw, split.amount_in_raw)
        for hop in leg.hops:
            passed *= Fraction(PPM - hop.fee_ppm, PPM)
        kept += passed
    fee = (1 - kept) * PPM
    return -(-fee.numerator // fee.denominator)
