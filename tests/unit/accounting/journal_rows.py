"""Rows of a journal as accounts read them: plans with reference prices, and what the chain did with their steps."""

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from tests import builders
from tests.builders import ARBITRUM, USDC, WALLET, WETH
from tradewind.domain import events
from tradewind.domain.event import Event, SystemEvent
from tradewind.domain.events import IntentEvent
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.domain.fill import Fill, StepOutcome
from tradewind.domain.opportunity_event import OpportunityFound
from tradewind.domain.plan import BlockRef, Exact
from tradewind.domain.reference_price import ReferencePrice
from tradewind.streaming.recorded import Recorded

DECIMALS = {(ARBITRUM, USDC.address): 6, (ARBITRUM, WETH.address): 18}
ETHER = 10**18
DOLLAR = 10**6


def block(number: int) -> BlockRef:
    """A block of the only chain there is."""
    return BlockRef(number=number, hash=f"0x{number:064x}", timestamp_s=1_760_000_000 + number)


def price(token: str | None, usd: str, *, stable: bool = False) -> ReferencePrice:
    """A reference price as a plan keeps it."""
    return ReferencePrice(
        token=token,
        usd=Decimal(usd),
        source="a test",
        stable=stable,
        block_number=1,
        block_timestamp_s=1_760_000_000,
    )


def prices(weth_usd: str | None = "2000") -> tuple[ReferencePrice, ...]:
    """USDC is one dollar; WETH and the native coin cost the same, if that is known."""
    stable = price(USDC.address, "1", stable=True)
    return (stable,) if weth_usd is None else (stable, price(WETH.address, weth_usd), price(None, weth_usd))


@dataclass
class Rows:
    """Numbers the events of a journal in the order in which they are made."""

    rows: list[Recorded] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def add(self, body: Event, *, at_ns: int = builders.START_NS) -> Recorded:
        """The event as the next row."""
        if isinstance(body, IntentEvent):
            envelope = builders.envelope(body, at_ns=at_ns)
        elif isinstance(body, (OpportunityFound, ExecutionPlanEvent, ExecutionResultEvent)):
            envelope = events.Envelope.about_plan(body, at_ns=at_ns)
        else:
            assert isinstance(body, SystemEvent)
            envelope = builders.system_envelope(body)
        row = Recorded(next(self.numbers), envelope, "ab" * 32)
        self.rows.append(row)
        return row


@dataclass
class Trade:
    """One intent with a plan of one swap, and the events of its life. Buys or sells WETH for USDC."""

    sold: tuple[str, int]
    bought: tuple[str, int]
    fee_raw: int = 0
    number: int = 100
    reference_prices: tuple[ReferencePrice, ...] = field(default_factory=prices)
    strategy_id: UUID = builders.STRATEGY_ID
    wallet: str = WALLET
    intent_id: UUID = field(default_factory=uuid4)
    plan_id: UUID = field(default_factory=uuid4)
    outcome: StepOutcome = StepOutcome.SUCCEEDED
    quoted: tuple[int, int] | None = None
    exact: Exact = Exact.IN
    changes: dict[str, Any] = field(default_factory=dict)
    round: int = 0

    def planned(self) -> events.PlanCreated:
        """Its plan."""
        quoted = self.quoted or (self.sold[1], self.bought[1])
        return builders.planned(
            self.intent_id,
            plan_id=self.plan_id,
            wallet=self.wallet,
            strategy_id=self.strategy_id,
            token_in=self.sold[0],
            token_out=self.bought[0],
            quoted_in_raw=quoted[0],
            quoted_out_raw=quoted[1],
            exact=self.exact,
            reference_prices=self.reference_prices,
            **self.changes,
        )

    def submitted(self) -> events.ExecutionStepSubmitted:
        """It was sent, and simulated as what it then did."""
        simulated = {"simulated_in_raw": self.sold[1], "simulated_out_raw": self.bought[1]}
        return builders.step_submitted(self.intent_id, self.plan_id).model_copy(update=simulated)

    def confirmed(self, number: int | None = None) -> events.ExecutionStepConfirmed:
        """The chain included it, in this block."""
        fill = Fill(
            token_in=self.sold[0],
            token_out=self.bought[0],
            amount_in_raw=self.sold[1],
            amount_out_raw=self.bought[1],
        )
        result = builders.a_result(
            outcome=self.outcome,
            block=block(self.number if number is None else number),
            fee_raw=self.fee_raw,
            fill=fill if self.outcome is StepOutcome.SUCCEEDED else None,
        )
        return events.ExecutionStepConfirmed(
            intent_id=self.intent_id, plan_id=self.plan_id, result=result, round=self.round
        )

    def reorganised(self) -> events.ExecutionStepReorganised:
        """The chain took it back."""
        body = builders.reorganised(self.intent_id, self.plan_id, round=self.round)
        self.round += 1
        return body

    def finalized(self) -> events.ExecutionStepFinalized:
        """It stands for ever."""
        return builders.finalized(self.intent_id, self.plan_id)

    def completed(self) -> events.ExecutionCompleted:
        """The intent has ended."""
        return builders.completed(self.intent_id, self.plan_id)


def buy(weth_raw: int, usdc_raw: int, **changes: Any) -> Trade:
    """WETH for USDC."""
    return Trade(sold=(USDC.address, usdc_raw), bought=(WETH.address, weth_raw), **changes)


def sell(weth_raw: int, usdc_raw: int, **changes: Any) -> Trade:
    """USDC for WETH."""
    return Trade(sold=(WETH.address, weth_raw), bought=(USDC.address, usdc_raw), **changes)
