"""The recorded auction of CoW Protocol: its pools, for us and for the peers, and its orders."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benches.constant_product import ConstantProduct, graph_of
from tradewind.core import AuctionOrder, PoolGraph, read_cow_auction

FILE = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "evm" / "cow_auction_7400693.json"
# The only fee that @uniswap/v2-sdk knows.
UNISWAP_FEE_PPM = 3000


@dataclass(frozen=True, slots=True)
class Auction:
    """The constant-product part of an auction."""

    graph: PoolGraph
    pools: list[ConstantProduct]
    orders: list[AuctionOrder]

    @classmethod
    def load(cls, path: Path = FILE, fee_ppm: int | None = UNISWAP_FEE_PPM) -> Self:
        """Its pairs that are not empty, or those of one fee, and the orders that sell a token of them for another."""
        auction = read_cow_auction(path.read_text())
        listed: list[dict[str, Any]] = json.loads(auction.pools_json)["pools"]
        kept = [
            pool
            for pool in listed
            if pool["venue"] == "uniswap_v2"
            and fee_ppm in (None, pool["fee_ppm"])
            and "0" not in (pool["reserve0_raw"], pool["reserve1_raw"])
        ]
        pools = [
            ConstantProduct(
                pool=pool["pool"],
                token0=pool["token0"],
                token1=pool["token1"],
                reserve0_raw=int(pool["reserve0_raw"]),
                reserve1_raw=int(pool["reserve1_raw"]),
                fee_ppm=pool["fee_ppm"],
            )
            for pool in kept
        ]
        tokens = {token for pool in pools for token in (pool.token0, pool.token1)}
        orders = [
            order
            for order in auction.orders
            if order.exact == "in" and order.sell_token in tokens and order.buy_token in tokens
        ]
        return cls(graph_of(pools), pools, orders)
