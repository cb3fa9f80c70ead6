"""All of a Solana cluster's configured pools as one venue: a route may pass pools of several programs."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Literal, TypedDict

from tradewind import core
from tradewind.domain.intent import VenueRule
from tradewind.domain.plan import BlockRef, Exact, PlannedLeg
from tradewind.domain.reference_price import PoolPrice
from tradewind.domain.token_list import Token
from tradewind.errors import Refused
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.planned_legs import planned_legs
from tradewind.venues.pool_price import pool_prices
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.fees import FeePolicy
from tradewind.venues.solana.pool_book import PoolBook
from tradewind.venues.spot import spot_ratio
from tradewind.venues.trade_quote import TradeQuote, trade_quote

NAME = "solana"
# The families of pools whose swap instructions can be built.
VENUES = (
    "meteora_dlmm",
    "orca_whirlpool",
    "pump_curve",
    "pumpswap",
    "raydium_amm_v4",
    "raydium_clmm",
    "raydium_cpmm",
)
# The one that takes and gives SOL itself, so that it stands in no route with others.
LAMPORT_VENUE = "pump_curve"
# By whose best route fees are priced: 0.01 SOL.
_PRICED_LAMPORTS = 10**7


class _Asked(TypedDict):
    """What core.optimize_route and core.optimize_split are asked alike."""

    token_in: str
    token_out: str
    amount_raw: int
    exact: Literal["in", "out"]
    max_hops: int
    hop_cost_raw: int
    allowed_venues: list[str] | None


class SolanaAdapter(VenueAdapter):
    """One cluster. Quotes are answered from memory, as of `block`."""

    name = NAME

    def __init__(
        self,
        cluster: SolanaCluster,
        pools: PoolBook,
        *,
        tokens: Sequence[Token],
        wrapped_native: str,
        fees: FeePolicy,
        max_hops: int,
        max_paths: int,
    ) -> None:
        self.chain_id = cluster.chain_id
        self.pools = pools
        self._decimals = {token.address: token.decimals for token in tokens}
        self._wrapped_native = wrapped_native
        self._fees = fees
        self._max_hops = max_hops
        self._max_paths = max_paths

    @property
    def venue_names(self) -> tuple[str, ...]:
        """The programs, each a venue of its own to whoever sends intents."""
        return VENUES

    @property
    def graph(self) -> core.PoolGraph:
        """The pools as of `block`."""
        return self.pools.graph

    @property
    def block(self) -> BlockRef:
        """The slot that quotes are exact at."""
        return self.pools.block

    @property
    def hop_fee_raw(self) -> int:
        """The compute units of one more swap, at the price that is offered."""
        return self._fees.hop_lamports

    @property
    def leg_fee_raw(self) -> int:
        """A leg is nothing but its hops."""
        return 0

    @property
    def approval_fee_raw(self) -> int:
        """Programs move what the wallet's signature lets them: there are no approvals."""
        return 0

    async def sync(self) -> BlockRef:
        """Bring the pools to the newest confirmed slot."""
        return await self.pools.sync()

    async def get_price(self, token_in: str, token_out: str) -> Decimal:
        """Whole `token_out` for one whole `token_in` at spot, along the best route for one; no fee. Display only."""
        shift = self._decimals_of(token_in) - self._decimals_of(token_out)
        asked = self._asked(token_in, token_out, 10 ** self._decimals_of(token_in), Exact.IN)
        ratio = spot_ratio(self._best_path(asked).hops)
        with localcontext(prec=40):
            return (Decimal(ratio.numerator) / ratio.denominator).scaleb(shift)

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        """The spot price of `token` in each pool of the pair, with how far the probe moves it."""
        shift = self._decimals_of(token) - self._decimals_of(against)
        pools = self.pools.pools if self.block else []
        return list(pool_prices(self.graph, pools, token=token, against=against, probe_raw=probe_raw, shift=shift))

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
        """The best way over the programs that `rule` allows, as of `block`.

        An exact output goes over one path: of several programs some have no instruction for it that could be split.
        """
        asked = self._asked(token_in, token_out, amount_raw, exact, hop_cost_raw=hop_cost_raw, rule=rule)
        try:
            split = core.optimize_split(self.graph, **asked, max_paths=self._max_paths, path_cost_raw=path_cost_raw)
            if self._mixes_lamports(split):
                asked["allowed_venues"] = [name for name in asked["allowed_venues"] or () if name != LAMPORT_VENUE]
                split = core.optimize_split(self.graph, **asked, max_paths=self._max_paths, path_cost_raw=path_cost_raw)
            path = None if split.single is None else core.optimize_route(self.graph, **asked)
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None
        return trade_quote(split, path)

    def _mixes_lamports(self, split: core.SplitRoute) -> bool:
        """Whether a pool that moves lamports is one of several: the others move wrapped SOL."""
        hops = [hop.pool for leg in split.legs for hop in leg.hops]
        return len(hops) > 1 and any(self.graph.venue(pool) == LAMPORT_VENUE for pool in hops)

    async def fee_in_token(self, fee_raw: int, token: str) -> int:
        """What `fee_raw` lamports are worth in `token`, rounded up: at spot along the best route for 0.01 SOL."""
        if token == self._wrapped_native or fee_raw == 0:
            return fee_raw
        route = self._best_path(self._asked(self._wrapped_native, token, _PRICED_LAMPORTS, Exact.IN))
        ratio = spot_ratio(route.hops)
        return -(-fee_raw * ratio.numerator // ratio.denominator)

    def planned_legs(self, route: TradeQuote, worst: Sequence[tuple[int, int]]) -> tuple[PlannedLeg, ...]:
        """The legs as a plan keeps them, each hop under the venue of its pool."""
        return planned_legs(route, worst, venue=self.graph.venue)

    def _asked(
        self,
        token_in: str,
        token_out: str,
        amount_raw: int,
        exact: Exact,
        *,
        hop_cost_raw: int = 0,
        rule: VenueRule | None = None,
    ) -> _Asked:
        return {
            "token_in": token_in,
            "token_out": token_out,
            "amount_raw": amount_raw,
            "exact": exact.value,
            "max_hops": self._max_hops,
            "hop_cost_raw": hop_cost_raw,
            "allowed_venues": [name for name in VENUES if rule is None or rule.allows(name)],
        }

    def _best_path(self, asked: _Asked) -> core.Route:
        try:
            return core.optimize_route(self.graph, **asked)
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None

    def _decimals_of(self, token: str) -> int:
        if token not in self._decimals:
            raise Refused("asset_not_listed", f"{token} is not on the token list of chain {self.chain_id}.")
        return self._decimals[token]
