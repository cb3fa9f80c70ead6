"""P1 on Solana: one quote of an Orca Whirlpool, shallow and deep, against @orca-so/whirlpools-core."""

import json
import random
import statistics
from collections.abc import Iterator
from time import perf_counter_ns
from typing import Any

from benches.paired import Paired, percentile
from benches.peers.node_peer import node_peer
from benches.row import Row
from benches.tally import Tally
from benches.words import pack, unpack
from tradewind.core import ConcentratedMovement, CoreError, PoolGraph, quote_batch

SEED = 88
AT_MOST_US = 0.2
SPACING, ARRAY = 64, 88
ROUNDS = 15
BATCH = 64
OUR_BATCHES = 50
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PROGRAM = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
DEPTHS = (("P1-whirlpool", "stays in range", 0), ("P1-whirlpool-deep", "crosses 150 ticks", 150))


def run() -> Iterator[Row]:
    """The rows of Whirlpools."""
    chance = random.Random(SEED)  # noqa: S311 - a made pool
    pool = made_pool(chance)
    graph = PoolGraph()
    graph.add(json.dumps(pool))
    with node_peer("whirlpools_core") as peer:
        name = f"@orca-so/whirlpools-core {peer.ask(op='load', pool=pool)['version']}"
        for row_id, depth, ticks in DEPTHS:
            least, most = most_crossing(graph, pool, ticks - 1) if ticks else 0, most_crossing(graph, pool, ticks)
            amounts = [chance.randint(least + 1, most) for _ in range(BATCH)]
            pairs = {exact: Paired("lower") for exact in ("in", "out")}
            tally = Tally()
            peers_us: list[float] = []
            for _ in range(ROUNDS):
                asked = amounts
                for exact, paired in pairs.items():
                    ours_us, ours = _time(graph, pool, asked, exact)
                    answer = peer.ask(op="quote", a_to_b=True, exact=exact, amounts=[str(amount) for amount in asked])
                    theirs = [int(one) for one in answer["answers"]]
                    tally.add(ours, theirs)
                    paired.add(ours=ours_us, peer=statistics.median(answer["ns"]) / 1e3)
                    peers_us += [ns / 1e3 for ns in answer["ns"]]
                    asked = theirs
            yield Row(
                id=row_id,
                what="Orca Whirlpool quote, exact input, in batches",
                input=f"made pool, {5 * ARRAY} initialised ticks, {depth}",
                ours=statistics.median(pairs["in"].ours),
                peer=statistics.median(pairs["in"].peer),
                unit="us a quote",
                ratio=pairs["in"].ratio,
                at_most=AT_MOST_US,
                answers_compared=tally.compared,
                answers_equal=tally.equal,
                notes=(
                    f"peer: {name} in Node, each quote by itself p50 {percentile(peers_us, 50):.4g} us, p99 "
                    f"{percentile(peers_us, 99):.4g} us; most of it takes the tick arrays into WASM",
                    f"exact output: ours {statistics.median(pairs['out'].ours):.4g} us, ratio {pairs['out'].ratio:.4g}",
                    f"ours: batches of {BATCH} words a call, {OUR_BATCHES} a round",
                    pairs["in"].spread,
                ),
            )


def made_pool(chance: random.Random) -> dict[str, Any]:
    """Every slot of five arrays is the end of a position, so a swap crosses as many ticks as there are slots."""
    first = -2 * ARRAY * SPACING
    slots = [first + place * SPACING for place in range(5 * ARRAY)]
    net: dict[int, int] = dict.fromkeys(slots, 0)
    gross: dict[int, int] = dict.fromkeys(slots, 0)
    current = (ARRAY - 4) * SPACING + 7
    liquidity = 0
    for place, lower in enumerate(slots[:-1]):
        upper = slots[min(len(slots) - 1, place + chance.randrange(1, 60))]
        own = chance.randrange(10**9, 10**12)
        for end, signed in ((lower, own), (upper, -own)):
            net[end] += signed
            gross[end] += own
        liquidity += own if lower <= current < upper else 0
    tokens = sorted(chance.randbytes(32) for _ in range(2))
    return {
        "venue": "orca_whirlpool",
        "pool": base58(chance.randbytes(32)),
        "program": PROGRAM,
        "token_a": base58(tokens[0]),
        "token_b": base58(tokens[1]),
        "tick_spacing": SPACING,
        "fee_ppm": 3000,
        "protocol_fee_bps": 300,
        "sqrt_price_x64": str(int(1.0001 ** ((current + 0.5) / 2) * 2**64)),
        "tick": current,
        "liquidity": str(liquidity),
        "tick_arrays": [
            {
                "account": base58(chance.randbytes(32)),
                "start_tick_index": start,
                "initialized": True,
                "ticks": [
                    {"index": slot, "liquidity_gross": str(gross[slot]), "liquidity_net": str(net[slot])}
                    for slot in range(start, start + ARRAY * SPACING, SPACING)
                ],
            }
            for start in slots[::ARRAY]
        ],
    }


def base58(key: bytes) -> str:
    """The text of a public key that does not begin with a zero."""
    number, text = int.from_bytes(key), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return text


def crossed(graph: PoolGraph, pool: dict[str, Any], amount: int) -> int | None:
    """Initialised ticks that a sale of the first token crosses; None when the pool cannot take it."""
    try:
        movement = graph.quote_exact_in(pool["pool"], pool["token_a"], amount).movement
    except CoreError:
        return None
    return movement.ticks_crossed if isinstance(movement, ConcentratedMovement) else None


def most_crossing(graph: PoolGraph, pool: dict[str, Any], ticks: int) -> int:
    """The largest amount that crosses at most so many ticks."""
    fits, too_much = 0, 2**62
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        passed = crossed(graph, pool, middle)
        if passed is not None and passed <= ticks:
            fits = middle
        else:
            too_much = middle
    return fits


def _time(graph: PoolGraph, pool: dict[str, Any], amounts: list[int], exact: str) -> tuple[float, list[int | None]]:
    """Microseconds a quote, and the answers."""
    asked, answers = pack(amounts), b""
    ends = {"token_in": pool["token_a"], "token_out": pool["token_b"]}
    batches_us = []
    for _ in range(OUR_BATCHES):
        start = perf_counter_ns()
        answers = quote_batch(graph, pool["pool"], amounts=asked, exact=exact, **ends)
        batches_us.append((perf_counter_ns() - start) / 1e3 / len(amounts))
    return statistics.median(batches_us), unpack(answers)
