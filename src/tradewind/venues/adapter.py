"""The contract every venue fulfils: a price, a quote, a transaction, a way to send it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from tradewind import core
from tradewind.domain.plan import BlockRef, Exact, ExecutionPlan, GasEstimate, PlannedLeg, PlanStep
from tradewind.domain.reference_price import PoolPrice
from tradewind.venues.evm_gas import GasConditions
from tradewind.venues.reading import Reading
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendOutcome
from tradewind.venues.simulated import Simulated
from tradewind.venues.trade_quote import TradeQuote


class VenueAdapter(ABC):
    """One venue on one chain. Tokens are named by address; amounts are integers of the smallest unit."""

    name: str
    chain_id: int
    # Gas that one more hop costs, for weighing routes of different length against each other.
    hop_gas: int
    # Gas of one more leg of the same transaction, beside that of its hops.
    leg_gas: int
    # Gas of an approval before the swap, for tokens without permits; without any share for L1 data.
    approve_gas: int

    @property
    @abstractmethod
    def block(self) -> BlockRef:
        """The block that quotes are exact at; Unavailable before the first `sync`."""

    @property
    @abstractmethod
    def base_fee_wei(self) -> int:
        """What `block` asks for one gas."""

    @property
    @abstractmethod
    def spender(self) -> str:
        """The contract that takes the input from the wallet."""

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
    ) -> TradeQuote:
        """The best way for the fixed amount, over one leg or several; Refused when there is none.

        `hop_cost_raw` and `path_cost_raw` are what a hop and each leg beyond the first cost to execute, in the token
        that is not fixed.
        """

    @abstractmethod
    async def gas_cost_in_token(self, cost_wei: int, token: str) -> int:
        """What `cost_wei` of the native coin is worth in `token`, rounded up; Refused when no route leads there."""

    @abstractmethod
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
        """What the gas of the swap depends on, as of `block`; `spendable`: the spender may already take the input."""

    @abstractmethod
    def estimate_gas(self, route: TradeQuote, conditions: GasConditions, *, with_permit: bool) -> GasEstimate:
        """The gas of the swap under these conditions; Refused when it is more than is allowed."""

    @abstractmethod
    def planned_legs(self, route: TradeQuote, worst: Sequence[tuple[int, int]]) -> tuple[PlannedLeg, ...]:
        """The legs as a plan keeps them; `worst` are the most in and the least out of each."""

    @abstractmethod
    async def build_swap_tx(
        self, plan: ExecutionPlan, step: PlanStep, *, permit: core.Permit | None, nonce: int
    ) -> core.Eip1559Transaction:
        """The unsigned transaction of one step of a plan."""

    @abstractmethod
    async def simulate(self, tx: core.Eip1559Transaction, wallet: str, block: BlockRef) -> Simulated:
        """What the swap in `tx` would do in the state of `block`, sent by `wallet`."""

    @abstractmethod
    def revert_code(self, revert: Revert) -> str:
        """The stable code of a contract's refusal, such as price_moved."""

    @abstractmethod
    async def submit_order(self, raw: bytes) -> SendOutcome:
        """Hand a signed transaction to the chain."""
