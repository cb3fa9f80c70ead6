"""The Uniswap V3 venue: prices and quotes from a graph that equals the chain, swaps through SwapRouter02."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Literal, TypedDict

from tradewind import core
from tradewind.domain.intent import VenueRule
from tradewind.domain.plan import BlockRef, Exact, ExecutionPlan, GasEstimate, PlannedLeg, PlanStep
from tradewind.domain.reference_price import PoolPrice
from tradewind.domain.token_list import Token
from tradewind.errors import Refused
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasConditions, GasPolicy, gas_estimate, gas_reading
from tradewind.venues.planned_legs import planned_legs
from tradewind.venues.pool_price import pool_prices
from tradewind.venues.reading import Reading
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendOutcome
from tradewind.venues.simulated import Simulated
from tradewind.venues.spot import spot_ratio
from tradewind.venues.trade_quote import TradeQuote, trade_quote
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.movement import movement
from tradewind.venues.uniswap_v3.pool_sync import PoolSync
from tradewind.venues.uniswap_v3.revert_code import revert_code
from tradewind.venues.uniswap_v3.simulation import read_simulation
from tradewind.venues.uniswap_v3.swap_gas import (
    APPROVE_GAS,
    FURTHER_HOP_GAS,
    FURTHER_LEG_GAS,
    HopShape,
    bitmap_words,
    swap_gas,
)
from tradewind.venues.uniswap_v3.swap_transaction import build_step, router_swap

NAME = "uniswap_v3"

# The amount of native coin by whose best route gas is priced.
_PRICED_WEI = 10**16

# Stands in for a signature where only the length of the calldata counts; incompressible, like a real one.
_PLACEHOLDER_WORDS = (core.keccak256(b"r"), core.keccak256(b"s"))


class _Asked(TypedDict):
    """What core.optimize_route and core.optimize_split are asked alike."""

    token_in: str
    token_out: str
    amount_raw: int
    exact: Literal["in", "out"]
    max_hops: int
    hop_cost_raw: int
    allowed_pools: list[str] | None
    excluded_tokens: list[str] | None


class UniswapV3Adapter(EvmVenueAdapter):
    """One chain's Uniswap V3.

    Quotes are answered from memory, as of `block`: a caller that awaits `sync` and then `quote`, with nothing
    awaited in between, gets the exact answer at the block that `sync` returned.

    After a pause of more than `max_log_blocks` blocks (1,000 are about four minutes on Arbitrum) the pools are read
    anew instead of being brought forward by logs.
    """

    name = NAME
    hop_gas = FURTHER_HOP_GAS
    leg_gas = FURTHER_LEG_GAS
    approve_gas = APPROVE_GAS

    def __init__(
        self,
        chain: EvmChain,
        deployment: UniswapV3Deployment,
        *,
        tokens: Sequence[Token],
        wrapped_native: str,
        gas_policy: GasPolicy,
        max_log_blocks: int = 1000,
    ) -> None:
        self.chain_id = chain.chain_id
        self.chain = chain
        self.deployment = deployment
        self._decimals = {token.address: token.decimals for token in tokens}
        self._wrapped_native = wrapped_native
        self._gas_policy = gas_policy
        self._pools = PoolSync(chain, deployment, list(self._decimals), venue=NAME, max_log_blocks=max_log_blocks)

    @property
    def graph(self) -> core.PoolGraph:
        """The pools as of `block`. A reload replaces the object: ask for it anew after each `sync`."""
        return self._pools.graph

    @property
    def block(self) -> BlockRef:
        """The block that quotes are exact at; Unavailable (pools_not_loaded) before the first `sync`."""
        return self._pools.block

    @property
    def base_fee_wei(self) -> int:
        """What `block` asks for one gas."""
        return self._pools.header.base_fee_wei

    @property
    def spender(self) -> str:
        """SwapRouter02."""
        return self.deployment.router

    async def sync(self) -> BlockRef:
        """Bring the pools to the newest block."""
        return await self._pools.sync()

    async def get_price(self, token_in: str, token_out: str) -> Decimal:
        """Whole `token_out` for one whole `token_in` at spot, along the best route for one; no fee. Display only."""
        shift = self._decimals_of(token_in) - self._decimals_of(token_out)
        self._pools.require_loaded()
        route = self._best_path(
            token_in=token_in, token_out=token_out, amount_raw=10 ** self._decimals_of(token_in), exact=Exact.IN
        )
        ratio = spot_ratio(route.hops)
        with localcontext(prec=40):
            return (Decimal(ratio.numerator) / ratio.denominator).scaleb(shift)

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        """The spot price of `token` in each pool of the pair, with how far the probe moves it."""
        self._pools.require_loaded()
        shift = self._decimals_of(token) - self._decimals_of(against)
        pools = self._pools.keys
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
        max_hops: int | None = None,
        max_paths: int | None = None,
        allowed_pools: Sequence[str] | None = None,
        excluded_tokens: Sequence[str] | None = None,
    ) -> TradeQuote:
        """The best way over one leg or several, as of `block`; the costs as in core.optimize_split.

        All pools are of this one venue, so `rule` has been answered by who asks.

        Refused with the core's code (no_route, insufficient_liquidity, amount_zero, …) when there is none.
        """
        self._pools.require_loaded()
        asked: _Asked = {
            "token_in": token_in,
            "token_out": token_out,
            "amount_raw": amount_raw,
            "exact": exact.value,
            "max_hops": self.deployment.max_hops if max_hops is None else max_hops,
            "hop_cost_raw": hop_cost_raw,
            "allowed_pools": None if allowed_pools is None else list(allowed_pools),
            "excluded_tokens": None if excluded_tokens is None else list(excluded_tokens),
        }
        paths = self.deployment.max_paths if max_paths is None else max_paths
        try:
            split = core.optimize_split(self.graph, **asked, max_paths=paths, path_cost_raw=path_cost_raw)
            # Several legs may fill what no single path can.
            path = None if split.single is None else core.optimize_route(self.graph, **asked)
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None
        return trade_quote(split, path)

    def _best_path(self, *, token_in: str, token_out: str, amount_raw: int, exact: Exact) -> core.Route:
        try:
            return core.optimize_route(
                self.graph,
                token_in=token_in,
                token_out=token_out,
                amount_raw=amount_raw,
                exact=exact.value,
                max_hops=self.deployment.max_hops,
            )
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None

    async def fee_in_token(self, fee_raw: int, token: str) -> int:
        """What `fee_raw` of the native coin is worth in `token`, rounded up.

        At spot prices, without fees, along the best route that sells 0.01 of the wrapped native coin for the token: so
        little gas may cost that no route would give a unit for it. Refused with the core's code when none leads there.
        """
        if token == self._wrapped_native or fee_raw == 0:
            return fee_raw
        self._pools.require_loaded()
        route = self._best_path(token_in=self._wrapped_native, token_out=token, amount_raw=_PRICED_WEI, exact=Exact.IN)
        ratio = spot_ratio(route.hops)
        return -(-fee_raw * ratio.numerator // ratio.denominator)

    def planned_legs(self, route: TradeQuote, worst: Sequence[tuple[int, int]]) -> tuple[PlannedLeg, ...]:
        """The legs as a plan keeps them; their shares are of the exact side, and add up to the whole."""
        return planned_legs(route, worst, venue=lambda _: self.name)

    def gas_reading(
        self,
        legs: Sequence[PlannedLeg],
        *,
        exact: Exact,
        wallet: str,
        deadline_s: int,
        with_permit: bool,
        spendable: bool,
    ) -> Reading[GasConditions]:
        """What the gas of the swap depends on, as of `block`.

        `spendable` says that the router may already take the input, so that the node can run the swap itself;
        otherwise, and for a swap with a permit that nobody has signed yet, the gas is modelled from the route's shape.
        """
        permit = None
        if with_permit:
            r, s = _PLACEHOLDER_WORDS
            value_raw = sum(leg.worst_in_raw for leg in legs)
            permit = core.Permit(value_raw=value_raw, deadline_s=deadline_s, v=27, r=r, s=s)
        swap = router_swap(legs, exact=exact, recipient=wallet, deadline_s=deadline_s, permit=permit)
        return gas_reading(
            self.chain_id,
            self._pools.header,
            to=self.deployment.router,
            data=swap.encode(),
            sender=wallet,
            estimate=spendable and not with_permit,
        )

    def estimate_gas(self, route: TradeQuote, conditions: GasConditions, *, with_permit: bool) -> GasEstimate:
        """The gas of the swap under these conditions, whose block must be `block`."""
        modelled = swap_gas(self._shapes(route), with_permit=with_permit)
        return gas_estimate(conditions, modelled_gas=modelled, policy=self._gas_policy)

    async def build_swap_tx(
        self, plan: ExecutionPlan, step: PlanStep, *, permit: core.Permit | None, nonce: int
    ) -> core.Eip1559Transaction:
        """The unsigned transaction of an approval or swap step; Refused when plan and venue contradict."""
        return build_step(plan, step, permit=permit, nonce=nonce, deployment=self.deployment, policy=self._gas_policy)

    async def simulate(self, tx: core.Eip1559Transaction, wallet: str, block: BlockRef) -> Simulated:
        """What the swap in `tx` would do in the state of `block`, sent by `wallet`."""
        swap = core.RouterSwap.decode(tx.data)
        answer = await self.chain.try_call(tx.to, tx.data, block=block, sender=wallet, gas=tx.gas_limit)
        return read_simulation(swap, answer)

    def revert_code(self, revert: Revert) -> str:
        """As in revert_code.py."""
        return revert_code(revert)

    async def submit_order(self, raw: bytes) -> SendOutcome:
        """Hand a signed transaction to the chain; the same bytes may be sent again."""
        return await self.chain.send_raw(raw)

    def _shapes(self, route: TradeQuote) -> list[list[HopShape]]:
        """A pool that several legs share is walked on from where the leg before left it."""
        at: dict[str, int] = {}
        return [[self._shape(hop, at) for hop in leg.hops] for leg in route.legs]

    def _shape(self, hop: core.PoolQuote, at: dict[str, int]) -> HopShape:
        before = at[hop.pool] if hop.pool in at else self.graph.uniswap_v3_state(hop.pool).tick
        moved = movement(hop)
        at[hop.pool] = moved.tick_after
        spacing = self._pools.keys[hop.pool].tick_spacing
        return HopShape(moved.ticks_crossed, bitmap_words(before, moved.tick_after, spacing))

    def _decimals_of(self, token: str) -> int:
        if token not in self._decimals:
            raise Refused("asset_not_listed", f"{token} is not on the token list of chain {self.chain_id}.")
        return self._decimals[token]
