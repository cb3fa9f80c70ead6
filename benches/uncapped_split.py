"""P3: routing without caps and its dual bound, against the same problem solved by dual decomposition with scipy."""

import json
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any, Self

from benches.auction import Auction
from benches.paired import Paired, percentile
from benches.peers.python_packages import ROOT, ensure_environment
from benches.row import Row
from benches.tally import Tally
from tradewind.core import SplitRoute, UncappedOptimum, optimize_split, solve_uncapped

GOAL = 100.0
SHARE_PPM = 999_900
ROUNDS = 3
OUR_TURNS = 5
TOKENS = 5
# Shares of the input token's deepest reserve.
SIZES_PPM = (100, 10_000, 200_000)
# The peer may stop this far above our bound: its time is then that of an answer as good as ours.
STOP_PPM = 100
# Every so many questions it is asked once to go on until it gains nothing.
CONVERGED_EVERY = 10
# Sums of hundreds of real numbers of 53 bits.
ROUNDING = 1e-9
Question = tuple[str, str, int]


def run() -> Iterator[Row]:
    """The rows of P3."""
    auction = Auction.load()
    questions = questions_of(auction)
    problem = peers_problem(auction)
    pairs, tally, version = Paired("lower"), Tally(), ""
    each_ms: list[float] = []
    unreached: set[int] = set()
    for _ in range(ROUNDS):
        ours_ns, optima = _time(auction, questions)
        enough = [optimum.bound_raw * (1 + STOP_PPM / 1e6) for optimum in optima]
        version, answers = ask(problem, auction, questions, enough)
        pairs.add(ours=ours_ns / 1e6, peer=statistics.mean(answer["seconds"] for answer in answers) * 1e3)
        each_ms += [answer["seconds"] * 1e3 for answer in answers]
        unreached |= {place for place, answer in enumerate(answers) if answer["bound"] > enough[place]}
        for optimum, answer in zip(optima, answers, strict=True):
            tally.add_one(right=right(optimum, answer["bound"]))
    converged = Converged.of(problem, auction, questions, optima)
    for optimum, bound in zip(converged.optima, converged.bounds, strict=True):
        tally.add_one(right=right(optimum, bound))
    shares = [optimum.share_ppm for optimum in optima]
    yield Row(
        id="P3",
        what="optimal routing without caps: bound, prices and integer flows",
        input=f"{len(questions)} questions (token pairs, amounts), {len(auction.pools)} pools of CoW auction 7400693",
        ours=statistics.median(pairs.ours),
        peer=statistics.median(pairs.peer),
        unit="ms a question",
        ratio=pairs.ratio,
        goal=GOAL,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"integer flows reach at least {min(shares) / 1e4:.4f} % of the dual bound (median "
            f"{statistics.median(shares) / 1e4:.4f} %); an answer below {SHARE_PPM / 1e4:.2f} % counts as wrong, and "
            "so does one whose flows give more than any of the peer's dual values, each of which bounds all routings",
            f"peer: {version}, L-BFGS-B on the dual, all pools at once; it stops where its dual is within "
            f"{STOP_PPM} ppm of our bound, p50 {percentile(each_ms, 50):.4g} ms, p99 {percentile(each_ms, 99):.4g} ms; "
            f"{len(unreached)} of {len(questions)} questions it leaves above that",
            converged.note,
            "both prepare the pools once for all questions; ours is counted with it, the peer's without; the peer "
            "finds prices and the bound, ours integer flows besides",
            pairs.spread,
        ),
    )
    yield _executable(auction, questions)


@dataclass(frozen=True, slots=True)
class Converged:
    """What the peer says when nothing tells it where to stop."""

    optima: list[UncappedOptimum]
    bounds: list[float]
    seconds: list[float]

    @classmethod
    def of(
        cls, problem: dict[str, Any], auction: Auction, questions: list[Question], optima: list[UncappedOptimum]
    ) -> Self:
        """Asks a part of the questions."""
        asked = questions[::CONVERGED_EVERY]
        _, answers = ask(problem, auction, asked, [None] * len(asked))
        seconds = [answer["seconds"] for answer in answers]
        return cls(optima[::CONVERGED_EVERY], [answer["bound"] for answer in answers], seconds)

    @property
    def note(self) -> str:
        """Its time, and how far above our bounds it ends."""
        above = [(bound / optimum.bound_raw - 1) * 1e6 for optimum, bound in zip(self.optima, self.bounds, strict=True)]
        return (
            f"left to converge, the peer takes {statistics.median(self.seconds) * 1e3:.4g} ms (median of "
            f"{len(self.seconds)} questions) and ends {min(above):.3g} to {max(above):.3g} ppm above our bound"
        )


def questions_of(auction: Auction) -> list[Question]:
    """Every ordered pair of the tokens with the most pools, at each size."""
    pools = Counter(token for pool in auction.pools for token in (pool.token0, pool.token1))
    tokens = [token for token, _ in sorted(pools.items(), key=lambda item: (-item[1], item[0]))[:TOKENS]]
    deepest: dict[str, int] = {}
    for pool in auction.pools:
        for token, reserve in ((pool.token0, pool.reserve0_raw), (pool.token1, pool.reserve1_raw)):
            deepest[token] = max(deepest.get(token, 0), reserve)
    return [
        (sold, bought, deepest[sold] * size // 1_000_000)
        for sold in tokens
        for bought in tokens
        for size in SIZES_PPM
        if sold != bought
    ]


def peers_problem(auction: Auction) -> dict[str, Any]:
    """The same pools in the numbers of the peer."""
    number = _numbers(auction)
    pieces: list[list[float | None]] = []
    for place, pool in enumerate(auction.pools):
        a, b, fee = number[pool.token0], number[pool.token1], pool.fee_ppm / 1e6
        pieces.append([place, a, b, float(pool.reserve0_raw), float(pool.reserve1_raw), fee, None])
        pieces.append([place, b, a, float(pool.reserve1_raw), float(pool.reserve0_raw), fee, None])
    return {"tokens": len(number), "pieces": pieces}


def ask(
    problem: dict[str, Any], auction: Auction, questions: list[Question], enough: Sequence[float | None]
) -> tuple[str, list[dict[str, Any]]]:
    """The peer's version and answers, each timed inside the peer; `enough` is the dual value at which it may stop."""
    number = _numbers(auction)
    asked = [
        [number[sold], number[bought], float(amount), good]
        for (sold, bought, amount), good in zip(questions, enough, strict=True)
    ]
    command = [str(ensure_environment("numeric")), "-m", "benches.peers.scipy_dual"]
    text = json.dumps({**problem, "questions": asked})
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, check=True)
    said = json.loads(done.stdout)
    return said["version"], said["answers"]


def right(optimum: UncappedOptimum, peers_dual: float) -> bool:
    """Whether the flows come near our bound, and give no more than the peer's dual, which bounds them too."""
    return (
        optimum.reached_raw is not None
        and optimum.share_ppm >= SHARE_PPM
        and optimum.reached_raw <= optimum.bound_raw
        and optimum.reached_raw <= peers_dual * (1 + ROUNDING) + 1
    )


def _numbers(auction: Auction) -> dict[str, int]:
    tokens = sorted({token for pool in auction.pools for token in (pool.token0, pool.token1)})
    return {token: place for place, token in enumerate(tokens)}


def _time(auction: Auction, questions: list[Question]) -> tuple[float, list[UncappedOptimum]]:
    """Nanoseconds a question, preparation included, and the answers."""
    optima: list[UncappedOptimum] = []
    turns_ns = []
    for _ in range(OUR_TURNS):
        start = perf_counter_ns()
        optima = solve_uncapped(auction.graph, questions)
        turns_ns.append((perf_counter_ns() - start) / len(questions))
    return statistics.median(turns_ns), optima


def _executable(auction: Auction, questions: list[Question]) -> Row:
    """What a route with caps reaches of both bounds, and what it costs to find."""
    routes: list[SplitRoute] = []
    each_ms: list[float] = []
    for sold, bought, amount in questions:
        start = perf_counter_ns()
        route = optimize_split(auction.graph, token_in=sold, token_out=bought, amount_raw=amount, exact="in")
        each_ms.append((perf_counter_ns() - start) / 1e6)
        bounded = optimize_split(
            auction.graph, token_in=sold, token_out=bought, amount_raw=amount, exact="in", uncapped_bound=True
        )
        routes.append(bounded if bounded.amount_out_raw == route.amount_out_raw else route)
    within = [route.within_hops.share_ppm / 1e4 for route in routes]
    uncapped = [route.uncapped.share_ppm / 1e4 for route in routes if route.uncapped is not None]
    valid = sum(route.amount_in_raw == asked[2] for route, asked in zip(routes, questions, strict=True))
    return Row(
        id="P3-executable",
        what="split route that can be executed: 4 paths of up to 3 hops at most",
        input=f"the {len(questions)} questions of P3",
        ours=percentile(each_ms, 50),
        unit="ms a route, p50",
        answers_compared=2 * len(routes),
        answers_equal=valid + len(uncapped),
        notes=(
            f"p99 {percentile(each_ms, 99):.4g} ms",
            f"share of the bound without any cap: median {statistics.median(uncapped):.3f} %, least "
            f"{min(uncapped):.3f} % (that bound holds the arbitrage of the whole graph)",
            f"share of the bound over pools within 3 hops: median {statistics.median(within):.3f} %, least "
            f"{min(within):.3f} %",
            "answers compared: all of the amount is routed, and asking twice gives the same",
        ),
    )
