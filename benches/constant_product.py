"""Pools of constant product, as numbers for the benches and their peers, and the rule by which they swap."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from tradewind.core import PoolGraph

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ConstantProduct:
    """A pair. Reserves in raw units, the fee in millionths of the input."""

    pool: str
    token0: str
    token1: str
    reserve0_raw: int
    reserve1_raw: int
    fee_ppm: int

    def reserves(self, token_in: str) -> tuple[int, int]:
        """Of the token paid in, and of the other."""
        both = (self.reserve0_raw, self.reserve1_raw)
        return both if token_in == self.token0 else (both[1], both[0])

    def other(self, token: str) -> str:
        """The token at the other end."""
        return self.token1 if token == self.token0 else self.token0

    def output(self, token_in: str, amount_in_raw: int) -> int:
        """What the pair pays, by the rule of its contract (UniswapV2Library.getAmountOut)."""
        reserve_in, reserve_out = self.reserves(token_in)
        left = amount_in_raw * (MILLION - self.fee_ppm)
        return left * reserve_out // (reserve_in * MILLION + left)


def graph_of(pools: Iterable[ConstantProduct]) -> PoolGraph:
    """A graph of these pairs."""
    graph = PoolGraph()
    graph.add(
        json.dumps(
            [
                {
                    "venue": "uniswap_v2",
                    "pool": pool.pool,
                    "token0": pool.token0,
                    "token1": pool.token1,
                    "reserve0_raw": str(pool.reserve0_raw),
                    "reserve1_raw": str(pool.reserve1_raw),
                    "fee_ppm": pool.fee_ppm,
                }
                for pool in pools
            ]
        )
    )
    return graph
