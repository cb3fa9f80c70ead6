"""The worst that a trade may do, as a whole and leg by leg: rounded so that neither is ever looser than asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tradewind.domain.amount import PPM, mul_ppm_ceil, mul_ppm_floor


class _Amounts(Protocol):
    """What goes in and what comes out."""

    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...


class _Trade(_Amounts, Protocol):
    """A trade of several legs, whose amounts are the sums of theirs."""

    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def legs(self) -> Sequence[_Amounts]: ...


@dataclass(frozen=True, slots=True)
class LegLimit:
    """The most that may go into a leg, and the least that must come out of it; the exact one of the two as quoted."""

    worst_in_raw: int
    worst_out_raw: int


def leg_limits(trade: _Trade, max_slippage_ppm: int, limit_raw: int | None = None) -> tuple[LegLimit, ...]:
    """Each leg's part of the worst that the whole may do.

    The whole: floor(quoted in x (1 + slippage)), ceil(quoted out x (1 - slippage)). `limit_raw` is a bound on the side
    that is not exact, which holds if it is the stricter one; the quote is within it. A leg has as much of it as of the
    quote, to a unit, and never less than it needs to fill; together the legs have exactly the whole.
    """
    if trade.exact == "out":
        most_raw = mul_ppm_floor(trade.amount_in_raw, PPM + max_slippage_ppm)
        most_raw = most_raw if limit_raw is None else min(most_raw, limit_raw)
        parts = _parts(most_raw, [leg.amount_in_raw for leg in trade.legs])
        return tuple(LegLimit(part, leg.amount_out_raw) for part, leg in zip(parts, trade.legs, strict=True))
    least_raw = max(mul_ppm_ceil(trade.amount_out_raw, PPM - max_slippage_ppm), limit_raw or 0)
    # What may be lost is divided, so that no leg must give more than its quote.
    lost = _parts(trade.amount_out_raw - least_raw, [leg.amount_out_raw for leg in trade.legs])
    return tuple(
        LegLimit(leg.amount_in_raw, leg.amount_out_raw - part) for part, leg in zip(lost, trade.legs, strict=True)
    )


def _parts(whole_raw: int, weights: Sequence[int]) -> Iterator[int]:
    """Integers that add up to `whole_raw`, each by its weight: what is divided so far, less what was before."""
    so_far = given_raw = 0
    for weight in weights:
        so_far += weight
        up_to_raw = whole_raw * so_far // sum(weights)
        yield up_to_raw - given_raw
        given_raw = up_to_raw
