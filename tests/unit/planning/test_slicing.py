"""The arithmetic of slicing, against closed forms, hand-computed values and a search of its own."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.core import PoolGraph, Route, optimize_route
from tradewind.domain.slice import ConsideredSlicing
from tradewind.planning.slicing import (
    SlicingRules,
    best_of,
    equal_parts,
    remaining_ppm,
    slicings,
    standing,
    traded_raw,
    weigh,
)

PPM = 1_000_000
A, B, POOL = (f"0x{number:040d}" for number in (1, 2, 3))
LIQUIDITY = 10**24


def rules(**changes: Any) -> SlicingRules:
    bounds = {
        "max_slices": 8,
        "min_slice_raw": 0,
        "min_interval_ms": 1_000,
        "half_life_ms": 60_000,
        "span_ms": 480_000,
    }
    return SlicingRules(**{**bounds, **changes})


def considered(slices: int, trade_raw: int, gas_raw: int, impact_ppm: int = 0) -> ConsideredSlicing:
    return ConsideredSlicing(
        slices=slices,
        interval_ms=1_000,
        remaining_ppm=0,
        trade_raw=trade_raw,
        gas_raw=gas_raw,
        price_impact_ppm=impact_ppm,
    )


@given(total=st.integers(1, 10**30), n=st.integers(1, 32))
def test_parts_add_up_to_the_whole_and_differ_by_at_most_a_unit(total: int, n: int) -> None:
    parts = equal_parts(total, n)
    assert (len(parts), sum(parts)) == (n, total)
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("interval_ms", "left"),
    [(0, 1_000_000), (60_000, 500_000), (120_000, 250_000), (30_000, 750_000), (90_000, 375_000), (10**9, 1)],
)
def test_half_of_a_move_is_left_after_a_half_life(interval_ms: int, left: int) -> None:
    assert remaining_ppm(interval_ms, 60_000) == left


@given(interval_ms=st.integers(0, 10**7), half_life_ms=st.integers(1, 10**6))
def test_what_is_left_is_never_less_than_the_power_and_at_most_a_sixteenth_more(
    interval_ms: int, half_life_ms: int
) -> None:
    with localcontext(prec=60):
        exact = PPM * Decimal(2) ** (-Decimal(interval_ms) / half_life_ms)
    left = remaining_ppm(interval_ms, half_life_ms)
    assert exact - Decimal("0.001") <= left <= exact * Decimal("1.0625") + 1


@given(total=st.integers(1, 10**24), n=st.integers(1, 32))
def test_slices_back_to_back_cost_exactly_what_one_transaction_costs(total: int, n: int) -> None:
    def any_curve(volume: int) -> int:
        return volume * 3 + volume * volume // 10**20 + volume % 7

    whole = any_curve(total)
    assert traded_raw(standing(equal_parts(total, n), PPM), any_curve) == whole


def test_after_full_recovery_each_slice_costs_what_it_would_alone() -> None:
    assert traded_raw(standing((10, 10, 10), 0), lambda volume: volume * volume) == 300


def test_half_recovered_squares_come_to_the_closed_form() -> None:
    """4 slices of 1024, q = 1/2: 1024² · (4 + 2 · (3/2 + 2/4 + 1/8)) = 8.25 · 1024²."""
    moves = standing((1024, 1024, 1024, 1024), 500_000)
    assert moves == ((0, 1024), (512, 1536), (768, 1792), (896, 1920))
    assert traded_raw(moves, lambda volume: volume * volume) == 8_650_752


@given(n=st.integers(1, 12), halvings=st.integers(0, 3))
def test_the_closed_form_holds_for_every_number_of_slices(n: int, halvings: int) -> None:
    part, q = 2**40, Fraction(1, 2**halvings)
    closed = part**2 * (n + 2 * sum((n - j) * q**j for j in range(1, n)))
    total = traded_raw(standing((part,) * n, int(q * PPM)), lambda volume: volume * volume)
    # Volumes that stand are rounded up to units, so that the sum is never below the closed form.
    assert closed <= total <= closed * (1 + Fraction(n, 2**38))


def quoted(volume: int) -> Route:
    """The core's answer of a pool with the same liquidity at every price, at a price of 1."""
    graph = PoolGraph()
    ticks = [(-887220, LIQUIDITY, LIQUIDITY), (887220, LIQUIDITY, -LIQUIDITY)]
    graph.upsert_uniswap_v3(
        pool=POOL,
        token0=A,
        token1=B,
        fee_pips=3000,
        tick_spacing=60,
        sqrt_price_x96=2**96,
        tick=0,
        liquidity=LIQUIDITY,
        ticks=ticks,
    )
    return optimize_route(graph, token_in=A, token_out=B, amount_raw=volume, exact="out")


def paid(volume: Fraction) -> Fraction:
    """What x · y = L² takes for `volume`, with a fee of 0.3 %: L · v / (L - v) / 0.997."""
    return LIQUIDITY * volume / (LIQUIDITY - volume) / Fraction(997, 1000)


def searched(total: int, bounds: SlicingRules, gas_raw: int) -> dict[int, Fraction]:
    """Every number of slices and what it comes to, by its own arithmetic in fractions."""
    found = {}
    for n in range(1, bounds.max_slices + 1):
        interval_ms = bounds.span_ms // n
        if n > 1 and interval_ms < bounds.min_interval_ms:
            continue
        halvings, rest = divmod(interval_ms, bounds.half_life_ms)
        q = Fraction(2 * bounds.half_life_ms - rest, 2 * bounds.half_life_ms * 2**halvings)
        stands, cost, part = Fraction(0), Fraction(n * gas_raw), Fraction(total, n)
        for _ in range(n):
            cost += paid(stands + part) - (paid(stands) if stands else 0)
            stands = q * (stands + part)
        found[n] = cost
    return found


@pytest.mark.parametrize("span_ms", [8_000, 60_000, 480_000, 3_600_000])
@pytest.mark.parametrize("gas_raw", [10**15, 10**18, 10**19, 10**21])
def test_the_number_chosen_is_the_one_that_a_search_finds_by_a_pools_own_formula(span_ms: int, gas_raw: int) -> None:
    total, bounds = LIQUIDITY // 200, rules(span_ms=span_ms)
    options = slicings(total, bounds)
    routes = {volume: quoted(volume) for o in options for move in o.moves for volume in move if volume}
    weighed = [weigh(option, routes, gas_per_slice_raw=gas_raw) for option in options]
    search = searched(total, bounds, gas_raw)
    for one in weighed:
        # Rounding: a unit for each quote, and what stands, in millionths of it.
        assert abs(one.trade_raw + one.gas_raw - search[one.slices]) < search[one.slices] / 10**8
    chosen = best_of(weighed, acquiring=True, max_impact_ppm=PPM)
    assert chosen is not None
    assert chosen.slices == min(search, key=lambda n: (search[n], n))


def test_how_often_it_pays_depends_on_the_gas() -> None:
    """The grid above is worth something only if it has one slice, the most, and something between."""
    total, bounds = LIQUIDITY // 200, rules()
    found = set()
    for gas_raw in (10**15, 10**18, 10**19, 10**21):
        search = searched(total, bounds, gas_raw)
        found.add(min(search, key=lambda n: (search[n], n)))
    assert {1, 8} < found


def test_of_equal_costs_the_smallest_number_is_chosen_and_a_disposal_wants_the_most_after_gas() -> None:
    options = [considered(1, 1000, 10), considered(2, 990, 20), considered(3, 980, 30)]
    chosen = best_of(options, acquiring=True, max_impact_ppm=PPM)
    assert chosen is not None
    assert chosen.slices == 1
    options = [considered(1, 1000, 10), considered(2, 1015, 20), considered(3, 1020, 30)]
    chosen = best_of(options, acquiring=False, max_impact_ppm=PPM)
    assert chosen is not None
    assert chosen.slices == 2


def test_a_number_that_moves_the_price_too_far_is_not_chosen_however_cheap() -> None:
    options = [considered(1, 900, 10, impact_ppm=40_000), considered(2, 990, 20, impact_ppm=30_000)]
    chosen = best_of(options, acquiring=True, max_impact_ppm=30_000)
    assert chosen is not None
    assert chosen.slices == 2
    assert best_of(options, acquiring=True, max_impact_ppm=29_999) is None


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"max_slices": 1}, [1]),
        ({"min_interval_ms": 120_000}, [1, 2, 3, 4]),
        ({"min_slice_raw": 400}, [1, 2]),
        ({"span_ms": 0}, [1]),
        ({"min_slice_raw": 10**9}, [1]),
    ],
)
def test_numbers_that_the_rules_forbid_are_not_weighed(changes: dict[str, int], numbers: list[int]) -> None:
    assert [len(option.parts) for option in slicings(1_000, rules(**changes))] == numbers


def test_the_time_is_shared_out_evenly() -> None:
    [_, two, three, *_] = slicings(1_000, rules(span_ms=100_000))
    assert (two.interval_ms, three.interval_ms) == (50_000, 33_333)
    # After 50 s of a half-life of 60 s, by the chord: (120 - 50) / 120, rounded up.
    assert two.remaining_ppm == ceil(Fraction(70 * PPM, 120))
