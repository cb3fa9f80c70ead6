"""A story told from events, as the service would send them."""

from uuid import UUID

from tests.unit.cli import fill_seen as chain
from tradewind.cli.demo.story import Story
from tradewind.cli.examples import example
from tradewind.domain.events import (
    Envelope,
    ExecutionCompleted,
    ExecutionStepConfirmed,
    ExecutionStepSubmitted,
    IntentEvent,
    IntentSubmitted,
    IntentValidated,
    PlanCreated,
)
from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.intent import Intent
from tradewind.domain.plan import (
    BlockRef,
    ConsideredRoute,
    Exact,
    ExecutionPlan,
    GasEstimate,
    PlannedHop,
    PlannedLeg,
    StepKind,
)
from tradewind.domain.receipt import Priority, PriorityReason
from tradewind.domain.token_list import TokenList

START_NS = 1_763_000_000_000_000_000
PRIORITY = Priority(value=6, reasons=(PriorityReason(points=6, because="every intent starts here"),))
PLAN_ID = UUID(int=7)


def ms(milliseconds: int) -> int:
    """Nanoseconds UTC, this long after the start."""
    return START_NS + milliseconds * 1_000_000


def accepted() -> Story:
    """The intent is understood and accepted; nothing was heard yet."""
    intent = Intent.model_validate_json(example("intent.json"))
    story = Story(TokenList([(42161, chain.WETH), (42161, chain.USDC)]), {chain.POOL.lower(): "WETH/USDC 0.05 %"})
    story.understood(intent, started_ns=ms(0), ended_ns=ms(1))
    story.accepted(intent.id, PRIORITY, status=202, ended_ns=ms(9))
    return story


def hear(story: Story, body: IntentEvent, at_ms: int) -> None:
    """One event of the service."""
    story.hear(Envelope.about_intent(body, at_ns=ms(at_ms)))


def submitted(story: Story) -> IntentSubmitted:
    """The first event."""
    assert story.intent is not None
    return IntentSubmitted(
        intent_id=story.intent.id,
        intent=story.intent,
        wallet=chain.WALLET,
        priority=PRIORITY,
        received_at_ns=ms(2),
        valid_until_ns=ms(300_000),
    )


def planned(story: Story) -> ExecutionPlan:
    """One pool, exact out."""
    assert story.intent is not None
    hop = PlannedHop(
        pool=chain.POOL,
        venue="uniswap_v3",
        token_in=chain.USDC.address,
        token_out=chain.WETH.address,
        fee_pips=500,
        amount_in_raw=chain.PAID_RAW,
        amount_out_raw=chain.WANTED_RAW,
        ticks_crossed=0,
    )
    return ExecutionPlan(
        plan_id=PLAN_ID,
        intent_id=story.intent.id,
        slice_index=0,
        executor="service",
        chain_id=42161,
        wallet=chain.WALLET,
        strategy_id=story.intent.strategy_id,
        block=BlockRef(number=40, hash="0x" + "aa" * 32, timestamp_s=1),
        exact=Exact.OUT,
        token_in=chain.USDC.address,
        token_out=chain.WETH.address,
        quoted_in_raw=chain.PAID_RAW,
        quoted_out_raw=chain.WANTED_RAW,
        worst_in_raw=4_527_135_406,
        worst_out_raw=chain.WANTED_RAW,
        spot_raw=4_500_450_000,
        fee_ppm=500,
        price_impact_ppm=402,
        max_slippage_ppm=5_000,
        legs=(
            PlannedLeg(
                share_ppm=1_000_000,
                amount_in_raw=chain.PAID_RAW,
                amount_out_raw=chain.WANTED_RAW,
                worst_in_raw=4_527_135_406,
                worst_out_raw=chain.WANTED_RAW,
                hops=(hop,),
            ),
        ),
        considered=(ConsideredRoute(pools=(chain.POOL,), amount_raw=chain.PAID_RAW, cost_raw=4_463, chosen=True),),
        gas=GasEstimate(
            gas_limit=300_000,
            expected_gas=190_000,
            l1_gas=0,
            base_fee_wei=20_000_000,
            max_fee_per_gas_wei=40_000_000,
            max_priority_fee_per_gas_wei=0,
        ),
        deadline_s=1,
        steps=(),
    )


def filled() -> Story:
    """From the first event to the fill."""
    story = accepted()
    assert story.intent is not None
    intent_id = story.intent.id
    hear(story, submitted(story), 8)
    validated = IntentValidated(
        intent_id=intent_id,
        amount_raw=chain.WANTED_RAW,
        balance_in_raw=50_000_000_000,
        native_balance_raw=10**19,
        slippage_ceiling_ppm=10_000,
        block_number=40,
    )
    hear(story, validated, 30)
    hear(story, PlanCreated(intent_id=intent_id, plan=planned(story)), 40)
    sent = ExecutionStepSubmitted(
        intent_id=intent_id,
        plan_id=PLAN_ID,
        step=0,
        attempt=1,
        kind=StepKind.SWAP,
        tx_hash=chain.TX_HASH,
        nonce=0,
        simulated_in_raw=chain.PAID_RAW,
        simulated_out_raw=chain.WANTED_RAW,
    )
    hear(story, sent, 60)
    fee_raw = chain.GAS_USED * chain.GAS_PRICE_WEI
    result = StepResult(
        step=0,
        attempt=1,
        outcome=StepOutcome.SUCCEEDED,
        tx_hash=chain.TX_HASH,
        nonce=0,
        block=BlockRef(number=41, hash="0x" + "bb" * 32, timestamp_s=2),
        gas_used=chain.GAS_USED,
        gas_price_wei=chain.GAS_PRICE_WEI,
        fee_raw=fee_raw,
    )
    hear(story, ExecutionStepConfirmed(intent_id=intent_id, plan_id=PLAN_ID, result=result), 90)
    done = ExecutionCompleted(
        intent_id=intent_id,
        plan_id=PLAN_ID,
        filled_in_raw=chain.PAID_RAW,
        filled_out_raw=chain.WANTED_RAW,
        fee_raw=fee_raw,
    )
    hear(story, done, 90)
    story.settled(at_ns=ms(100), status="COMPLETED")
    return story
