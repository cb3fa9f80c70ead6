"""Cycles that gain, as Python sees them; every input is tried here by the pairs' formula."""

import pytest

from tradewind import core

from .test_split import BETWEEN, BOUGHT, SOLD, graph_of, output, pair

FIRST, SECOND, THIRD = (f"0x{number:040d}" for number in (1, 2, 3))


@pytest.fixture
def graph() -> core.PoolGraph:
    return graph_of(
        pair(1, {SOLD: 1_000_000, BETWEEN: 2_000_000}),
        pair(2, {SOLD: 1_500_000, BETWEEN: 1_500_000}),
        pair(3, {SOLD: 900_000, BOUGHT: 900_000}),
    )


def gains() -> list[int]:
    """What each input brings by way of the first pair and back by the second, less the input."""
    return [output(output(amount, 1_000_000, 2_000_000), 1_500_000, 1_500_000) - amount for amount in range(500_000)]


def test_the_best_input_is_the_one_that_trying_all_finds(graph: core.PoolGraph) -> None:
    tried = gains()
    index = core.CycleIndex(graph, [(SOLD, 0, 0)])
    [cycle] = index.scan(graph)
    assert cycle.profit_raw == max(tried) == tried[cycle.amount_in_raw]
    assert (cycle.base, cycle.cost_raw) == (SOLD, 0)
    assert cycle.amount_out_raw == cycle.amount_in_raw + cycle.profit_raw
    assert [(hop.pool, hop.token_in, hop.token_out) for hop in cycle.hops] == [
        (FIRST, SOLD, BETWEEN),
        (SECOND, BETWEEN, SOLD),
    ]
    assert cycle.hops[0].amount_in_raw == cycle.amount_in_raw
    assert cycle.hops[0].amount_out_raw == cycle.hops[1].amount_in_raw


def test_hops_and_the_cycle_cost(graph: core.PoolGraph) -> None:
    most = max(gains())
    base = core.BaseToken(SOLD, hop_cost_raw=1_000, cycle_cost_raw=500)
    [cycle] = core.CycleIndex(graph, [base]).scan(graph)
    assert (cycle.cost_raw, cycle.profit_raw) == (2_500, most - 2_500)
    assert core.CycleIndex(graph, [(SOLD, 1_000, 500)]).scan(graph) == [cycle]
    # A cycle that only pays for itself is none.
    assert core.CycleIndex(graph, [(SOLD, 0, most)]).scan(graph) == []
    assert len(core.CycleIndex(graph, [(SOLD, 0, most - 1)]).scan(graph)) == 1


def test_a_changed_pool_is_looked_at_alone(graph: core.PoolGraph) -> None:
    index = core.CycleIndex(graph, [core.BaseToken(SOLD)])
    assert index.promising() >= 1
    assert index.update(graph, THIRD) == []
    assert index.update(graph, FIRST) == index.scan(graph)
    graph.apply_sync(FIRST, reserve0_raw=1_000_000, reserve1_raw=1_000_000)
    assert index.update(graph, FIRST) == index.scan(graph) == []
    assert index.promising() == 0
    assert index.update(graph, "0x" + "9" * 40) == []


def test_parallel_pairs_are_one_cycle_of_tokens_each_way(graph: core.PoolGraph) -> None:
    # SOLD - BETWEEN - SOLD, and SOLD - BOUGHT - SOLD, which has but one pair and so never a choice that gains.
    index = core.CycleIndex(graph, [(SOLD, 0, 0)], max_hops=2)
    assert len(index) in {1, 2}
    assert repr(index) == f"CycleIndex({len(index)} cycles)"


@pytest.mark.parametrize(
    ("bases", "hops", "code"),
    [
        ([(SOLD, 0, 0)], 1, "cycle_hops_out_of_range"),
        ([(SOLD, 0, 0)], 5, "cycle_hops_out_of_range"),
        ([("0x" + "9" * 40, 0, 0)], 3, "unknown_token"),
        ([SOLD], 3, "base_malformed"),
        ([(SOLD, 0, 1.5)], 3, "integer_required"),
        ([("0x12", 0, 0)], 3, "address_malformed"),
    ],
)
def test_a_wrong_base_is_refused_by_name(graph: core.PoolGraph, bases: list[object], hops: int, code: str) -> None:
    with pytest.raises(core.CoreError) as refused:
        core.CycleIndex(graph, bases, hops)  # type: ignore[arg-type]
    assert refused.value.code == code
