"""Pools as a strategy sees them: every quote is the core's, and circles are exact."""

import json
from pathlib import Path

from tradewind import core
from tradewind.strategies import WRAPPED_SOL, Circle, Hop, Pools
from tradewind.strategies.testing import Harness, recorded_updates


def told(pools: Pools) -> None:
    for update in recorded_updates():
        pools.take(update["pools"])


def test_a_pool_quotes_what_the_core_quotes_of_its_newest_state() -> None:
    pools, graph = Pools(), core.PoolGraph()
    told(pools)
    for update in recorded_updates():
        graph.add(json.dumps([pool["state"] for pool in update["pools"]]))
    assert len(pools) == 2
    for address, pool in pools.items():
        other = pool.other(WRAPPED_SOL)
        expected = graph.quote_exact_in(address, WRAPPED_SOL, 10**9)
        assert pool.quote_exact_in(WRAPPED_SOL, 10**9).amount_out_raw == expected.amount_out_raw
        wanted = graph.quote_exact_out(address, WRAPPED_SOL, 10**9)
        assert pool.quote_exact_out(WRAPPED_SOL, 10**9).amount_in_raw == wanted.amount_in_raw
        assert pool.hop(WRAPPED_SOL) == Hop(address, WRAPPED_SOL, other)
        assert pools.trading(WRAPPED_SOL, other) == sorted(pools.values(), key=lambda each: each.address)


def test_a_circle_gains_just_what_its_way_gives_and_no_neighbouring_input_gives_more() -> None:
    pools = Pools()
    told(pools)
    (best, *_) = pools.circles(WRAPPED_SOL, pools.values(), max_hops=2)

    def gained(amount_in_raw: int) -> int:
        out = pools.amount_out_raw(best.hops, amount_in_raw)
        assert out is not None
        return out - amount_in_raw

    assert gained(best.amount_in_raw) == best.min_profit_raw > 10**9
    step = best.amount_in_raw // 1_000
    assert all(gained(best.amount_in_raw + change) < best.min_profit_raw for change in (-step, step))


def test_a_circle_through_a_pool_that_is_not_certain_is_left_out() -> None:
    pools = Pools()
    told(pools)
    assert pools.circles(WRAPPED_SOL, pools.values())
    pools.take([{**recorded_updates()[1]["pools"][0], "tradeable": False}])
    assert pools.circles(WRAPPED_SOL, pools.values()) == []


def test_a_strategy_is_told_of_the_pools_that_miss_something_and_wishes_for_nothing_through_them(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from tradewind.strategies import *\n"
        "class Mine(Strategy[None]):\n"
        "    def on_update(self, update):\n"
        "        self.context.log(f'{len(update.stale)} of {len(update.changed)} stale')\n"
        "        return update.circles(WRAPPED_SOL)\n"
    )
    harness = Harness(file)
    before, after = recorded_updates()
    harness.play([before])
    assert harness.miss() == []
    # One of the two is read again, and not the other one.
    assert harness.play([after]) == []
    circle = harness.play([before, after])[-1]
    assert isinstance(circle, Circle)
    assert harness.miss(circle.hops[0].pool) == []
    shares = [(0, 2), (2, 2), (0, 1), (0, 2), (0, 1), (1, 1)]
    assert harness.log == [f"{stale} of {changed} stale" for stale, changed in shares]


def test_a_pool_that_comes_later_is_on_circles_too() -> None:
    pools = Pools()
    first, second = recorded_updates()[0]["pools"]
    pools.take([first])
    assert pools.circles(WRAPPED_SOL, pools.values()) == []
    pools.take([second])
    assert pools.circles(WRAPPED_SOL, pools.values())


def test_circles_know_what_changed_while_nobody_asked_for_any() -> None:
    (first, other), (moved,) = (update["pools"] for update in recorded_updates())
    asked_once, asked_now = Pools(), Pools()
    for pools in (asked_once, asked_now):
        pools.take([first, other])
    asked_once.circles(WRAPPED_SOL, asked_once.values())
    for pools in (asked_once, asked_now):
        pools.take([moved])
        pools.take([other])
    through = [pools[other["address"]] for pools in (asked_once, asked_now)]
    found = asked_once.circles(WRAPPED_SOL, through[:1])
    assert found == asked_now.circles(WRAPPED_SOL, through[1:]) != []


def test_a_way_that_cannot_take_its_input_gives_nothing() -> None:
    pools = Pools()
    told(pools)
    (pool, *_) = pools.values()
    assert pools.amount_out_raw([pool.hop(WRAPPED_SOL)], 2**80) is None
    assert pools.circles("11111111111111111111111111111111", pools.values()) == []
