"""Split routes and the limits of both searches, as Python sees them; the pairs' formula is written out here."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from tradewind import core

SOLD, BOUGHT, BETWEEN = ("0x" + digit * 40 for digit in "123")


def pair(number: int, reserves: dict[str, int], fee_ppm: int = 3000) -> dict[str, Any]:
    (token0, reserve0), (token1, reserve1) = sorted(reserves.items())
    return {
        "venue": "uniswap_v2",
        "pool": f"0x{number:040d}",
        "token0": token0,
        "token1": token1,
        "reserve0_raw": str(reserve0),
        "reserve1_raw": str(reserve1),
        "fee_ppm": fee_ppm,
    }


def graph_of(*pools: dict[str, Any]) -> core.PoolGraph:
    graph = core.PoolGraph()
    graph.add(json.dumps(pools))
    return graph


def output(amount: int, reserve_in: int, reserve_out: int) -> int:
    """`UniswapV2Library.getAmountOut`, with its fee of 0.3 %."""
    paid = amount * 997
    return paid * reserve_out // (reserve_in * 1000 + paid)


THREE = [(1_000, 2_000), (500, 900), (3_000, 5_000)]


@pytest.fixture
def graph() -> core.PoolGraph:
    return graph_of(*(pair(9 - place, {SOLD: a, BOUGHT: b}) for place, (a, b) in enumerate(THREE)))


def split(graph: core.PoolGraph, amount: int, **limits: Any) -> core.SplitRoute:
    return core.optimize_split(graph, token_in=SOLD, token_out=BOUGHT, amount_raw=amount, exact="in", **limits)


@pytest.mark.parametrize("amount", [3, 50, 300, 977])
def test_the_best_split_of_all_over_three_pairs_gives_at_most_a_unit_more(graph: core.PoolGraph, amount: int) -> None:
    shares = (
        (first, second, amount - first - second)
        for first, second in product(range(amount + 1), repeat=2)
        if first + second <= amount
    )
    outputs = [[output(share, *reserves) for share in range(amount + 1)] for reserves in THREE]
    best = max(sum(outputs[pool][share] for pool, share in enumerate(each)) for each in shares)
    route = split(graph, amount)
    # Shares are moved as long as one move gains; a unit that only two moves at once would gain stays.
    assert best - 1 <= route.amount_out_raw <= best
    assert route.amount_in_raw == sum(leg.amount_in_raw for leg in route.legs) == amount
    assert route.within_hops.bound_raw >= best


def test_equal_pairs_share_equally_and_reach_the_bound() -> None:
    # By symmetry no routing through both gives more than twice what one gives for half.
    deep = 10**24
    graph = graph_of(*(pair(number, {SOLD: deep, BOUGHT: 2 * deep}) for number in (1, 2)))
    route = split(graph, 2 * 10**22)
    half = output(10**22, deep, 2 * deep)
    assert abs(route.amount_out_raw - 2 * half) <= 1
    assert (len(route.legs), route.within_hops.share_ppm) == (2, 999_999)
    assert route.single is not None
    assert route.single.amount_raw == output(2 * 10**22, deep, 2 * deep)
    assert route.uncapped is None
    uncapped = split(graph, 2 * 10**22, uncapped_bound=True).uncapped
    assert uncapped is not None
    assert uncapped.bound_raw >= route.amount_out_raw


def test_a_leg_that_costs_more_than_it_brings_is_left_out(graph: core.PoolGraph) -> None:
    route = split(graph, 300, path_cost_raw=1_000)
    single = max(output(300, *reserves) for reserves in THREE)
    assert (len(route.legs), route.amount_out_raw, route.cost_raw) == (1, single, 0)
    assert split(graph, 300, max_paths=1).amount_out_raw == single


def test_an_exact_output_is_paid_by_the_least_input(graph: core.PoolGraph) -> None:
    asked = split(graph, 300).amount_out_raw
    route = core.optimize_split(graph, token_in=SOLD, token_out=BOUGHT, amount_raw=asked, exact="out")
    assert route.amount_out_raw == sum(leg.amount_out_raw for leg in route.legs) == asked
    assert route.amount_in_raw <= 300
    assert split(graph, route.amount_in_raw).amount_out_raw >= asked
    assert split(graph, route.amount_in_raw - 1).amount_out_raw < asked


def test_a_family_and_a_pool_can_cost_more_than_another() -> None:
    cheap, dear = 1_000 * 10**6, 1_001 * 10**6
    graph = graph_of(pair(1, {SOLD: 10**9, BOUGHT: cheap}), pair(2, {SOLD: 10**9, BOUGHT: dear}))
    first, second = f"0x{1:040d}", f"0x{2:040d}"

    def chosen(**costs: Any) -> tuple[str, int]:
        route = core.optimize_route(
            graph, token_in=SOLD, token_out=BOUGHT, amount_raw=10**6, exact="in", max_hops=1, **costs
        )
        return route.hops[0].pool, route.cost_raw

    assert chosen() == (second, 0)
    assert chosen(pool_costs_raw={second: 10**5}) == (first, 0)
    assert chosen(venue_costs_raw={"uniswap_v2": 7}, hop_cost_raw=5) == (second, 12)
    # A pool's own cost stands in the place of its family's.
    assert chosen(venue_costs_raw={"uniswap_v2": 10**5}, pool_costs_raw={first: 3}, hop_cost_raw=5) == (first, 8)


def test_only_the_allowed_families_are_used(graph: core.PoolGraph) -> None:
    assert split(graph, 300, allowed_venues=["uniswap_v2"]) == split(graph, 300)
    for search in (core.optimize_split, core.optimize_route):
        with pytest.raises(core.CoreError) as refused:
            search(graph, token_in=SOLD, token_out=BOUGHT, amount_raw=300, exact="in", allowed_venues=["uniswap_v3"])
        assert refused.value.code == "no_route"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_paths": 0}, "max_paths_out_of_range"),
        ({"max_paths": 17}, "max_paths_out_of_range"),
        ({"max_paths": True}, "integer_required"),
        ({"path_cost_raw": -1}, "integer_out_of_range"),
        ({"allowed_venues": ["sushi"]}, "unknown_venue"),
        ({"venue_costs_raw": {"sushi": 1}}, "unknown_venue"),
        ({"venue_costs_raw": {"uniswap_v2": 1.5}}, "integer_required"),
        ({"pool_costs_raw": {"0x12": 1}}, "address_malformed"),
        ({"excluded_tokens": [BOUGHT]}, "token_excluded"),
    ],
)
def test_a_wrong_limit_is_refused_by_name(graph: core.PoolGraph, limits: dict[str, Any], code: str) -> None:
    with pytest.raises(core.CoreError) as refused:
        split(graph, 300, **limits)
    assert refused.value.code == code
    assert next(iter(limits)) in str(refused.value) or code == "token_excluded"


def test_a_leg_tells_every_pool_on_its_way() -> None:
    graph = graph_of(pair(1, {SOLD: 10**9, BETWEEN: 10**9}), pair(2, {BETWEEN: 10**9, BOUGHT: 10**9}))
    route = split(graph, 10**6)
    between = output(10**6, 10**9, 10**9)
    assert [(hop.token_in, hop.token_out, hop.amount_out_raw) for hop in route.legs[0].hops] == [
        (SOLD, BETWEEN, between),
        (BETWEEN, BOUGHT, output(between, 10**9, 10**9)),
    ]


def test_threads_that_split_at_once_agree(graph: core.PoolGraph) -> None:
    with ThreadPoolExecutor(4) as threads:
        routes = list(threads.map(lambda _: split(graph, 977), range(32)))
    assert all(route == routes[0] for route in routes)
