"""How cost grows with the graph, from 100 to 100,000 pools of a made market. Writes growth.md and growth.svg."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter_ns

from benches.chart import Series, svg
from benches.constant_product import graph_of
from benches.cycle_scan import BASES, swapped
from benches.paired import percentile
from benches.row import Row, rounded
from benches.synthetic_market import SEED, SyntheticMarket
from benches.words import pack, unpack
from tradewind.core import CycleIndex, PoolGraph, RouteBatch, apply_syncs, optimize_split

HERE = Path(__file__).parent
SIZES = (100, 1_000, 10_000, 100_000)
QUESTIONS = 100
SPLITS = 10
UPDATES = 5_000
WHAT = {
    "apply": "apply a Sync log to the graph",
    "cycles": "cycles through the pool, after it",
    "path": "best path, up to 3 hops",
    "split": "split route, up to 4 paths",
}
Costs = dict[str, list[float]]


def run() -> Iterator[Row]:
    """One row an operation; the sizes are in its notes, and in the files."""
    measured = {size: measure(size) for size in SIZES}
    write(measured)
    for name, what in WHAT.items():
        at = [measured[size][name] for size in SIZES]
        yield Row(
            id=f"GROWTH-{name}",
            what=what,
            input=f"made market of {SIZES[-1]:,} pools, seed {SEED}",
            ours=percentile(at[-1], 50),
            unit="us, p50",
            notes=tuple(
                f"{size:,} pools: p50 {percentile(costs, 50):.4g} us, p99 {percentile(costs, 99):.4g} us"
                for size, costs in zip(SIZES, at, strict=True)
            ),
        )


def measure(pools: int) -> Costs:
    """Microseconds of each operation on a market of so many pools."""
    market = SyntheticMarket(pools)
    graph = graph_of(market.pools)
    chance = random.Random(SEED)  # noqa: S311 - which questions are asked
    tokens = sorted({token for pool in market.pools for token in (pool.token0, pool.token1)})
    reserve = {pool.token0: pool.reserve0_raw for pool in market.pools}
    reserve |= {pool.token1: pool.reserve1_raw for pool in market.pools}
    questions: list[tuple[str, str, int]] = []
    while len(questions) < QUESTIONS:
        sold, bought = chance.sample(tokens, 2)
        questions.append((sold, bought, reserve[sold] // 1_000 + 1))
    paths, answered = _paths(graph, questions)
    index = CycleIndex(graph, [(hub, 0, 0) for hub in market.hubs[:BASES]])
    states = swapped(market.pools, UPDATES, chance)
    reserves = pack(amount for state in states for amount in (state.reserve0_raw, state.reserve1_raw))
    splits = [_timed(lambda one=one: _split(graph, one)) for one in answered[:SPLITS]]  # type: ignore[misc]
    updates = apply_syncs(graph, index, pools=[state.pool for state in states], reserves=reserves)
    return {
        "apply": [ns / 1e3 for ns in updates.apply_ns],
        "cycles": [ns / 1e3 for ns in updates.update_ns],
        "path": paths,
        "split": splits,
    }


def _paths(graph: PoolGraph, questions: list[tuple[str, str, int]]) -> tuple[list[float], list[tuple[str, str, int]]]:
    """Each question by itself, warm, and those that have a route."""
    costs, answered = [], []
    for question in questions:
        batch = RouteBatch([question])
        batch.best_paths(graph)
        costs.append(_timed(lambda batch=batch: batch.best_paths(graph)))  # type: ignore[misc]
        if unpack(batch.best_paths(graph))[0] is not None:
            answered.append(question)
    return costs, answered


def _split(graph: PoolGraph, question: tuple[str, str, int]) -> None:
    sold, bought, amount = question
    optimize_split(graph, token_in=sold, token_out=bought, amount_raw=amount, exact="in")


def _timed(call: Callable[[], object]) -> float:
    start = perf_counter_ns()
    call()
    return (perf_counter_ns() - start) / 1e3


def write(measured: dict[int, Costs], folder: Path = HERE) -> None:
    """The table and the plot."""
    header = ["| pools | " + " | ".join(WHAT.values()) + " |", "|---" * (len(WHAT) + 1) + "|"]
    lines = [
        f"| {size:,} | " + " | ".join(_cell(costs[name]) for name in WHAT) + " |" for size, costs in measured.items()
    ]
    (folder / "growth.md").write_text(
        "# How cost grows with the graph\n\n"
        f"Microseconds, p50 (p99), on the made market of `benches/synthetic_market.py` (seed {SEED}), one core. Made\n"
        "by `python -m benches GROWTH`; the plot of the medians is `growth.svg`. Paths have up to 3 hops. The updates\n"
        f"are {UPDATES:,} random swaps whatever the size: they drive the few pools of a small market far apart, so\n"
        "that each then opens many cycles, and every one that gains is quoted.\n\n" + "\n".join(header + lines) + "\n"
    )
    series = [
        Series(what, [(size, percentile(costs[name], 50)) for size, costs in measured.items()])
        for name, what in WHAT.items()
    ]
    (folder / "growth.svg").write_text(svg("pools in the graph", "microseconds, median", series))


def _cell(costs: list[float]) -> str:
    return f"{rounded(percentile(costs, 50)):g} ({rounded(percentile(costs, 99)):g})"
