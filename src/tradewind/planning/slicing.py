"""How many slices an intent is worth: arithmetic on quotes, in integers, without I/O.

Slices that follow each other at once cost what one transaction costs: an AMM does not refill by itself. Slicing pays
only as far as others (arbitrage) bring the price back between two slices. What is assumed of them is one number, the
half-life h of a move of the price: after a pause t, the part q(t) = 2^(-t/h) of it is still there. The bound used is

    q <= (2h - f) / (2h) / 2^k,  t = k·h + f,  0 <= f < h        (the chord, which lies above the curve), in ppm, up

A move is counted in volume: V stands when the pools are where a trade of V would leave them. With slices x1 … xn that
add up to the whole A, and C(v) the pools' own answer for a trade of v from where they are now,

    V1 = 0,   V(k+1) = ceil(q · (Vk + xk)),   all slices together trade  Σ C(Vk + xk) - C(Vk)

q = 1 telescopes to C(A): nothing is saved. q = 0 gives Σ C(xk). For C(v) = p·v + c·v² and equal slices A/n the impact
is c·(A/n)²·(n + 2·Σ (n-j)·q^j, j = 1 … n-1). A route over other pools than the last slice took can only be cheaper
than this says. What is not counted: the risk that the price moves by itself in the meantime, either way.

The n that is chosen has the least  Σ C(Vk + xk) - C(Vk) + n · gas  (acquiring), or the most after gas (disposing), and
the smallest of equals; among those whose furthest move of the price stays within the strategy's limit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tradewind.domain.amount import PPM, mul_ppm_ceil
from tradewind.domain.slice import ConsideredSlicing
from tradewind.planning.price_impact import Priced, price_impact_ppm


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicingRules:
    """What bounds the number of slices. `span_ms` is the time that they are spread over."""

    max_slices: int
    min_slice_raw: int
    min_interval_ms: int
    half_life_ms: int
    span_ms: int


@dataclass(frozen=True, slots=True)
class Slicing:
    """A number of slices to be weighed: their exact amounts, and what stands before and after each, in volume."""

    interval_ms: int
    remaining_ppm: int
    parts: tuple[int, ...]
    moves: tuple[tuple[int, int], ...]


def slicings(total_raw: int, rules: SlicingRules) -> list[Slicing]:
    """One slice, and every larger number that the rules allow."""
    return [
        _slicing(total_raw, n, rules) for n in range(1, rules.max_slices + 1) if n == 1 or _allowed(total_raw, n, rules)
    ]


def _allowed(total_raw: int, n: int, rules: SlicingRules) -> bool:
    return total_raw // n >= max(1, rules.min_slice_raw) and rules.span_ms // n >= max(1, rules.min_interval_ms)


def _slicing(total_raw: int, n: int, rules: SlicingRules) -> Slicing:
    interval_ms = max(0, rules.span_ms) // n
    remaining = remaining_ppm(interval_ms, rules.half_life_ms)
    parts = equal_parts(total_raw, n)
    return Slicing(interval_ms, remaining, parts, standing(parts, remaining))


def equal_parts(total_raw: int, n: int) -> tuple[int, ...]:
    """`n` integers that add up to `total_raw` and differ by at most one, the larger first."""
    each, over = divmod(total_raw, n)
    return tuple(each + (k < over) for k in range(n))


def remaining_ppm(interval_ms: int, half_life_ms: int) -> int:
    """The part of a move of the price that is left after `interval_ms`, in millionths: never less than 2^(-t/h)."""
    halvings, rest_ms = divmod(interval_ms, half_life_ms)
    whole = 2 * half_life_ms << halvings
    return -(-PPM * (2 * half_life_ms - rest_ms) // whole)


def standing(parts: Sequence[int], remaining: int) -> tuple[tuple[int, int], ...]:
    """The volume that stands before and after each slice."""
    moves, before = [], 0
    for part in parts:
        moves.append((before, before + part))
        before = mul_ppm_ceil(before + part, remaining)
    return tuple(moves)


def weigh(slicing: Slicing, routes: Mapping[int, Priced], *, gas_per_slice_raw: int) -> ConsideredSlicing:
    """What the slices come to, by the pools' answers for each volume in `moves`."""
    furthest = max(after for _, after in slicing.moves)
    return ConsideredSlicing(
        slices=len(slicing.parts),
        interval_ms=slicing.interval_ms,
        remaining_ppm=slicing.remaining_ppm,
        trade_raw=traded_raw(slicing.moves, lambda volume_raw: _traded(routes[volume_raw])),
        gas_raw=gas_per_slice_raw * len(slicing.parts),
        price_impact_ppm=price_impact_ppm(routes[furthest]),
    )


def traded_raw(moves: Sequence[tuple[int, int]], curve: Callable[[int], int]) -> int:
    """What all slices together trade on the other side; `curve` is C(v) for v above 0."""
    return sum(curve(after) - (curve(before) if before else 0) for before, after in moves)


def _traded(route: Priced) -> int:
    return route.amount_in_raw if route.exact == "out" else route.amount_out_raw


def best_of(
    considered: Sequence[ConsideredSlicing], *, acquiring: bool, max_impact_ppm: int
) -> ConsideredSlicing | None:
    """The one with the best price after gas, the smallest number of equals; None when each moves the price too far."""
    allowed = [one for one in considered if one.price_impact_ppm <= max_impact_ppm]
    return min(allowed, key=lambda one: (net_cost_raw(one, acquiring=acquiring), one.slices), default=None)


def net_cost_raw(one: ConsideredSlicing, *, acquiring: bool) -> int:
    """What it takes with gas; of a disposal, what it gives after gas, negative."""
    return one.trade_raw + one.gas_raw if acquiring else one.gas_raw - one.trade_raw
