"""Quotes of one Uniswap V3 pool by degenbot, from a given state instead of a chain's.

{"op": "load", "pool": {...}}                                             -> {"version": ".."}
{"op": "quote", "token_in": 0 | 1, "exact": "in" | "out", "amounts": []}  -> {"answers": [..], "ns": [..]}
"""

from importlib.metadata import version
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

from degenbot.uniswap.types import UniswapV3BitmapAtWord, UniswapV3LiquidityAtTick, UniswapV3PoolState
from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool

from benches.peers.answering import serve

LOADED = SimpleNamespace(pool=None)


def load(pool: dict[str, Any]) -> dict[str, Any]:
    """The pool as its constructor leaves it, without the questions to a chain that the constructor asks."""
    made = UniswapV3Pool.__new__(UniswapV3Pool)
    made.address, made.fee, made.tick_spacing = "recorded", pool["fee_pips"], pool["tick_spacing"]
    made.token0, made.token1 = (token["address"] for token in pool["tokens"])
    made.sparse_liquidity_map = False
    words: dict[int, int] = {}
    for tick, _, _ in pool["ticks"]:
        word, bit = divmod(tick // pool["tick_spacing"], 256)
        words[word] = words.get(word, 0) | 1 << bit
    made._state = UniswapV3PoolState(
        pool=made.address,
        liquidity=int(pool["liquidity"]),
        sqrt_price_x96=int(pool["sqrt_price_x96"]),
        tick=pool["tick"],
        tick_bitmap={word: UniswapV3BitmapAtWord(bitmap) for word, bitmap in words.items()},
        tick_data={
            tick: UniswapV3LiquidityAtTick(liquidity_net=int(net), liquidity_gross=int(gross))
            for tick, gross, net in pool["ticks"]
        },
    )
    LOADED.pool = made
    return {"version": version("degenbot")}


def quote(token_in: int, exact: str, amounts: list[str]) -> dict[str, Any]:
    """Each quote is timed by itself; parsing is left out."""
    pool = LOADED.pool
    tokens = (pool.token0, pool.token1)
    answers, ns = [], []
    for amount in map(int, amounts):
        start = perf_counter_ns()
        if exact == "in":
            answer = pool.calculate_tokens_out_from_tokens_in(tokens[token_in], amount)
        else:
            answer = pool.calculate_tokens_in_from_tokens_out(tokens[1 - token_in], amount)
        ns.append(perf_counter_ns() - start)
        answers.append(str(answer))
    return {"answers": answers, "ns": ns}


if __name__ == "__main__":
    serve({"load": load, "quote": quote})
