"""A made market of any size, shaped as markets on EVM chains are: a few hubs, and many tokens that hang on them.

- Eight hubs; each two of them have three pools, with fees of 0.01, 0.05 and 0.3 %. The first hub has half of all other
  pools, the second a quarter, and so on.
- Every other token has a pool of 0.3 % with a hub. Two of five have a second one with another hub, and one of twenty
  has one with a token that is no hub.
- A token's worth and a pool's depth are spread over orders of magnitude. Each pool's price is off the worth of its
  tokens by a normal error of 0.15 %: half of the usual fee, so that few cycles gain.

The same seed gives the same market.
"""

import random
from collections.abc import Iterator
from itertools import combinations

from benches.constant_product import ConstantProduct
from tradewind.core import to_checksum_address

SEED = 10_000
HUBS = 8
HUB_FEES_PPM = (100, 500, 3_000)
FEE_PPM = 3_000
PRICE_ERROR = 0.0015


class SyntheticMarket:
    """`pools` pools; `hubs` are the tokens that the others hang on."""

    def __init__(self, pools: int, seed: int = SEED) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a made market
        self._worth: dict[str, float] = {}
        self.hubs = [self._token() for _ in range(HUBS)]
        made = self._all_pools()
        self.pools = [next(made) for _ in range(pools)]

    def _all_pools(self) -> Iterator[ConstantProduct]:
        for a, b in combinations(self.hubs, 2):
            for fee_ppm in HUB_FEES_PPM:
                yield self._pool(a, b, fee_ppm, self._chance.lognormvariate(16, 1))
        spokes: list[str] = []
        while True:
            token = self._token()
            first = self._hub()
            yield self._pool(token, first, FEE_PPM, self._depth())
            if self._chance.random() < 0.4:
                second = self._hub()
                if second != first:
                    yield self._pool(token, second, FEE_PPM, self._depth())
            if spokes and self._chance.random() < 0.05:
                yield self._pool(token, self._chance.choice(spokes), FEE_PPM, self._depth())
            spokes.append(token)

    def _token(self) -> str:
        token = to_checksum_address("0x" + self._chance.randbytes(20).hex())
        # Of one raw unit: tokens have from 6 to 18 decimals.
        self._worth[token] = 10.0 ** self._chance.uniform(-18, -6)
        return token

    def _hub(self) -> str:
        place = 0
        while place < HUBS - 1 and self._chance.random() < 0.5:
            place += 1
        return self.hubs[place]

    def _depth(self) -> float:
        return self._chance.lognormvariate(11, 1.5)

    def _pool(self, a: str, b: str, fee_ppm: int, depth: float) -> ConstantProduct:
        token0, token1 = sorted((a, b), key=str.lower)
        error = self._chance.gauss(0, PRICE_ERROR)
        return ConstantProduct(
            pool=to_checksum_address("0x" + self._chance.randbytes(20).hex()),
            token0=token0,
            token1=token1,
            reserve0_raw=int(depth / self._worth[token0]),
            reserve1_raw=int(depth * (1 + error) / self._worth[token1]),
            fee_ppm=fee_ppm,
        )
