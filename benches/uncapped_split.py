"""P3: routing without caps and its dual bound, against the same problem solved by dual decomposition with scipy."""

import json
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterator
from time import perf_counter_ns
from typing import Any

from benches.auction import Auction
from benches.paired import Paired, percentile
from benches.peers.python_packages import ROOT, ensure_environment
from benches.row import Row
from benches.tally import Tally
from tradewind.core import SplitRoute, UncappedOptimum, optimize_split, solve_uncapped

GOAL = 100.0
SHARE_PPM = 999_900
ROUNDS = 2
OUR_TURNS = 5
TOKENS = 3
# Shares of the input token's deepest reserve.
SIZES_PPM = (1_000, 100_000)
# Real numbers of 53 bits: the bounds of both are the same but for this.
BOUND_PPM = 100
Question = tuple[str, str, int]


def run() -> Iterator[Row]:
    """The rows of P3."""
    auction = Auction.load()
    questions = questions_of(auction)
    problem, version = peers_problem(auction, questions), ""
    pairs, tally = Paired("lower"), Tally()
    each_ms: list[float] = []
    for _ in range(ROUNDS):
        ours_ns, optima = _time(auction, questions)
        answer = ask(problem)
        version = answer.get("version", "scipy")
        peers_ns = [round(one["seconds"] * 1e9) for one in answer["answers"]]
        for optimum, theirs in zip(optima, answer["answers"], strict=True):
            tally.add_one(right=right(optimum, theirs["bound"]))
        pairs.add(ours=ours_ns / 1e6, peer=statistics.mean(peers_ns) / 1e6)
        each_ms += [ns / 1e6 for ns in peers_ns]
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
            f"so does a bound that is not the peer's to {BOUND_PPM} ppm",
            f"peer: {version} (L-BFGS-B on the dual, all pools at once), p50 {percentile(each_ms, 50):.4g} ms, p99 "
            f"{percentile(each_ms, 99):.4g} ms; it finds prices and the bound, ours integer flows besides",
            "both prepare the pools once for all questions; ours is counted with it, the peer's without",
            pairs.spread,
        ),
    )
    yield _executable(auction, questions)


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


def peers_problem(auction: Auction, questions: list[Question]) -> dict[str, Any]:
    """The same pools and questions in the numbers of the peer."""
    tokens = sorted({token for pool in auction.pools for token in (pool.token0, pool.token1)})
    number = {token: place for place, token in enumerate(tokens)}
    pieces: list[list[float | None]] = []
    for place, pool in enumerate(auction.pools):
        a, b, fee = number[pool.token0], number[pool.token1], pool.fee_ppm / 1e6
        pieces.append([place, a, b, float(pool.reserve0_raw), float(pool.reserve1_raw), fee, None])
        pieces.append([place, b, a, float(pool.reserve1_raw), float(pool.reserve0_raw), fee, None])
    asked = [[number[sold], number[bought], float(amount)] for sold, bought, amount in questions]
    return {"tokens": len(tokens), "pieces": pieces, "questions": asked}


def ask(problem: dict[str, Any]) -> dict[str, Any]:
    """The peer's answers; each is timed inside the peer."""
    command = [str(ensure_environment("numeric")), "-m", "benches.peers.scipy_dual"]
    done = subprocess.run(command, input=json.dumps(problem), capture_output=True, text=True, cwd=ROOT, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def right(optimum: UncappedOptimum, peers_bound: float) -> bool:
    """Whether the flows reach the bound, and the bound is the one that the peer finds, or tighter."""
    return (
        optimum.reached_raw is not None
        and optimum.share_ppm >= SHARE_PPM
        and abs(optimum.bound_raw - peers_bound) <= peers_bound * BOUND_PPM / 1e6 + 2
    )


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
