"""P1: one quote of a Uniswap V3 pool, against @uniswap/v3-sdk, on a recorded pool with 458 initialised ticks."""

import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

from benches.paired import Paired, percentile
from benches.peers.v3_sdk import V3Sdk
from benches.recorded_pool import RecordedPool
from benches.row import Row

SEED = 24407242
GOAL = 1_000.0
ROUNDS = 15
BATCH = 64
OUR_BATCHES = 25
SIZES_COMPARED = 300
WBTC = 0


@dataclass(frozen=True, slots=True)
class Depth:
    """How far a swap goes, and what is to be reached there; without a goal it is reported only."""

    id: str
    name: str
    ticks_crossed: int
    goal: float | None


DEPTHS = (
    Depth("P1", "31 steps (crosses 30 ticks)", 30, GOAL),
    Depth("P1-in-range", "stays in range", 0, None),
    Depth("P1-deep", "301 steps (crosses 300 ticks)", 300, GOAL),
)


@dataclass(slots=True)
class Tally:
    """How many answers were compared, and how many are equal."""

    compared: int = 0
    equal: int = 0

    def add(self, ours: Sequence[int], theirs: Sequence[int]) -> None:
        """The same questions' answers, in the same order."""
        self.compared += len(theirs)
        self.equal += sum(a == b for a, b in zip(ours, theirs, strict=True))


def run() -> Iterator[Row]:
    """The rows of P1."""
    pool = RecordedPool.load()
    chance = random.Random(SEED)  # noqa: S311 - sizes of test swaps
    with V3Sdk(pool) as peer:
        any_size = compare_any_size(pool, peer, chance)
        for depth in DEPTHS:
            amounts = pool.amounts_crossing(WBTC, depth.ticks_crossed, BATCH, chance)
            yield _batches(pool, peer, depth, amounts, any_size)
            if depth is DEPTHS[0]:
                yield _single_calls(pool, peer, depth, amounts)


def compare_any_size(pool: RecordedPool, peer: V3Sdk, chance: random.Random) -> Tally:
    """Outputs for sizes of all magnitudes in both directions, and on both sides of where ticks are crossed."""
    tally = Tally()
    for token, ticks in ((0, 320), (1, 125)):
        amounts = pool.amounts_of_any_size(token, SIZES_COMPARED, pool.most_crossing(token, ticks), chance)
        edges = [pool.most_crossing(token, at) for at in range(0, ticks, 20)]
        amounts += [amount for edge in edges for amount in (edge, edge + 1)]
        ours = pool.graph.quote_many_exact_in(pool.address, pool.tokens[token], amounts)
        tally.add(ours, peer.quote(token, amounts)[0])
    return tally


def _batches(pool: RecordedPool, peer: V3Sdk, depth: Depth, amounts: list[int], any_size: Tally) -> Row:
    pairs, tally = Paired("lower"), Tally(any_size.compared, any_size.equal)
    each_us: list[float] = []
    for _ in range(ROUNDS):
        ours_ns, ours = _time_batches(pool, amounts)
        theirs, theirs_ns = peer.quote(WBTC, amounts)
        tally.add(ours, theirs)
        pairs.add(ours=ours_ns / 1e3, peer=statistics.median(theirs_ns) / 1e3)
        each_us += [ns / 1e3 for ns in theirs_ns]
    return Row(
        id=depth.id,
        what="Uniswap V3 quote, exact input, in batches",
        input=f"WBTC/WETH 0.3 %, {depth.name}",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a quote",
        ratio=pairs.ratio,
        goal=depth.goal,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {peer.name}, each quote by itself: p50 {percentile(each_us, 50):.4g} us, "
            f"p99 {percentile(each_us, 99):.4g} us",
            f"ours: median of {OUR_BATCHES} batches of {BATCH} a round, Python integers in and out included",
            pairs.spread,
            f"{any_size.compared} of the answers compared are of random sizes, in both directions",
        ),
    )


def _single_calls(pool: RecordedPool, peer: V3Sdk, depth: Depth, amounts: list[int]) -> Row:
    pairs, tally = Paired("lower"), Tally()
    each_us: list[float] = []
    for _ in range(ROUNDS):
        ours_ns, ours = _time_calls(pool, amounts)
        theirs, theirs_ns = peer.quote(WBTC, amounts)
        tally.add(ours, theirs)
        pairs.add(ours=statistics.median(ours_ns) / 1e3, peer=statistics.median(theirs_ns) / 1e3)
        each_us += [ns / 1e3 for ns in ours_ns]
    return Row(
        id=f"{depth.id}-call",
        what="Uniswap V3 quote, exact input, one Python call each",
        input=f"WBTC/WETH 0.3 %, {depth.name}",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a quote",
        ratio=pairs.ratio,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {peer.name}",
            f"ours: each call by itself p50 {percentile(each_us, 50):.4g} us, p99 {percentile(each_us, 99):.4g} us, "
            "and it returns the whole PoolQuote",
            pairs.spread,
        ),
    )


def _time_batches(pool: RecordedPool, amounts: list[int]) -> tuple[float, list[int]]:
    """Nanoseconds a quote, and the outputs."""
    graph, address, token = pool.graph, pool.address, pool.tokens[WBTC]
    outputs: list[int] = []
    batches_ns = []
    for _ in range(OUR_BATCHES):
        start = perf_counter_ns()
        outputs = graph.quote_many_exact_in(address, token, amounts)
        batches_ns.append(perf_counter_ns() - start)
    return statistics.median(batches_ns) / len(amounts), outputs


def _time_calls(pool: RecordedPool, amounts: list[int]) -> tuple[list[int], list[int]]:
    """Nanoseconds of each call, and the outputs."""
    graph, address, token = pool.graph, pool.address, pool.tokens[WBTC]
    calls_ns, outputs = [], []
    for amount in amounts:
        start = perf_counter_ns()
        quote = graph.quote_exact_in(address, token, amount)
        calls_ns.append(perf_counter_ns() - start)
        outputs.append(quote.amount_out_raw)
    return calls_ns, outputs
