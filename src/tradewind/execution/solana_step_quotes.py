"""The transaction that a plan on Solana would come to, and the signer's word on it."""

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.errors import TradewindError
from tradewind.execution.executors.ports import Blockhashes, Builder, BuildRequest, ComputeBudget, UnsignedTransaction
from tradewind.execution.quotes import StepQuote
from tradewind.execution.signer_answers import PolicyVerdict
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.solana.gate import quoted_of
from tradewind.execution.solana_orders import SolanaOrders


class SolanaStepQuotes:
    """One cluster's. What is shown has no receipt: that is drawn for an intent alone."""

    def __init__(
        self, *, orders: SolanaOrders, builder: Builder, blockhashes: Blockhashes, signer: SignerClient
    ) -> None:
        self._orders = orders
        self._builder = builder
        self._blockhashes = blockhashes
        self._signer = signer

    async def of(self, plan: ExecutionPlan) -> tuple[StepQuote, ...]:
        """As it would be now."""
        return tuple([await self._step(plan, step) for step in plan.steps])

    async def _step(self, plan: ExecutionPlan, step: PlanStep) -> StepQuote:
        order = self._orders.order(plan, step)
        request = BuildRequest(
            plan=order,
            wallet=plan.wallet,
            blockhash=await self._blockhashes.latest(),
            compute_budget=ComputeBudget(order.gas_estimate, order.priority_fee),
        )
        unsigned = await self._builder.build(request)
        verdict: PolicyVerdict | None = None
        fault: TradewindError | None = None
        try:
            verdict = await self._check(order, unsigned, plan.wallet)
        except TradewindError as error:
            fault = error
        return StepQuote(step.index, step.kind, unsigned.message, False, verdict, fault)

    async def _check(self, order: ExecutionPlanEvent, unsigned: UnsignedTransaction, wallet: str) -> PolicyVerdict:
        return await self._signer.check_solana(
            strategy_id=order.strategy_id,
            wallet=wallet,
            chain_id=order.chain_id,
            unsigned_tx=unsigned.message,
            quoted=quoted_of(order),
            lookup_tables={table: dict(enumerate(keys)) for table, keys in unsigned.lookup_tables.items()},
        )
