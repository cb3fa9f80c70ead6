"""All cycles that gain, by brute force in exact integers: what the core's search is held against.

Through constant products the output is `A x / (B + C x)` but for rounding. The cycle gains for some real input only
where `A > B`, and most at `(sqrt(A B) - B) / C`; the integers around it are then tried.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import isqrt

from benches.constant_product import MILLION, ConstantProduct
from tradewind.core import Cycle

# Pools in trade order.
Path = tuple[ConstantProduct, ...]
NEAR = 3


def gaining(pools: Sequence[ConstantProduct], bases: Sequence[str], max_hops: int = 3) -> dict[tuple[str, ...], int]:
    """Pools of each cycle that gains, in trade order, and its profit; a cycle through several bases once."""
    at: dict[str, list[ConstantProduct]] = defaultdict(list)
    for pool in pools:
        at[pool.token0].append(pool)
        at[pool.token1].append(pool)
    found = {}
    for place, base in enumerate(bases):
        earlier = set(bases[:place])
        for path in _cycles(at, base, base, earlier, (), max_hops):
            profit = best_profit(base, path)
            if profit > 0:
                found[tuple(pool.pool for pool in path)] = profit
    return found


def _cycles(  # noqa: PLR0917 - what a walk has to carry
    at: dict[str, list[ConstantProduct]], base: str, here: str, barred: set[str], path: Path, left: int
) -> Iterator[Path]:
    for pool in at[here]:
        there = pool.other(here)
        if pool in path or there in barred:
            continue
        if there == base and path:
            yield (*path, pool)
        elif there != base and left > 1:
            # With one hop left only the base is worth a visit.
            if left == 2 and not any(back.other(there) == base for back in at[there]):
                continue
            yield from _cycles(at, base, there, barred | {there}, (*path, pool), left - 1)


def best_profit(base: str, path: Path) -> int:
    """The greatest gain among the integers around the best real input; at most zero where none gains."""
    a, b, c, token = 1, 1, 0, base
    for pool in path:
        reserve_in, reserve_out = pool.reserves(token)
        kept = MILLION - pool.fee_ppm
        # x -> kept * out * y / (MILLION * in + kept * y), of y = a x / (b + c x).
        a, b, c = kept * reserve_out * a, MILLION * reserve_in * b, MILLION * reserve_in * c + kept * a
        token = pool.other(token)
    if a <= b:
        return 0
    best = (isqrt(a * b) - b) // c
    return max(profit_of(base, path, amount) for amount in range(max(1, best - NEAR), best + NEAR + 1))


def profit_of(base: str, path: Path, amount_in_raw: int) -> int:
    """Output less input."""
    amount, token = amount_in_raw, base
    for pool in path:
        amount = pool.output(token, amount)
        token = pool.other(token)
    return amount - amount_in_raw


def proven(cycle: Cycle, pools: dict[str, ConstantProduct]) -> bool:
    """Whether the cycle gives what it says."""
    path = tuple(pools[hop.pool] for hop in cycle.hops)
    return profit_of(cycle.base, path, cycle.amount_in_raw) == cycle.profit_raw > 0
