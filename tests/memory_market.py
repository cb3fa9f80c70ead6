"""A market without a chain: one pool in the real core's graph, a wallet, and a gate, all as a test sets them.

WETH trades at 3,000 USDC in a pool of 0.05 % whose liquidity is the same at every price: acquiring 1.5 WETH moves it
by as much as on the local chain, about 0.04 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isqrt, log
from typing import Any, TypeVar, cast

from tests import builders
from tests.fake_clock import FakeClock
from tradewind import core
from tradewind.accounting.reference_price import ReferencePrices
from tradewind.domain.chain import ChainTiming
from tradewind.domain.intent import VenueRule
from tradewind.domain.plan import BlockRef, Exact, ExecutionPlan, GasEstimate, PlannedLeg, PlanStep
from tradewind.domain.reference_price import PoolPrice
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import PermitDomain, Token, TokenList
from tradewind.errors import Refused, TradewindError
from tradewind.planning.evm_terms import EvmTerms
from tradewind.planning.quoting import Quoting
from tradewind.venues.account import AccountState
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasConditions
from tradewind.venues.manager import VenueManager
from tradewind.venues.planned_legs import planned_legs
from tradewind.venues.reading import Reading
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendOutcome
from tradewind.venues.simulated import Simulated
from tradewind.venues.trade_quote import TradeQuote, trade_quote
from tradewind.venues.uniswap_v3.movement import movement

A = TypeVar("A")
B = TypeVar("B")
LIQUIDITY = 204_000 * 10**12
SWAP_GAS = 220_000
BASE_FEE_WEI = 10_000_000
TIMING = {builders.ARBITRUM: ChainTiming(2_000, 3_600, 250, 1, recovery_half_life_ms=60_000)}
TOKENS = TokenList(
    (builders.ARBITRUM, Token(symbol=asset.symbol, address=asset.address, decimals=asset.decimals, permit=permit))
    for asset, permit in (
        (builders.WETH, PermitDomain(name="Wrapped Ether", version="1")),
        (builders.USDC, PermitDomain(name="USD Coin", version="2")),
    )
)


def a_strategy(**changes: Any) -> Strategy:
    """The strategy of `builders.an_intent`."""
    return Strategy(**{"name": "example", "id": builders.STRATEGY_ID, "wallet": builders.WALLET, **changes})


# What a plan needs of a venue is here; whoever asks this one for more tests something else.
ONLY_QUOTES = "this venue only quotes"


@dataclass
class AHalt:
    """A halt in force."""

    wallet: str | None = None
    strategy_id: str | None = None
    reason: str = "test"


@dataclass
class AGate:
    """A gate that answers `hello` as it is set."""

    gate_id: str = "ab" * 16
    records: int = 3
    halted: bool = False
    halts: list[AHalt] = field(default_factory=list)

    async def state(self) -> "AGate":
        """Itself."""
        return self


SECOND_POOL = "0xc473e2aEE3441BF9240Be85eb122aBB059A3B57c"


class MemoryMarket(EvmVenueAdapter):
    """The venue, and the chain behind it as far as planning asks. `down` is raised by every sync while it is set.

    `second_pool` adds another of 0.3 %, at the same price and as deep.
    """

    name = "uniswap_v3"
    chain_id = builders.ARBITRUM
    hop_gas = 85_000
    leg_gas = 9_000
    approve_gas = 60_000

    def __init__(self, clock: FakeClock | None = None, *, second_pool: bool = False) -> None:
        self.clock = clock or FakeClock()
        self.graph = core.PoolGraph()
        self.held = {builders.WETH.address: 100 * 10**18, builders.USDC.address: 500_000 * 10**6}
        self.native_raw = 10**19
        self.allowance_raw = 0
        self.gas_price_wei = BASE_FEE_WEI
        self.down: TradewindError | None = None
        self.syncs = self.readings = 0
        self.at = builders.BLOCK
        self._add(builders.POOL, fee_pips=500, tick_spacing=10, last_tick=887270)
        if second_pool:
            self._add(SECOND_POOL, fee_pips=3000, tick_spacing=60, last_tick=887220)

    def _add(self, pool: str, *, fee_pips: int, tick_spacing: int, last_tick: int) -> None:
        price = isqrt((3_000 * 10**6 << 192) // 10**18)
        self.graph.upsert_uniswap_v3(
            pool=pool,
            token0=builders.WETH.address,
            token1=builders.USDC.address,
            fee_pips=fee_pips,
            tick_spacing=tick_spacing,
            sqrt_price_x96=price,
            tick=_tick(price),
            liquidity=LIQUIDITY,
            ticks=[(-last_tick, LIQUIDITY, LIQUIDITY), (last_tick, LIQUIDITY, -LIQUIDITY)],
        )

    @property
    def quoting(self) -> Quoting:
        """Quoting on this market alone."""
        return Quoting(self.venues, self.terms, timing=TIMING, clock=self.clock)

    @property
    def venues(self) -> VenueManager[EvmVenueAdapter]:
        """This venue."""
        return VenueManager([self])

    @property
    def terms(self) -> dict[int, EvmTerms]:
        """What the chain says of a trade."""
        return self.terms_by(TOKENS)

    def terms_by(self, tokens: TokenList) -> dict[int, EvmTerms]:
        """The same, with another list of tokens."""
        return {chain_id: EvmTerms(chain, tokens) for chain_id, chain in self.chains.items()}

    @property
    def chains(self) -> dict[int, EvmChain]:
        """The chain as far as planning asks it."""
        return {self.chain_id: cast("EvmChain", self)}

    def trade(self, bought: str, amount_out_raw: int) -> None:
        """Somebody buys, which moves the price."""
        quote = self.graph.quote_exact_out(builders.POOL, bought, amount_out_raw)
        self.graph.apply_swap(
            builders.POOL,
            sqrt_price_x96=movement(quote).sqrt_price_after,
            liquidity=movement(quote).liquidity_after,
            tick=movement(quote).tick_after,
        )

    # The chain

    async def erc20_balance(self, token: str, _wallet: str, _block: BlockRef) -> int:
        return self.held[token]

    def account_reading(self, _wallet: str, token: str, _spender: str, _block: BlockRef) -> Reading[AccountState]:
        return Reading(
            (),
            lambda _: AccountState(
                native_balance_raw=self.native_raw,
                nonce=0,
                token_balance_raw=self.held[token],
                allowance_raw=self.allowance_raw,
                permit_nonce=0,
            ),
        )

    async def read(self, reading: Reading[A]) -> A:
        self.readings += 1
        return reading.parse(())

    async def read_both(self, one: Reading[A], other: Reading[B]) -> tuple[A, B]:
        self.readings += 1
        return one.parse(()), other.parse(())

    # The venue

    @property
    def block(self) -> BlockRef:
        return self.at

    @property
    def base_fee_wei(self) -> int:
        return self.gas_price_wei

    @property
    def spender(self) -> str:
        return builders.ROUTER

    async def sync(self) -> BlockRef:
        self.syncs += 1
        if self.down is not None:
            raise self.down
        return self.block

    async def get_price(self, token_in: str, token_out: str) -> Decimal:
        raise AssertionError(ONLY_QUOTES)

    def pool_prices(self, token: str, against: str, probe_raw: int) -> Sequence[PoolPrice]:
        raise AssertionError(ONLY_QUOTES)

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
        asked: dict[str, Any] = {
            "token_in": token_in,
            "token_out": token_out,
            "amount_raw": amount_raw,
            "exact": exact.value,
            "hop_cost_raw": hop_cost_raw,
        }
        try:
            split = core.optimize_split(self.graph, **asked, path_cost_raw=path_cost_raw)
            path = None if split.single is None else core.optimize_route(self.graph, **asked)
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None
        return trade_quote(split, path)

    async def fee_in_token(self, fee_raw: int, token: str) -> int:
        return fee_raw if token == builders.WETH.address else -(-fee_raw * 3_000 * 10**6 // 10**18)

    def gas_reading(self, legs: Sequence[PlannedLeg], *, spendable: bool, **_: Any) -> Reading[GasConditions]:
        price_wei = self.gas_price_wei
        return Reading((), lambda _: GasConditions(price_wei, 0, SWAP_GAS if spendable else None))

    def estimate_gas(self, route: TradeQuote, conditions: GasConditions, *, with_permit: bool) -> GasEstimate:
        return GasEstimate(
            gas_limit=SWAP_GAS * 13 // 10,
            expected_gas=SWAP_GAS,
            l1_gas=0,
            base_fee_wei=conditions.base_fee_wei,
            max_fee_per_gas_wei=conditions.base_fee_wei * 2,
            max_priority_fee_per_gas_wei=0,
        )

    def planned_legs(self, route: TradeQuote, worst: Sequence[tuple[int, int]]) -> tuple[PlannedLeg, ...]:
        return planned_legs(route, worst, venue=lambda _: self.name)

    async def build_swap_tx(
        self, plan: ExecutionPlan, step: PlanStep, *, permit: core.Permit | None, nonce: int
    ) -> core.Eip1559Transaction:
        raise AssertionError(ONLY_QUOTES)

    async def simulate(self, tx: core.Eip1559Transaction, wallet: str, block: BlockRef) -> Simulated:
        raise AssertionError(ONLY_QUOTES)

    def revert_code(self, revert: Revert) -> str:
        raise AssertionError(ONLY_QUOTES)

    async def submit_order(self, raw: bytes) -> SendOutcome:
        raise AssertionError(ONLY_QUOTES)


def no_prices() -> ReferencePrices:
    """Reference prices of a chain that has none."""
    return ReferencePrices({}, TOKENS)


def _tick(sqrt_price_x96: int) -> int:
    ratio = (sqrt_price_x96 / 2**96) ** 2
    return int(log(ratio) // log(1.0001))
