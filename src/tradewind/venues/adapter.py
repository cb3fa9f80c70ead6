"""The contract every venue fulfils: a price, a quote, a plan's legs. What a chain adds is in its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from tradewind.domain.intent import VenueRule
from tradewind.domain.plan import BlockRef, Exact, PlannedLeg
from tradewind.domain.reference_price import PoolPrice
from tradewind.venues.trade_quote import TradeQuote


class VenueAdapter(ABC):
    """One venue on one chain. Tokens are named by address; amounts are integers of the smallest unit."""

    name: str
    chain_id: int

    @property
    def venue_names(self) -> tuple[str, ...]:
        """The names that intents know it by: its own, or those of the several venues that it routes over at once."""
        return (self.name,)

    @property
    @abstractmethod
    def block(self) -> BlockRef:
        """The block that quotes are exact at; Unavailable before the first `sync`."""

    @property
    @abstractmethod
    def hop_fee_raw(self) -> int:
        """What one more hop costs to execute at `block`, in the chain's coin: to weigh routes of different length."""

    @property
    @abstractmethod
    def leg_fee_raw(self) -> int:
        """What one more leg of the same transaction costs, beside its hops."""

    @property
    @abstractmethod
    def approval_fee_raw(self) -> int:
        """What a transaction costs that lets the venue take a token, where one is needed; 0 where none ever is."""

    @abstractmethod
    async def sync(self) -> BlockRef:
        """Bring the venue's state to the chain's newest block, and say which that is."""

    @abstractmethod
    async def get_price(self, token_in: str, token_out: str) -> Decimal:
        """How much `token_out` one whole `token_in` is worth now, before fees. For display, never for an amount.

        As the best route for one unit says, however little its pools hold; see `pool_prices` for one to rely on.
        """

    @abstractmethod
    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        """The spot price of `token` in each pool of the pair, as of `block`, with how far `probe_raw` moves it.

        The probe is in `against`. Pools that cannot carry it are left out. Unavailable before the first `sync`.
        """

    @abstractmethod
    async def quote(
        self,
        *,
        token_in: str,
        token_out: str,
        amount_raw: int,
        exact: Exact,
        hop_cost_raw: int = 0,
        path_cost_raw: int = 0,
        rule: VenueRule | None = None,
    ) -> TradeQuote:
        """The best way for the fixed amount, over one leg or several; Refused when there is none.

        `hop_cost_raw` and `path_cost_raw` are what a hop and each leg beyond the first cost to execute, in the token
        that is not fixed. `rule` is the intent's, for who routes over several venues.
        """

    @abstractmethod
    async def fee_in_token(self, fee_raw: int, token: str) -> int:
        """What `fee_raw` of the native coin is worth in `token`, rounded up; Refused when no route leads there."""

    @abstractmethod
    def planned_legs(self, route: TradeQuote, worst: Sequence[tuple[int, int]]) -> tuple[PlannedLeg, ...]:
        """The legs as a plan keeps them; `worst` are the most in and the least out of each."""
