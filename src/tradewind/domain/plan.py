"""The plan: the chosen route, its price in every respect, and the steps that carry it out."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from tradewind.domain.amount import PPM, Raw
from tradewind.domain.model import Model
from tradewind.domain.reference_price import ReferencePrice


class Exact(StrEnum):
    """Which side of a swap is fixed: what goes in, or what comes out."""

    IN = "in"
    OUT = "out"


class StepKind(StrEnum):
    """What a step does on chain."""

    APPROVE = "approve"
    SWAP = "swap"


class BlockRef(Model):
    """One block of one chain."""

    number: int
    hash: str
    timestamp_s: int


class PlannedHop(Model):
    """One pool of a route and what the quote says it takes and gives."""

    pool: str
    venue: str
    token_in: str
    token_out: str
    fee_pips: int
    amount_in_raw: Raw
    amount_out_raw: Raw
    ticks_crossed: int


class PlannedLeg(Model):
    """One path of the trade, with its share of the exact amount and a limit of its own: it fills within that, or
    nothing of the transaction happens."""

    share_ppm: int
    amount_in_raw: Raw
    amount_out_raw: Raw
    worst_in_raw: Raw
    worst_out_raw: Raw
    hops: tuple[PlannedHop, ...]


class Optimality(Model):
    """No routing over the same pools gives more (exact in) or takes less (exact out) than `bound_raw`, gas not counted.

    `share_ppm` is how much of that the plan reaches, in millionths, rounded down.
    """

    bound_raw: Raw
    share_ppm: int


class ConsideredRoute(Model):
    """A route that was weighed: what it would take or give, and its gas in the same token.

    `pools` of a chosen split are those of all its legs, one after the other.
    """

    pools: tuple[str, ...]
    amount_raw: Raw
    cost_raw: Raw
    chosen: bool


class GasEstimate(Model):
    """Gas of one step. `l1_gas` is the part that pays for data, included in `gas_limit`."""

    gas_limit: int
    expected_gas: int
    l1_gas: int
    base_fee_wei: Raw
    max_fee_per_gas_wei: Raw
    max_priority_fee_per_gas_wei: Raw

    @property
    def limit(self) -> int:
        """The gas limit."""
        return self.gas_limit

    @property
    def expected_fee_raw(self) -> int:
        """What the step is expected to cost."""
        return self.expected_gas * self.base_fee_wei

    @property
    def worst_fee_raw(self) -> int:
        """What the step can cost at most."""
        return self.gas_limit * self.max_fee_per_gas_wei


class ComputeEstimate(Model):
    """What one transaction on Solana takes: compute units and their price, signatures, a tip, and rents.

    `rent_lamports` is locked up in accounts that the transaction makes and leaves open, and comes back
    when they are closed.
    """

    unit_limit: int
    expected_units: int
    micro_lamports_per_unit: Raw
    signature_fee_lamports: Raw
    tip_lamports: Raw
    rent_lamports: Raw

    @property
    def limit(self) -> int:
        """The limit of compute units."""
        return self.unit_limit

    @property
    def priority_fee_lamports(self) -> int:
        """What the price of compute units comes to: the whole limit is paid for, used or not."""
        return -(-self.unit_limit * self.micro_lamports_per_unit // 1_000_000)

    @property
    def expected_fee_raw(self) -> int:
        """What the step is expected to cost, in lamports, without rents."""
        return self.signature_fee_lamports + self.priority_fee_lamports + self.tip_lamports

    @property
    def worst_fee_raw(self) -> int:
        """What has to be there in lamports: the fees, and the rents."""
        return self.expected_fee_raw + self.rent_lamports


class PlanStep(Model):
    """One transaction, which calls `target`. `spender` may take exactly `amount_in_raw` of `token_in` for it.

    Both are None on a chain whose programs need no leave beside the wallet's signature.
    """

    index: Annotated[int, Field(ge=0)]
    kind: StepKind
    venue: str
    target: str | None
    spender: str | None
    token_in: str
    amount_in_raw: Raw
    with_permit: bool


class ExecutionPlan(Model):
    """How one slice of an intent is carried out. `quoted_*` is the exact answer at `block`; `worst_*` the limit.

    Both are the sums of the legs, which one transaction executes in their order. `optimality` is unknown for plans
    that were made without it. `reference_prices` are for display and accounts, of the tokens and the native coin; an
    unknown one is absent.
    """

    plan_id: UUID
    intent_id: UUID
    slice_index: int
    executor: str
    chain_id: int
    wallet: str
    strategy_id: UUID
    block: BlockRef
    exact: Exact
    token_in: str
    token_out: str
    quoted_in_raw: Raw
    quoted_out_raw: Raw
    worst_in_raw: Raw
    worst_out_raw: Raw
    spot_raw: Raw
    fee_ppm: int
    price_impact_ppm: int
    max_slippage_ppm: int
    legs: Annotated[tuple[PlannedLeg, ...], Field(min_length=1)]
    optimality: Optimality | None = None
    considered: tuple[ConsideredRoute, ...]
    gas: GasEstimate | ComputeEstimate
    deadline_s: int
    steps: tuple[PlanStep, ...]
    reference_prices: tuple[ReferencePrice, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_path_is_one_leg(cls, data: Any) -> Any:
        """Journals have plans of one path, with its hops beside the amounts of the whole."""
        if not isinstance(data, dict) or "hops" not in data or "legs" in data:
            return data
        leg = {"share_ppm": PPM, "hops": data["hops"]}
        for name, of_plan in _AMOUNTS_OF_A_LEG.items():
            if of_plan in data:
                leg[name] = data[of_plan]
        return {**{name: value for name, value in data.items() if name != "hops"}, "legs": (leg,)}

    @property
    def hops(self) -> tuple[PlannedHop, ...]:
        """Every hop, leg after leg."""
        return tuple(hop for leg in self.legs for hop in leg.hops)


_AMOUNTS_OF_A_LEG = {
    "amount_in_raw": "quoted_in_raw",
    "amount_out_raw": "quoted_out_raw",
    "worst_in_raw": "worst_in_raw",
    "worst_out_raw": "worst_out_raw",
}
