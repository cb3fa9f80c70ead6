"""P1: one quote of a Uniswap V3 pool with 458 initialised ticks, against @uniswap/v3-sdk and degenbot."""

import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Protocol

from benches.paired import Paired, percentile
from benches.peers.degenbot import Degenbot
from benches.peers.v3_sdk import V3Sdk
from benches.recorded_pool import RecordedPool
from benches.row import Row
from benches.tally import Tally
from benches.words import pack, unpack
from tradewind.core import quote_batch

SEED = 24407242
AT_MOST_US = 0.2
ROUNDS = 15
BATCH = 64
OUR_BATCHES = 50
SIZES_COMPARED = 300
WBTC = 0


@dataclass(frozen=True, slots=True)
class Depth:
    """How far a swap goes, and what is to be reached there, against @uniswap/v3-sdk and against degenbot."""

    id: str
    name: str
    ticks_crossed: int
    goals: tuple[float | None, float | None]


DEPTHS = (
    Depth("P1", "31 steps (crosses 30 ticks)", 30, (1_000.0, 200.0)),
    Depth("P1-in-range", "stays in range", 0, (None, None)),
    Depth("P1-deep", "301 steps (crosses 300 ticks)", 300, (None, None)),
)


class Peer(Protocol):
    """Quotes the pool of the bench."""

    name: str

    def quote(self, token_in: int, amounts_raw: list[int], exact: str = "in") -> tuple[list[int], list[int]]:
        """The other amounts, and the nanoseconds that each took."""


def run() -> Iterator[Row]:
    """The rows of P1."""
    pool = RecordedPool.load()
    chance = random.Random(SEED)  # noqa: S311 - sizes of test swaps
    with V3Sdk(pool) as v3_sdk, Degenbot(pool) as degenbot:
        any_size = compare_any_size(pool, v3_sdk, chance), compare_any_size(pool, degenbot, chance)
        for depth in DEPTHS:
            amounts = pool.amounts_crossing(WBTC, depth.ticks_crossed, BATCH, chance)
            yield _batches(pool, v3_sdk, depth, amounts, any_size[0])
            outputs = v3_sdk.quote(WBTC, amounts)[0]
            yield _batches(pool, v3_sdk, depth, outputs, Tally(), exact="out")
            yield _batches(pool, degenbot, depth, amounts, any_size[1])


def compare_any_size(pool: RecordedPool, peer: Peer, chance: random.Random) -> Tally:
    """Answers for sizes of all magnitudes in both directions and ways, and on both sides of where ticks are crossed."""
    tally = Tally()
    for token, ticks in ((0, 320), (1, 125)):
        amounts = pool.amounts_of_any_size(token, SIZES_COMPARED, pool.most_crossing(token, ticks), chance)
        edges = [pool.most_crossing(token, at) for at in range(0, ticks, 20)]
        amounts += [amount for edge in edges for amount in (edge, edge + 1)]
        outputs = peer.quote(token, amounts)[0]
        tally.add(_answers(pool, token, amounts, "in"), outputs)
        wanted = [output for output in outputs if output]
        tally.add(_answers(pool, token, wanted, "out"), peer.quote(token, wanted, "out")[0])
    return tally


def _answers(pool: RecordedPool, token: int, amounts: list[int], exact: str) -> list[int | None]:
    token_in, token_out = pool.tokens[token], pool.tokens[1 - token]
    asked = pack(amounts)
    return unpack(
        quote_batch(pool.graph, pool.address, token_in=token_in, token_out=token_out, amounts=asked, exact=exact)
    )


def _batches(
    pool: RecordedPool, peer: Peer, depth: Depth, amounts: list[int], any_size: Tally, *, exact: str = "in"
) -> Row:
    pairs, tally = Paired("lower"), Tally(any_size.compared, any_size.equal)
    each_us: list[float] = []
    ours_us: list[float] = []
    for _ in range(ROUNDS):
        batches_ns, ours = _time_batches(pool, amounts, exact)
        theirs, theirs_ns = peer.quote(WBTC, amounts, exact)
        tally.add(ours, theirs)
        pairs.add(ours=statistics.median(batches_ns) / 1e3, peer=statistics.median(theirs_ns) / 1e3)
        each_us += [ns / 1e3 for ns in theirs_ns]
        ours_us += [ns / 1e3 for ns in batches_ns]
    is_degenbot = isinstance(peer, Degenbot)
    return Row(
        id=depth.id + ("-out" if exact == "out" else "") + ("-degenbot" if is_degenbot else ""),
        what=f"Uniswap V3 quote, exact {exact}put, in batches",
        input=f"WBTC/WETH 0.3 %, {depth.name}",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="us a quote",
        ratio=pairs.ratio,
        goal=depth.goals[is_degenbot],
        at_most=AT_MOST_US,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {peer.name}, each quote by itself: p50 {percentile(each_us, 50):.4g} us, "
            f"p99 {percentile(each_us, 99):.4g} us",
            f"ours: batches of {BATCH} words a call, {OUR_BATCHES} a round: p50 {percentile(ours_us, 50):.4g} us a "
            f"quote, p99 {percentile(ours_us, 99):.4g} us",
            pairs.spread,
            f"{any_size.compared} of the answers compared are of random sizes, both directions, exact in and out",
        ),
    )


def _time_batches(pool: RecordedPool, amounts: list[int], exact: str) -> tuple[list[float], list[int | None]]:
    """Nanoseconds a quote in each batch, and the answers."""
    graph, address, (token_in, token_out) = pool.graph, pool.address, pool.tokens
    asked, answers = pack(amounts), b""
    batches_ns = []
    for _ in range(OUR_BATCHES):
        start = perf_counter_ns()
        answers = quote_batch(graph, address, token_in=token_in, token_out=token_out, amounts=asked, exact=exact)
        batches_ns.append((perf_counter_ns() - start) / len(amounts))
    return batches_ns, unpack(answers)
