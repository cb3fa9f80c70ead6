"""The brute force that the search for cycles is held against, on markets small enough to see through."""

import random

from hypothesis import given
from hypothesis import strategies as st

from benches.constant_product import ConstantProduct
from benches.cycle_truth import best_profit, gaining, profit_of

TOKENS = [f"0x{number:040x}" for number in (1, 2, 3)]


def pool(name: str, a: int, b: int, reserves: tuple[int, int], fee_ppm: int = 3000) -> ConstantProduct:
    return ConstantProduct(name, TOKENS[a], TOKENS[b], *reserves, fee_ppm)


def test_two_pools_of_one_pair_at_different_prices_gain_one_way_round() -> None:
    cheap, dear = pool("cheap", 0, 1, (10**9, 10**9)), pool("dear", 0, 1, (10**9, 2 * 10**9))
    found = gaining([cheap, dear], [TOKENS[0]])
    assert list(found) == [("dear", "cheap")]
    # Without fees the best input of r / (1 - x) curves with prices 2 and 1 is about (sqrt(2) - 1) / 3 of a reserve.
    free = pool("c", 0, 1, (10**9, 10**9), 0), pool("d", 0, 1, (10**9, 2 * 10**9), 0)
    assert abs(best_profit(TOKENS[0], (free[1], free[0])) - 57_190_958) <= 2


def test_a_price_within_the_fees_gains_nothing() -> None:
    near = [pool("a", 0, 1, (10**9, 10**9)), pool("b", 0, 1, (10**9, 1_005_000_000))]
    assert gaining(near, [TOKENS[0]]) == {}


def test_a_triangle_is_found_in_its_direction_and_only_from_the_first_base() -> None:
    triangle = [
        pool("ab", 0, 1, (10**9, 10**9)),
        pool("bc", 1, 2, (10**9, 10**9)),
        pool("ac", 0, 2, (2 * 10**9, 10**9)),
    ]
    assert list(gaining(triangle, [TOKENS[0]])) == [("ab", "bc", "ac")]
    assert list(gaining(triangle, TOKENS)) == [("ab", "bc", "ac")]
    assert gaining(triangle, TOKENS, max_hops=2) == {}


@given(st.integers(0, 2**32))
def test_no_input_gains_more_than_the_best_but_for_rounding(seed: int) -> None:
    """A unit that the first pool rounds away is worth at most three of the second's, whose own rounding adds one."""
    chance = random.Random(seed)
    reserves = [tuple(chance.randrange(10**9, 3 * 10**9) for _ in range(2)) for _ in range(2)]
    path = tuple(pool(str(n), 0, 1, (both[0], both[1])) for n, both in enumerate(reserves))
    best = best_profit(TOKENS[0], path)
    tried = (chance.randrange(1, 10 ** chance.randrange(1, 10)) + 1 for _ in range(300))
    assert max(profit_of(TOKENS[0], path, amount) for amount in tried) <= max(best, 0) + 5
