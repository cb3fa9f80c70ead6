"""The recorded WBTC/WETH pool, for us and for the peers, and amounts that take a swap a given way through it."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tradewind.core import CoreError, PoolGraph
from tradewind.venues.uniswap_v3.movement import movement

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "evm"
FILE = FIXTURES / "uniswap_v3_wbtc_weth_block_24407242.json"
LARGEST_AMOUNT = 2**255


@dataclass(frozen=True, slots=True)
class RecordedPool:
    """A real pool at one block. `tokens` are in the pool's order."""

    graph: PoolGraph
    address: str
    tokens: tuple[str, str]
    for_peers: dict[str, Any]

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read the recording and build the pool."""
        file = json.loads(path.read_text())
        scalars = file["scalars"]
        ticks = sorted((int(tick), gross, net) for tick, (gross, net, _block) in file["tick_data"].items())
        token0, token1 = file["token0"]["address"], file["token1"]["address"]
        graph = PoolGraph()
        graph.upsert_uniswap_v3(
            pool=file["pool"],
            token0=token0,
            token1=token1,
            fee_pips=scalars["fee"],
            tick_spacing=scalars["tick_spacing"],
            sqrt_price_x96=scalars["sqrt_price_x96"],
            tick=scalars["tick"],
            liquidity=scalars["liquidity"],
            ticks=ticks,
        )
        for_peers = {
            "chain_id": file["chain_id"],
            "tokens": [{key: file[name][key] for key in ("address", "decimals")} for name in ("token0", "token1")],
            "fee_pips": scalars["fee"],
            "tick_spacing": scalars["tick_spacing"],
            "tick": scalars["tick"],
            "sqrt_price_x96": str(scalars["sqrt_price_x96"]),
            "liquidity": str(scalars["liquidity"]),
            "ticks": [[tick, str(gross), str(net)] for tick, gross, net in ticks],
        }
        return cls(graph, graph.pools()[0], (token0, token1), for_peers)

    def crossings(self, token: int, amount_in_raw: int) -> int | None:
        """How many initialised ticks a swap crosses; None when the pool cannot take the amount."""
        try:
            quote = self.graph.quote_exact_in(self.address, self.tokens[token], amount_in_raw)
            return movement(quote).ticks_crossed
        except CoreError as error:
            if error.code != "insufficient_liquidity":
                raise
            return None

    def most_crossing(self, token: int, ticks: int) -> int:
        """The largest amount that the pool takes and that crosses at most `ticks` initialised ticks."""
        fits, too_much = 0, LARGEST_AMOUNT
        while too_much - fits > 1:
            middle = (fits + too_much) // 2
            crossed = self.crossings(token, middle)
            if crossed is not None and crossed <= ticks:
                fits = middle
            else:
                too_much = middle
        return fits

    def amounts_crossing(self, token: int, ticks: int, count: int, chance: random.Random) -> list[int]:
        """`count` random amounts that each cross exactly `ticks` initialised ticks."""
        least = 1 + (self.most_crossing(token, ticks - 1) if ticks else 0)
        most = self.most_crossing(token, ticks)
        return [chance.randint(least, most) for _ in range(count)]

    def amounts_of_any_size(self, token: int, count: int, most: int, chance: random.Random) -> list[int]:
        """`count` random amounts from 1 to `most`, every order of magnitude as likely as any other."""
        amounts = (chance.randrange(2 ** chance.randrange(1, most.bit_length() + 1)) + 1 for _ in range(count))
        return [min(amount, most) for amount in amounts]
