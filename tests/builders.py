"""Builders: complete, valid nouns of the domain, of which a test changes only what it is about."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from tradewind.domain import events
from tradewind.domain.asset import Asset, AssetSpec
from tradewind.domain.balances import TokenBalance, WalletBalances
from tradewind.domain.event import SystemEvent
from tradewind.domain.execution_plan_event import (
    ExecutionMethod,
    ExecutionPlanEvent,
    PlanExecutor,
    PlanStrategy,
    SwapRoute,
)
from tradewind.domain.execution_result_event import ExecutionResultEvent, ResultStatus
from tradewind.domain.fill import Fill, StepOutcome, StepResult
from tradewind.domain.intent import Intent, IntentConstraints, IntentType
from tradewind.domain.opportunity_event import OpportunityFound, OpportunityHop
from tradewind.domain.plan import (
    BlockRef,
    ConsideredRoute,
    Exact,
    ExecutionPlan,
    GasEstimate,
    PlannedHop,
    PlannedLeg,
    PlanStep,
    StepKind,
)
from tradewind.domain.receipt import Priority, PriorityReason
from tradewind.domain.slice import Slice, SliceOutcome

ARBITRUM = 42161
WETH = Asset(symbol="WETH", address="0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", decimals=18, chain_id=ARBITRUM)
USDC = Asset(symbol="USDC", address="0xaf88d065e77c8cC2239327C5EDb3A432268e5831", decimals=6, chain_id=ARBITRUM)
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
POOL = "0xC6962004f452bE9203591991D15f6b388e09E8D0"
STRATEGY_ID = UUID("a1b2c3d4-e5f6-7890-1234-567890abcdef")
START_NS = 1_760_000_000_000_000_000
TX_HASH = "0x" + "ab" * 32
BLOCK = BlockRef(number=380_000_000, hash="0x" + "cd" * 32, timestamp_s=1_760_000_000)
WINDOW_MS = 300_000

# What a client sends: the example of the product's specification.
INTENT_JSON = """{
  "strategy_id": "a1b2c3d4-e5f6-7890-1234-567890abcdef",
  "intent_type": "acquire",
  "assets": [
    {
      "asset": {
        "symbol": "WETH",
        "address": "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
        "decimals": 18,
        "chain_id": 42161
      },
      "amount": "1.5"
    },
    {
      "asset": {
        "symbol": "USDC",
        "address": "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
        "decimals": 6,
        "chain_id": 42161
      }
    }
  ],
  "constraints": {
    "max_slippage": "0.005",
    "time_window_ms": 300000,
    "execution_style": "aggressive"
  }
}"""


def an_intent(**changes: Any) -> Intent:
    """Acquire 1.5 WETH for USDC."""
    fields: dict[str, Any] = {
        "id": uuid4(),
        "strategy_id": STRATEGY_ID,
        "intent_type": IntentType.ACQUIRE,
        "assets": (AssetSpec(asset=WETH, amount=Decimal("1.5")), AssetSpec(asset=USDC)),
        "constraints": IntentConstraints(max_slippage=Decimal("0.005"), time_window_ms=WINDOW_MS),
    }
    return Intent(**{**fields, **changes})


def a_plan(intent_id: UUID, **changes: Any) -> ExecutionPlan:
    """Buy 1.5 WETH with about 6,000 USDC over one pool. The one leg has the plan's amounts unless `legs` are given."""
    amounts = {"amount_in_raw": 6_000_000_000, "amount_out_raw": 1_500_000_000_000_000_000}
    fields: dict[str, Any] = {
        "plan_id": uuid4(),
        "intent_id": intent_id,
        "slice_index": 0,
        "executor": "service",
        "chain_id": ARBITRUM,
        "wallet": WALLET,
        "strategy_id": STRATEGY_ID,
        "block": BLOCK,
        "exact": Exact.OUT,
        "token_in": USDC.address,
        "token_out": WETH.address,
        "quoted_in_raw": amounts["amount_in_raw"],
        "quoted_out_raw": amounts["amount_out_raw"],
        "worst_in_raw": 6_030_000_000,
        "worst_out_raw": amounts["amount_out_raw"],
        "spot_raw": 5_990_000_000,
        "fee_ppm": 500,
        "price_impact_ppm": 1_170,
        "max_slippage_ppm": 5_000,
        "considered": (ConsideredRoute(pools=(POOL,), amount_raw=6_000_000_000, cost_raw=40_000, chosen=True),),
        "gas": GasEstimate(
            gas_limit=300_000,
            expected_gas=180_000,
            l1_gas=20_000,
            base_fee_wei=10_000_000,
            max_fee_per_gas_wei=20_000_000,
            max_priority_fee_per_gas_wei=0,
        ),
        "deadline_s": 1_760_000_300,
        "steps": (
            PlanStep(
                index=0,
                kind=StepKind.SWAP,
                venue="uniswap_v3",
                target=ROUTER,
                spender=ROUTER,
                token_in=USDC.address,
                amount_in_raw=6_030_000_000,
                with_permit=True,
            ),
        ),
    }
    fields |= changes
    if "legs" not in fields:
        hop = PlannedHop(
            pool=POOL,
            venue="uniswap_v3",
            token_in=USDC.address,
            token_out=WETH.address,
            fee_pips=500,
            ticks_crossed=2,
            **amounts,
        )
        fields["legs"] = (a_leg(fields, fields.pop("hops", (hop,))),)
    return ExecutionPlan(**fields)


def a_leg(of_plan: dict[str, Any], hops: tuple[PlannedHop, ...]) -> PlannedLeg:
    """The only leg of a plan with these amounts."""
    return PlannedLeg(
        share_ppm=1_000_000,
        amount_in_raw=of_plan["quoted_in_raw"],
        amount_out_raw=of_plan["quoted_out_raw"],
        worst_in_raw=of_plan["worst_in_raw"],
        worst_out_raw=of_plan["worst_out_raw"],
        hops=hops,
    )


def with_limits(plan: ExecutionPlan, **worst: int) -> ExecutionPlan:
    """A plan of one leg with other limits, or another deadline."""
    [leg] = plan.legs
    of_leg = {name: value for name, value in worst.items() if name.startswith("worst")}
    return plan.model_copy(update={**worst, "legs": (leg.model_copy(update=of_leg),)})


def a_result(**changes: Any) -> StepResult:
    """The swap of `a_plan`, included in a block and filled."""
    fields: dict[str, Any] = {
        "step": 0,
        "attempt": 0,
        "outcome": StepOutcome.SUCCEEDED,
        "tx_hash": TX_HASH,
        "nonce": 7,
        "block": BLOCK,
        "gas_used": 181_234,
        "gas_price_wei": 10_000_000,
        "fee_raw": 1_812_340_000_000,
        "fill": Fill(
            token_in=USDC.address,
            token_out=WETH.address,
            amount_in_raw=6_001_000_000,
            amount_out_raw=1_500_000_000_000_000_000,
        ),
    }
    return StepResult(**{**fields, **changes})


def submitted(intent: Intent | None = None) -> events.IntentSubmitted:
    """The first event of an intent."""
    return events.IntentSubmitted(
        intent_id=(intent := intent or an_intent()).id,
        intent=intent,
        wallet=WALLET,
        priority=Priority(value=6, reasons=(PriorityReason(points=1, because="the window is short"),)),
        received_at_ns=START_NS,
        valid_until_ns=START_NS + WINDOW_MS * 1_000_000,
    )


def validated(intent_id: UUID) -> events.IntentValidated:
    """The chain agrees."""
    return events.IntentValidated(
        intent_id=intent_id,
        amount_raw=1_500_000_000_000_000_000,
        balance_in_raw=50_000_000_000,
        native_balance_raw=10**19,
        slippage_ceiling_ppm=10_000,
        block_number=BLOCK.number,
    )


def processed(intent_id: UUID) -> events.IntentProcessed:
    """One slice: the whole."""
    whole = Slice(
        index=0,
        exact=Exact.OUT,
        token_in=USDC.address,
        token_out=WETH.address,
        amount_raw=1_500_000_000_000_000_000,
    )
    return events.IntentProcessed(
        intent_id=intent_id, slices=(whole,), because="it fits in one plan", gate_id="ab" * 16
    )


def planned(intent_id: UUID, **changes: Any) -> events.PlanCreated:
    """A plan for the first slice."""
    return events.PlanCreated(intent_id=intent_id, plan=a_plan(intent_id, **changes))


def step_submitted(intent_id: UUID, plan_id: UUID, *, step: int = 0, attempt: int = 0) -> events.ExecutionStepSubmitted:
    """A transaction of the plan was sent."""
    return events.ExecutionStepSubmitted(
        intent_id=intent_id,
        plan_id=plan_id,
        step=step,
        attempt=attempt,
        kind=StepKind.SWAP,
        tx_hash=TX_HASH,
        nonce=7,
        simulated_in_raw=6_001_000_000,
        simulated_out_raw=1_500_000_000_000_000_000,
    )


def step_confirmed(intent_id: UUID, plan_id: UUID, **changes: Any) -> events.ExecutionStepConfirmed:
    """The transaction was included."""
    return events.ExecutionStepConfirmed(intent_id=intent_id, plan_id=plan_id, result=a_result(**changes))


def completed(intent_id: UUID, plan_id: UUID) -> events.ExecutionCompleted:
    """The intent has its fill."""
    return events.ExecutionCompleted(
        intent_id=intent_id,
        plan_id=plan_id,
        filled_in_raw=6_001_000_000,
        filled_out_raw=1_500_000_000_000_000_000,
        fee_raw=1_812_340_000_000,
    )


def failed(intent_id: UUID, plan_id: UUID | None = None) -> events.ExecutionFailed:
    """The intent ended without a fill."""
    return events.ExecutionFailed(
        intent_id=intent_id, plan_id=plan_id, code="step_reverted", message="The swap reverted.", fee_raw=1_000_000
    )


def rejected(intent_id: UUID) -> events.IntentRejected:
    """The intent cannot be carried out."""
    return events.IntentRejected(intent_id=intent_id, code="balance_too_low", message="The wallet holds 0 USDC.")


def expired(intent_id: UUID) -> events.IntentExpired:
    """The deadline passed."""
    return events.IntentExpired(intent_id=intent_id, code="deadline_passed", message="The window closed unplanned.")


def reorganised(intent_id: UUID, plan_id: UUID, *, round: int = 0) -> events.ExecutionStepReorganised:  # noqa: A002
    """The chain took the transaction back."""
    return events.ExecutionStepReorganised(
        intent_id=intent_id, plan_id=plan_id, step=0, tx_hash=TX_HASH, block=BLOCK, round=round
    )


def finalized(intent_id: UUID, plan_id: UUID) -> events.ExecutionStepFinalized:
    """No reorganisation can take the transaction back."""
    return events.ExecutionStepFinalized(
        intent_id=intent_id,
        plan_id=plan_id,
        step=0,
        tx_hash=TX_HASH,
        block=BLOCK,
        finalized=BLOCK,
        endpoints=("http://127.0.0.1:8545",),
    )


def slice_ended(intent_id: UUID, plan_id: UUID | None, **changes: Any) -> events.SliceEnded:
    """The first slice has its fill."""
    fields: dict[str, Any] = {
        "slice_index": 0,
        "outcome": SliceOutcome.FILLED,
        "filled_in_raw": 6_001_000_000,
        "filled_out_raw": 1_500_000_000_000_000_000,
        "fee_raw": 1_812_340_000_000,
    }
    return events.SliceEnded(intent_id=intent_id, plan_id=plan_id, **{**fields, **changes})


def balances_observed(*, opening: bool = True, **changes: Any) -> events.BalancesObserved:
    """The wallet holds 10 ETH, 50,000 USDC and 2 WETH."""
    held = {USDC.address: 50_000_000_000, WETH.address: 2 * 10**18}
    fields: dict[str, Any] = {
        "chain_id": ARBITRUM,
        "wallet": WALLET,
        "block": BLOCK,
        "native_raw": 10**19,
        "tokens": tuple(TokenBalance(token=token, balance_raw=raw) for token, raw in held.items()),
    }
    return events.BalancesObserved(opening=opening, balances=WalletBalances(**{**fields, **changes}))


def lifecycle(intent: Intent | None = None) -> list[events.IntentEvent]:
    """Every event of an intent that is filled, in order."""
    first = submitted(intent)
    plan = planned(first.intent_id)
    plan_id = plan.plan.plan_id
    return [
        first,
        validated(first.intent_id),
        processed(first.intent_id),
        plan,
        step_submitted(first.intent_id, plan_id),
        step_confirmed(first.intent_id, plan_id),
        completed(first.intent_id, plan_id),
        finalized(first.intent_id, plan_id),
    ]


def envelope(body: events.IntentEvent, *, at_ns: int = START_NS) -> events.Envelope:
    """The event, wrapped."""
    return events.Envelope.about_intent(body, at_ns=at_ns)


def system_envelope(body: SystemEvent, *, run_id: UUID | None = None) -> events.Envelope:
    """The event of the service, wrapped."""
    return events.Envelope.about_system(body, event_id=uuid4(), run_id=run_id or uuid4(), at_ns=START_NS)


def one_of_each() -> list[events.Envelope]:
    """One envelope of every type of event there is."""
    of_intents: list[events.IntentEvent] = [
        *lifecycle(),
        rejected(uuid4()),
        expired(uuid4()),
        failed(uuid4()),
        reorganised(uuid4(), uuid4()),
        slice_ended(uuid4(), uuid4()),
        events.IntentCancelRequested(intent_id=uuid4(), by="desk", reason="the signal is gone"),
        events.IntentCancelled(intent_id=uuid4(), code="cancelled", message="Cancelled by desk. Nothing was spent."),
        events.ExecutionStepSeen(intent_id=uuid4(), plan_id=uuid4(), step=0, tx_hash=TX_HASH, block=BLOCK),
        events.ExecutionPartiallyCompleted(
            intent_id=uuid4(),
            code="window_closed",
            message="2 of 3 slices were filled.",
            filled_in_raw=4_000_000_000,
            filled_out_raw=10**18,
            fee_raw=10**12,
        ),
    ]
    of_the_service: list[SystemEvent] = [
        events.ServiceStarted(software="tradewind 0.1.0", open_intents=3, config_digest="ab" * 32),
        events.ServiceStopped(open_intents=0),
        events.KillSwitchEngaged(kill_epoch=1, by="operator", reason="prices look wrong"),
        events.KillSwitchReleased(kill_epoch=1, by="operator"),
        balances_observed(),
        events.HaltRequested(by="operator", reason="prices look wrong"),
        events.ShutdownRequested(by="operator", reason="maintenance"),
        events.ExecutorStopped(executor="jito-executor-1", reason="killswitch", open_plans=0),
        events.PlanLeftToAnother(plan_id=uuid4(), wallet=SOLANA_WALLET),
        receipts_reclaimed(),
        wallet_topped_up(),
    ]
    plan = execution_plan()
    of_plans = [plan_envelope(one) for one in (opportunity_found(), plan, execution_result(plan))]
    asked = events.Envelope.about_request(request_accepted(), at_ns=START_NS)
    return (
        [envelope(body) for body in of_intents]
        + [system_envelope(body) for body in of_the_service]
        + of_plans
        + [asked]
    )


def opportunity_found() -> OpportunityFound:
    """A cycle over two pools that paid, and was planned."""
    there = OpportunityHop(pool=SOLANA_WALLET, input_mint=SOL_MINT, output_mint=USDC_MINT)
    back = OpportunityHop(pool=SOLANA_WALLET, input_mint=USDC_MINT, output_mint=SOL_MINT)
    return OpportunityFound(
        opportunity_id=uuid4(),
        instance="arb",
        slot=435_888_038,
        write_version=17,
        base=SOL_MINT,
        input_amount=10**9,
        expected_profit=1_234_567,
        hops=(there, back),
        not_planned=None,
        timestamp=START_NS // 10**6,
    )


def request_accepted(**changes: Any) -> events.RequestAccepted:
    """What is recorded of a POST of an intent under a key."""
    facts: dict[str, Any] = {
        "owner": "desk",
        "token_id": "0a1b2c3d4e5f",
        "scope": "trade",
        "key": "order-1",
        "method": "POST",
        "path": "/intents",
        "body_sha256": "ab" * 32,
        "intent_id": STRATEGY_ID,
    }
    return events.RequestAccepted(**{**facts, **changes})


SOL_MINT = "So11111111111111111111111111111111111111112"
USDC_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SOLANA_POOL = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"
SOLANA_WALLET = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"
START_MS = START_NS // 1_000_000


def execution_plan(**changes: Any) -> ExecutionPlanEvent:
    """An arbitrage of SOL over USDC and back, to be executed by a service."""
    there = SwapRoute(
        pool=SOLANA_POOL,
        venue="raydium_amm_v4",
        input_mint=SOL_MINT,
        output_mint=USDC_MINT,
        input_amount=10**9,
        output_amount=180_000_000,
        limit_amount=179_000_000,
    )
    back = there.model_copy(
        update={
            "venue": "pumpswap",
            "input_mint": USDC_MINT,
            "output_mint": SOL_MINT,
            "input_amount": 180_000_000,
            "output_amount": 1_002_000_000,
            "limit_amount": 1_000_500_000,
        }
    )
    fields: dict[str, Any] = {
        "plan_id": uuid4(),
        "opportunity_id": uuid4(),
        "strategy": PlanStrategy.ARBITRAGE,
        "execution_method": ExecutionMethod.AUTO,
        "executor": PlanExecutor.SERVICE,
        "routes": (there, back),
        "input_token": SOL_MINT,
        "output_token": SOL_MINT,
        "input_amount": 10**9,
        "expected_profit": 2_000_000,
        "expected_profit_usd": Decimal("0.36"),
        "simulation_success": True,
        "gas_estimate": 250_000,
        "slippage": 50,
        "max_latency": 2_000,
        "deadline": START_MS + 60_000,
        "priority_fee": 1_000,
        "timestamp": START_MS,
    }
    return ExecutionPlanEvent(**{**fields, **changes})


def execution_result(plan: ExecutionPlanEvent, **changes: Any) -> ExecutionResultEvent:
    """The plan landed with a little more than it promised."""
    fields: dict[str, Any] = {
        "execution_id": uuid4(),
        "plan_id": plan.plan_id,
        "opportunity_id": plan.opportunity_id,
        "outcome": ResultStatus.SUCCESS,
        "signature": "5" * 88,
        "block_slot": 300_000_000,
        "confirmation_time": 812,
        "expected_profit": plan.expected_profit,
        "actual_profit": 2_100_000,
        "actual_profit_usd": Decimal("0.378"),
        "execution_cost": 15_000,
        "net_profit": 2_085_000,
        "latency": 900,
        "execution_method": ExecutionMethod.JITO_BUNDLE,
        "executor_name": "jito-executor-1",
        "timestamp": START_MS + 900,
    }
    return ExecutionResultEvent(**{**fields, **changes})


def plan_envelope(plan: OpportunityFound | ExecutionPlanEvent | ExecutionResultEvent) -> events.Envelope:
    """The plan or result as it is published."""
    return events.Envelope.about_plan(plan, at_ns=START_NS)


def receipts_reclaimed(*, wallet: str = SOLANA_WALLET, **changed: Any) -> events.ReceiptsReclaimed:
    """Eight rents that came back."""
    fields: dict[str, Any] = {
        "chain_id": 101,
        "signature": "5" * 88,
        "block": BlockRef(number=1_700, hash="slot 1700", timestamp_s=1_795_265_190),
        "receipts": 8,
        "lamports_back": 8 * 890_880,
        "fee_lamports": 5_025,
    }
    return events.ReceiptsReclaimed(wallet=wallet, **(fields | changed))


def wallet_topped_up(**changed: Any) -> events.WalletToppedUp:
    """A tenth of a SOL from the treasury."""
    fields: dict[str, Any] = {
        "chain_id": 101,
        "treasury": USDC_MINT,
        "wallet": SOLANA_WALLET,
        "signature": "4" * 88,
        "block": BlockRef(number=1_700, hash="slot 1700", timestamp_s=1_795_265_190),
        "lamports": 100_000_000,
        "fee_lamports": 5_010,
    }
    return events.WalletToppedUp(**(fields | changed))
