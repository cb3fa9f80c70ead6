"""What the API asks of the chain and the signer, answered from memory: a test sets the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

from tests import builders
from tradewind.accounting.portfolio_view import (
    AssetView,
    HoldingView,
    PortfolioView,
    PriceView,
    StrategyView,
    WalletView,
)
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ExecutionPlan, StepKind
from tradewind.domain.receipt import Priority, PriorityReason
from tradewind.errors import Refused, TradewindError
from tradewind.execution.quotes import Quote, StepQuote
from tradewind.execution.signer_answers import (
    Budget,
    BudgetScope,
    Limit,
    LimitChange,
    Limits,
    PendingRaise,
    PolicyVerdict,
)
from tradewind.intents.preview import Preview, Refusal

USDC_VIEW = AssetView(symbol="USDC", token=builders.USDC.address, decimals=6)
DAY_KEY = f"42161.{builders.USDC.address}.day"


def a_quote(plan: ExecutionPlan | None = None, **changes: object) -> Quote:
    """The plan of `builders.a_plan`, which the signer would sign."""
    plan = plan or builders.a_plan(uuid4())
    preview = Preview(
        wallet=builders.WALLET,
        amount_raw=plan.quoted_out_raw,
        plan=plan,
        slices=builders.processed(plan.intent_id).slices,
        because="one transaction carries the whole intent",
        balance_in_raw=50_000_000_000,
        native_balance_raw=10**19,
    )
    step = StepQuote(0, StepKind.SWAP, bytes.fromhex("02c0"), True, PolicyVerdict(passed=True), None)
    priority = Priority(value=6, reasons=(PriorityReason(points=6, because="every intent starts here"),))
    return Quote(preview.model_copy(update=dict(changes)), priority, (step,))


def refusal(code: str, message: str) -> Refusal:
    """A rule that would turn the intent away."""
    return Refusal(code=code, message=message)


@dataclass
class QuotesInMemory:
    """Gives `answer`, or raises `failure`."""

    answer: Quote = field(default_factory=a_quote)
    failure: TradewindError | None = None
    asked: list[Intent] = field(default_factory=list)

    async def quote(self, intent: Intent) -> Quote:
        self.asked.append(intent)
        if self.failure is not None:
            raise self.failure
        return self.answer


class AccountsInMemory:
    """One wallet that holds 50,000 USDC, 6,030 of them promised."""

    async def portfolio(self) -> PortfolioView:
        holding = HoldingView(
            asset=USDC_VIEW,
            balance_raw=50_000_000_000,
            balance=Decimal(50_000),
            usd=Decimal(50_000),
            price=PriceView(usd=Decimal(1), age_s=2, source="configuration", block_number=builders.BLOCK.number),
            reserved_raw=6_030_000_000,
            in_flight_raw=0,
            free_raw=43_970_000_000,
        )
        wallet = WalletView(
            chain_id=builders.ARBITRUM,
            chain="Arbitrum One",
            wallet=builders.WALLET,
            block=builders.BLOCK,
            fault=None,
            holdings=(holding,),
            total_usd=Decimal(50_000),
            unpriced=(),
            unread=(),
        )
        strategy = StrategyView(
            strategy_id=builders.STRATEGY_ID,
            name="example",
            wallet=builders.WALLET,
            chain_id=builders.ARBITRUM,
            open_intents=1,
            reserved=(),
            in_flight=(),
            confirmed_not_final=(),
            position=(),
            unplanned_slices=0,
            realised_usd=Decimal(0),
            gas_usd=Decimal(0),
            unpriced_fills=0,
        )
        return PortfolioView(
            at_ns=builders.START_NS, wallets=(wallet,), strategies=(strategy,), total_usd=Decimal(50_000)
        )


@dataclass
class PolicyInMemory:
    """One daily limit of 200,000 USDC, of which 6,030 are used, and a raise that waits. `failure` makes calls raise."""

    changes: list[tuple[str, str, int, str]] = field(default_factory=list)
    failure: TradewindError | None = None

    async def budgets(self) -> Sequence[Budget]:
        self._fail()
        scope = BudgetScope(wallet=None, strategy_id=None)
        return [
            Budget(
                scope=scope,
                chain_id=builders.ARBITRUM,
                token=builders.USDC.address,
                symbol="USDC",
                window="day",
                limit_raw=200_000_000_000,
                used_raw=6_030_000_000,
            )
        ]

    async def limits(self) -> Limits:
        self._fail()
        late = PendingRaise(value="250000000000", effective_at_ms=1_760_000_600_000, by="desk")
        limit = Limit(
            key=DAY_KEY,
            value="200000000000",
            ceiling="400000000000",
            by="signer.toml",
            since_ms=1_760_000_000_000,
            pending=(late,),
        )
        return Limits(now_ms=1_760_000_000_000, limits=(limit,))

    async def set_limit(self, *, key: str, value: int, by: str) -> LimitChange:
        self._fail()
        if key != DAY_KEY:
            # As the signer answers: a rule says no.
            raise Refused("limit_unknown", f"There is no limit {key}.")
        self.changes.append(("set", key, value, by))
        pending = value > 200_000_000_000
        late_ms = 600_000 if pending else 0
        return LimitChange(key=key, value=str(value), pending=pending, effective_at_ms=1_760_000_000_000 + late_ms)

    async def cancel_raise(self, *, key: str, by: str) -> None:
        self._fail()
        if key != DAY_KEY:
            raise Refused("raise_unknown", f"No raise of {key} waits.")
        self.changes.append(("cancel", key, 0, by))

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
