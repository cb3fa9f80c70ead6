"""P2: the best path of every sell order of an auction over its constant-product pools, against @uniswap/v2-sdk."""

import random
import statistics
from collections.abc import Iterator
from time import perf_counter_ns

from benches.auction import Auction
from benches.line_process import LineProcess
from benches.paired import Paired, percentile
from benches.peers.node_peer import node_peer
from benches.row import Row
from benches.tally import Tally
from benches.words import unpack
from tradewind.core import AuctionOrder, RouteBatch

SEED = 7400693
GOAL = 100_000.0
AT_MOST_US = 1_000.0
# One order may take the peer half a minute.
ROUNDS = 11
ORDERS_A_ROUND = 2
OUR_TURNS = 40
MAX_HOPS = 3


def run() -> Iterator[Row]:
    """The rows of P2."""
    auction = Auction.load()
    batch = question(auction.orders)
    chance = random.Random(SEED)  # noqa: S311 - which orders the peer is asked
    sample = chance.sample(range(len(auction.orders)), ROUNDS * ORDERS_A_ROUND)
    pairs, tally = Paired("lower"), Tally()
    totals_us: list[float] = []
    peers_us: list[float] = []
    better = walks = 0
    with node_peer("v2_sdk") as peer:
        name = load_peer(peer, auction)
        for number in range(ROUNDS):
            ours_ns, answers = _time(auction, batch)
            chosen = sample[number * ORDERS_A_ROUND : (number + 1) * ORDERS_A_ROUND]
            trades, peers_ns = best_trades(peer, [auction.orders[place] for place in chosen])
            for place, (output, simple) in zip(chosen, trades, strict=True):
                ours = answers[place]
                better += (ours or 0) > (output or 0)
                if simple or as_good(ours, output):
                    tally.add_one(right=as_good(ours, output))
                else:
                    walks += 1
            chosen_ns, _ = _time(auction, question([auction.orders[place] for place in chosen]))
            pairs.add(ours=statistics.median(chosen_ns), peer=sum(peers_ns))
            totals_us += [ns / 1e3 for ns in ours_ns]
            peers_us += [ns / 1e3 for ns in peers_ns]
    yield Row(
        id="P2",
        what="best path of every sell order, up to 3 hops, all orders in one call",
        input=f"{len(auction.orders)} orders, {len(auction.pools)} pools of CoW auction {SEED}",
        ours=percentile(totals_us, 50),
        peer=statistics.mean(peers_us) * len(auction.orders),
        unit="us for all",
        ratio=pairs.ratio,
        goal=GOAL,
        at_most=AT_MOST_US,
        answers_compared=tally.compared,
        answers_equal=tally.equal,
        notes=(
            f"peer: {name}, Trade.bestTradeExactIn, {len(sample)} orders drawn at random; its mean scaled to all; each "
            f"p50 {percentile(peers_us, 50) / 1e3:.4g} ms, p99 {percentile(peers_us, 99) / 1e3:.4g} ms",
            f"ours: p50 {percentile(totals_us, 50):.4g} us, p99 {percentile(totals_us, 99):.4g} us for all orders, one "
            f"core; {sum(answer is None for answer in answers)} of them have no route",
            f"{pairs.spread}: {ORDERS_A_ROUND} orders a round, the same for both",
            f"answers compared: ours equal or better ({better} better); pools with Uniswap's fee, the only one that "
            "the peer knows",
            f"left out of these: {walks} orders for which the peer's walk passes a token twice (a cycle that gains on "
            "the way) and gives more than any path without; ours are paths",
        ),
    )


def question(orders: list[AuctionOrder]) -> RouteBatch:
    """All orders as one question."""
    asked = [(order.sell_token, order.buy_token, order.sell_amount_raw) for order in orders]
    return RouteBatch(asked, max_hops=MAX_HOPS)


def as_good(ours: int | None, peers: int | None) -> bool:
    """Whether ours gives at least as much; where the peer has no route, anything is."""
    return peers is None or (ours is not None and ours >= peers)


def load_peer(peer: LineProcess, auction: Auction) -> str:
    """Gives the peer the pools; its name and version."""
    pools = [[pool.token0, str(pool.reserve0_raw), pool.token1, str(pool.reserve1_raw)] for pool in auction.pools]
    return f"@uniswap/v2-sdk {peer.ask(op='load', pools=pools)['version']}"


def best_trades(peer: LineProcess, orders: list[AuctionOrder]) -> tuple[list[tuple[int | None, bool]], list[int]]:
    """Each output, None without a route, and whether no token is passed twice; the nanoseconds that each took."""
    asked = [[order.sell_token, order.buy_token, str(order.sell_amount_raw)] for order in orders]
    answer = peer.ask(op="best", orders=asked)
    outputs = [None if output is None else int(output) for output in answer["outputs"]]
    return list(zip(outputs, answer["simple"], strict=True)), answer["ns"]


def _time(auction: Auction, batch: RouteBatch) -> tuple[list[int], list[int | None]]:
    """Nanoseconds for all orders, each turn, and the answers."""
    answers = b""
    turns_ns = []
    for _ in range(OUR_TURNS):
        start = perf_counter_ns()
        answers = batch.best_paths(auction.graph)
        turns_ns.append(perf_counter_ns() - start)
    return turns_ns, unpack(answers)
