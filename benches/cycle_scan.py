"""P7: cycles that gain, against rustworkx, on an auction's graph and on a made one of 10,000 pools."""

import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter_ns

from benches.auction import Auction
from benches.constant_product import ConstantProduct, graph_of
from benches.cycle_truth import gaining, proven
from benches.line_process import LineProcess
from benches.paired import Paired, percentile
from benches.peers.python_packages import python_peer
from benches.row import Row
from benches.synthetic_market import SEED, SyntheticMarket
from benches.tally import Tally
from benches.words import pack
from tradewind.core import Cycle, CycleIndex, PoolGraph, apply_syncs

GOAL = 40.0
AT_MOST_US = 1.0
ROUNDS = 15
OUR_TURNS = 20
UPDATES = 10_000
POOLS = 10_000
BASES = 4
SIMPLE_CYCLES = 20_000
# Each pool rounds down, so profits around the best input are uneven by a few units.
ROUNDING_RAW, PROFIT_PARTS = 4, 10**9
# Of a reserve: what a swap moves.
LARGEST_SWAP = 0.01


@dataclass(frozen=True, slots=True)
class Market:
    """Pools, and the tokens in which gain is counted: those with the most pools."""

    id: str
    name: str
    pools: list[ConstantProduct]

    @property
    def bases(self) -> list[str]:
        """The tokens with the most pools, ties by address."""
        count: dict[str, int] = {}
        for pool in self.pools:
            for token in (pool.token0, pool.token1):
                count[token] = count.get(token, 0) + 1
        return sorted(count, key=lambda token: (-count[token], token))[:BASES]


def run() -> Iterator[Row]:
    """The rows of P7."""
    auction = Auction.load(fee_ppm=None).pools
    yield from _rows(Market("P7-auction", f"CoW auction 7400693, {len(auction)} pools", auction))
    made = SyntheticMarket(POOLS).pools
    yield from _rows(Market("P7", f"made market of {POOLS:,} pools, seed {SEED}", made))


def _rows(market: Market) -> Iterator[Row]:
    graph = graph_of(market.pools)
    index = CycleIndex(graph, [(base, 0, 0) for base in market.bases])
    with python_peer("rustworkx_cycles", "numeric") as peer:
        nodes, edges = peers_graph(market.pools)
        version = peer.ask(op="load", nodes=nodes, edges=edges)["version"]
        recall, found = recalled(market.pools, market.bases, index.scan(graph))
        for scan in _scans(market, graph, index):
            pairs, ours_us = Paired("lower"), []
            for _ in range(ROUNDS):
                turns_us = [scan.turn() for _ in range(OUR_TURNS)]
                pairs.add(ours=statistics.median(turns_us), peer=peer.ask(op="negative", times=1)["ns"] / 1e3)
                ours_us += turns_us
            yield Row(
                id=market.id + scan.suffix,
                what=f"{scan.what}, up to 3 hops",
                input=f"{market.name}, {BASES} base tokens",
                ours=statistics.median(pairs.ours),
                peer=statistics.median(pairs.peer),
                unit="us a scan",
                ratio=pairs.ratio,
                goal=scan.goal,
                answers_compared=recall.compared,
                answers_equal=recall.equal,
                notes=(
                    scan.note,
                    f"peer: rustworkx {version}, find_negative_cycle on -log of the best rates: one cycle of any "
                    "length, or none",
                    f"ours: {len(index):,} cycles of tokens, {index.promising():,} that may gain by their rates, "
                    f"{found:,} cycles of pools that gain; p50 {percentile(ours_us, 50):.4g} us, p99 "
                    f"{percentile(ours_us, 99):.4g} us",
                    pairs.spread,
                    "answers compared: every cycle that gains by brute force over the whole graph is found, with its "
                    "profit but for rounding (4 units or 1e-9), and each that is found gives what it says",
                ),
            )
        yield _update(market)
        yield _simple_cycles(market, peer, version)


@dataclass(frozen=True, slots=True)
class Scan:
    """One way of scanning; `before` is done before each turn and not timed."""

    suffix: str
    what: str
    note: str
    goal: float | None
    before: Callable[[], object]
    scan: Callable[[], object]

    def turn(self) -> float:
        """Microseconds of one scan."""
        self.before()
        start = perf_counter_ns()
        self.scan()
        return (perf_counter_ns() - start) / 1e3


def _scans(market: Market, graph: PoolGraph, index: CycleIndex) -> list[Scan]:
    best = "scan of all cycles, best inputs and profits of all that gain"
    # The same reserves again: every pool counts as changed, and the answers stay those that were compared.
    reserves = [(pool.pool, pool.reserve0_raw, pool.reserve1_raw) for pool in market.pools]

    def change(count: int) -> None:
        for pool, reserve0_raw, reserve1_raw in reserves[:count]:
            graph.apply_sync(pool, reserve0_raw=reserve0_raw, reserve1_raw=reserve1_raw)

    def whole() -> list[Cycle]:
        return index.scan(graph)

    return [
        Scan(
            "",
            best,
            "what is timed: a scan of a graph that has not changed since the last one; the index keeps what it found, "
            "and the peer begins anew; -changed and -cold say what a scan costs after changes",
            GOAL,
            lambda: None,
            whole,
        ),
        Scan(
            "-changed",
            f"{best}, after a change of one pool",
            "what is timed: the new state of one pool, the quotes of the cycles through it, and the whole list anew",
            None,
            lambda: change(1),
            whole,
        ),
        Scan(
            "-cold",
            f"{best}, after a change of every pool",
            "what is timed: the new state of every pool, and the quotes of every cycle that may gain; nothing of the "
            "last scan is of use",
            None,
            lambda: change(len(reserves)),
            whole,
        ),
        Scan(
            "-rates",
            "scan of all cycles by their rates alone",
            "what is timed: the sum of the rates of every cycle, which is what the peer does; nothing is kept",
            GOAL,
            lambda: None,
            index.promising,
        ),
    ]


def peers_graph(pools: Sequence[ConstantProduct]) -> tuple[int, list[tuple[int, int, float]]]:
    """How many tokens there are, and of each directed pair the least -log(rate)."""
    numbers: dict[str, int] = {}
    best: dict[tuple[int, int], float] = {}
    for pool in pools:
        for token in (pool.token0, pool.token1):
            reserve_in, reserve_out = pool.reserves(token)
            pair = tuple(numbers.setdefault(one, len(numbers)) for one in (token, pool.other(token)))
            weight = math.log(reserve_in) - math.log(reserve_out) - math.log1p(-pool.fee_ppm / 1e6)
            best[pair[0], pair[1]] = min(weight, best.get((pair[0], pair[1]), math.inf))
    return len(numbers), [(a, b, weight) for (a, b), weight in best.items()]


def recalled(pools: list[ConstantProduct], bases: list[str], cycles: list[Cycle]) -> tuple[Tally, int]:
    """Our cycles against all that gain by brute force, and how many those are."""
    tally = Tally()
    by_address = {pool.pool: pool for pool in pools}
    ours = {tuple(hop.pool for hop in cycle.hops): cycle.profit_raw for cycle in cycles}
    truth = gaining(pools, bases)
    for path, profit in truth.items():
        tally.add_one(right=path in ours and ours[path] + ROUNDING_RAW >= profit - profit // PROFIT_PARTS)
    for cycle in cycles:
        tally.add_one(right=proven(cycle, by_address))
    return tally, len(truth)


def swapped(pools: list[ConstantProduct], count: int, chance: random.Random) -> list[ConstantProduct]:
    """The states of random pools after swaps of random sizes, one after the other."""
    now = list(pools)
    states = []
    for _ in range(count):
        place = chance.randrange(len(now))
        pool = now[place]
        token = chance.choice((pool.token0, pool.token1))
        amount = int(pool.reserves(token)[0] * LARGEST_SWAP * chance.random() ** 2) + 1
        output = pool.output(token, amount)
        moved = (amount, -output) if token == pool.token0 else (-output, amount)
        reserves = pool.reserve0_raw + moved[0], pool.reserve1_raw + moved[1]
        now[place] = replace(pool, reserve0_raw=reserves[0], reserve1_raw=reserves[1])
        states.append(now[place])
    return states


def _update(market: Market) -> Row:
    graph = graph_of(market.pools)
    index = CycleIndex(graph, [(base, 0, 0) for base in market.bases])
    states = swapped(market.pools, UPDATES, random.Random(SEED))  # noqa: S311 - test swaps
    reserves = pack(reserve for state in states for reserve in (state.reserve0_raw, state.reserve1_raw))
    updates = apply_syncs(graph, index, pools=[state.pool for state in states], reserves=reserves)
    now = {pool.pool: pool for pool in market.pools} | {state.pool: state for state in states}
    recall, _ = recalled(list(now.values()), market.bases, index.scan(graph))
    update_us = [ns / 1e3 for ns in updates.update_ns]
    apply_us = [ns / 1e3 for ns in updates.apply_ns]
    quiet_us = [us for us, cycles in zip(update_us, updates.cycles, strict=True) if not cycles]
    return Row(
        id=f"{market.id}-update",
        what="cycles through one pool after its update, best inputs and profits included",
        input=f"{market.name}, {UPDATES:,} swaps of random pools",
        ours=percentile(update_us, 50),
        unit="us an update, p50",
        at_most=AT_MOST_US,
        answers_compared=recall.compared,
        answers_equal=recall.equal,
        notes=(
            f"p99 {percentile(update_us, 99):.4g} us; the graph's own change besides: p50 "
            f"{percentile(apply_us, 50):.4g} us, p99 {percentile(apply_us, 99):.4g} us",
            f"{len(quiet_us):,} updates opened no cycle: p50 {percentile(quiet_us, 50):.4g} us, p99 "
            f"{percentile(quiet_us, 99):.4g} us"
            if quiet_us
            else "every update opened cycles",
            "each timed by itself inside one call, the clock's own time included",
            "answers compared: as in the scan, by brute force over the whole graph after the last update",
        ),
    )


def _simple_cycles(market: Market, peer: LineProcess, version: str) -> Row:
    answer = peer.ask(op="simple", most=SIMPLE_CYCLES)
    return Row(
        id=f"{market.id}-simple",
        what="what the peer's list of simple cycles costs",
        input=market.name,
        ours=answer["ns"] / 1e3 / max(1, answer["cycles"]),
        unit="us a cycle, peer",
        notes=(
            f"rustworkx {version}, simple_cycles: the first {answer['cycles']:,} took {answer['ns'] / 1e6:.4g} ms; it "
            "takes no greatest length, and all of them are too many to wait for",
        ),
    )
