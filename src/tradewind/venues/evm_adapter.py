"""The contract of a venue on an EVM chain: what its transactions are, what they cost, and how they are sent."""

from abc import abstractmethod
from collections.abc import Sequence

from tradewind import core
from tradewind.domain.plan import BlockRef, Exact, ExecutionPlan, GasEstimate, PlannedLeg, PlanStep
from tradewind.venues.adapter import VenueAdapter
from tradewind.venues.evm_gas import GasConditions
from tradewind.venues.reading import Reading
from tradewind.venues.rpc_error import Revert
from tradewind.venues.send_outcome import SendOutcome
from tradewind.venues.simulated import Simulated
from tradewind.venues.trade_quote import TradeQuote


class EvmVenueAdapter(VenueAdapter):
    """A venue whose swaps are calls of one router."""

    # Gas that one more hop costs, for weighing routes of different length against each other.
    hop_gas: int
    # Gas of one more leg of the same transaction, beside that of its hops.
    leg_gas: int
    # Gas of an approval before the swap, for tokens without permits; without any share for L1 data.
    approve_gas: int

    @property
    @abstractmethod
    def base_fee_wei(self) -> int:
        """What `block` asks for one gas."""

    @property
    @abstractmethod
    def spender(self) -> str:
        """The contract that takes the input from the wallet."""

    @property
    def hop_fee_raw(self) -> int:
        """The gas of a hop at the base fee of `block`, in wei."""
        return self.hop_gas * self.base_fee_wei

    @property
    def leg_fee_raw(self) -> int:
        """The gas of a leg's own call, in wei."""
        return self.leg_gas * self.base_fee_wei

    @property
    def approval_fee_raw(self) -> int:
        """The gas of an approval, in wei."""
        return self.approve_gas * self.base_fee_wei

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
