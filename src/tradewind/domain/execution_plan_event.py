"""ExecutionPlanEvent: one transaction that somebody wants on chain, ready to be built by an executor.

Field names are camelCase on the wire. Amounts are decimal strings of raw units, times integer milliseconds.
"""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from tradewind.domain.address import SolanaAddress
from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.chain import SOLANA_MAINNET, ChainId
from tradewind.domain.event import NAMESPACE, Event
from tradewind.domain.model import Model
from tradewind.domain.plan import Exact
from tradewind.domain.usd import Usd

Milliseconds = Annotated[int, Field(ge=0, lt=2**53)]
Bps = Annotated[int, Field(ge=0, le=10_000)]
CAMEL = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class ExecutionMethod(StrEnum):
    """The way that the planner chose; `auto` leaves it to the executor's selector."""

    JITO_BUNDLE = "jito_bundle"
    TPU_DIRECT = "tpu_direct"
    RPC = "rpc"
    AUTO = "auto"


class PlanStrategy(StrEnum):
    """What the transaction is for; `intent` is a step of somebody's intent, `custom` a wish of a user's strategy."""

    ARBITRAGE = "arbitrage"
    TRIANGULAR = "triangular"
    MARKET_MAKING = "market_making"
    SNIPING = "sniping"
    LIQUIDATION = "liquidation"
    INTENT = "intent"
    CUSTOM = "custom"


class PlanPriority(StrEnum):
    """How much depends on landing soon."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class MevRisk(StrEnum):
    """How much others gain by trading around this transaction."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class PlanExecutor(StrEnum):
    """Who executes the plan: an ExecutorService, or the engine that made it (the event is then for the record)."""

    SERVICE = "service"
    ENGINE = "engine"


class SwapRoute(Model):
    """One swap of the transaction, in order. `limit_amount` is the least out when `exact` is in, else the most in.

    `accounts` are those of the pool that its venue's instruction needs, under the venue's own names for them.
    """

    model_config = CAMEL

    pool: SolanaAddress
    venue: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    input_mint: SolanaAddress
    output_mint: SolanaAddress
    exact: Exact = Field(default=Exact.IN, strict=False)
    input_amount: Raw
    output_amount: Raw
    limit_amount: Raw
    accounts: Annotated[dict[str, SolanaAddress], Field(max_length=64)] = Field(default_factory=dict)


class FlashLoan(Model):
    """What is borrowed at the start of the transaction and repaid at its end. `reserve` is the lender's account."""

    model_config = CAMEL

    provider: Annotated[str, Field(pattern=r"^kamino$")]
    amount: Raw
    reserve: SolanaAddress


class PlannedLiquidation(Model):
    """Whose debt is repaid, and what is taken for it; the routes sell that. `repay_amount` is of the debt's token."""

    model_config = CAMEL

    provider: Annotated[str, Field(pattern=r"^kamino$")]
    obligation: SolanaAddress
    repay_reserve: SolanaAddress
    withdraw_reserve: SolanaAddress
    repay_amount: Raw


class ExecutionPlanEvent(Event):
    """A transaction was planned: everything an executor needs, except the wallet, unless that is given as well.

    `expected_profit` is in raw units of the input token, of a sale by `sniping` and of a liquidation in those of the
    output token (below zero is a cost), and 0 for a purchase that is kept; `expected_profit_usd` is the same at the
    reference price, null where nobody knows one. `gas_estimate` is in compute units, `slippage` in basis points,
    `max_latency` in milliseconds from the moment it is taken, `deadline` a moment in milliseconds since 1970,
    `priority_fee` in micro-lamports for each compute unit. `intent_id` and `step` say which step of which intent it
    carries out.
    """

    stream = "PLANNED"
    subject = "execution.planned"
    model_config = CAMEL

    plan_id: UUID
    opportunity_id: UUID
    strategy: PlanStrategy
    execution_method: ExecutionMethod
    executor: PlanExecutor
    chain_id: ChainId = SOLANA_MAINNET
    routes: Annotated[tuple[SwapRoute, ...], Field(min_length=1, max_length=16)]
    input_token: SolanaAddress
    output_token: SolanaAddress
    input_amount: Raw
    expected_profit: SignedRaw
    expected_profit_usd: Usd | None
    simulation_success: bool
    gas_estimate: Annotated[int, Field(ge=0, le=1_400_000)]
    slippage: Bps
    max_latency: Annotated[int, Field(ge=1, le=3_600_000)]
    deadline: Milliseconds
    priority_fee: Annotated[int, Field(ge=0, lt=2**53)]
    flash_loan: FlashLoan | None = None
    liquidation: PlannedLiquidation | None = None
    priority: PlanPriority = PlanPriority.NORMAL
    risk: MevRisk = MevRisk.LOW
    wallet: SolanaAddress | None = None
    strategy_id: UUID | None = None
    intent_id: UUID | None = None
    step: Annotated[int, Field(ge=0, le=1_000)] = 0
    lookup_tables: Annotated[tuple[SolanaAddress, ...], Field(max_length=16)] = ()
    timestamp: Milliseconds

    @property
    def step_owner(self) -> UUID:
        """Under which id the gate knows the step: the intent's, or the plan's own when it belongs to none."""
        return self.intent_id or self.plan_id

    def event_id(self) -> UUID:
        """The id of the event that says this: the same plan is the same event."""
        return uuid5(NAMESPACE, f"execution plan/{self.plan_id}")

    @model_validator(mode="after")
    def _routes_hang_together(self) -> Self:
        first, last = self.routes[0], self.routes[-1]
        if first.input_mint != self.input_token or last.output_mint != self.output_token:
            raise PydanticCustomError(
                "routes_do_not_connect", "The first route must take inputToken and the last one give outputToken."
            )
        if (self.strategy is PlanStrategy.INTENT) != (self.intent_id is not None):
            raise PydanticCustomError("intent_missing", "intentId is given if and only if strategy is 'intent'.")
        if (self.strategy is PlanStrategy.LIQUIDATION) != (self.liquidation is not None):
            message = "liquidation is given if and only if strategy is 'liquidation'."
            raise PydanticCustomError("liquidation_missing", message)
        return self
