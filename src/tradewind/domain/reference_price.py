"""Reference prices: what a token is worth in US dollars, from where and since when. Never for an amount on chain."""

from decimal import Decimal

from tradewind.domain.amount import PositiveDecimal
from tradewind.domain.model import Model
from tradewind.observability.clock import NS_PER_S

# A stable coin of the configuration is counted as one dollar, whatever it trades at.
STABLE_USD = Decimal(1)


class PoolPrice(Model):
    """The spot price of one pool, before fees, and how well the pool carries the probe that it was tried with.

    `price` is whole units of the counter token for one whole token. `move_ppm` is how far the probe moves the price,
    in the worse of its two directions; `cost_ppm` adds the pool's fee.
    """

    pool: str
    fee_pips: int
    price: PositiveDecimal
    move_ppm: int
    cost_ppm: int


class ReferencePrice(Model):
    """US dollars for one whole `token` (None: the chain's own coin) as of a block; `source` names what says so.

    `stable` tokens are counted as one dollar by the configuration.
    """

    token: str | None
    usd: PositiveDecimal
    source: str
    stable: bool = False
    block_number: int
    block_timestamp_s: int

    def age_s(self, now_ns: int) -> int:
        """Whole seconds since the block; 0 while the clock is behind it."""
        return max(0, now_ns // NS_PER_S - self.block_timestamp_s)
