"""Makes the plan of a slice: asks for the best route at a pinned block and writes down everything it rests on."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from tradewind.core import Alternative, Route
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, IntentExpired, IntentProcessed, IntentRejected, PlanCreated
from tradewind.domain.plan import ConsideredRoute, ExecutionPlan, PlanStep, StepKind
from tradewind.domain.slice import Slice
from tradewind.errors import Disposition, TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.planning.quoting import BestQuote, Quoting, Spending
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded

NS_PER_S = 1_000_000_000


class ExecutionPlanner:
    """Hears IntentProcessed; publishes PlanCreated, or how the intent ended instead."""

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        quoting: Quoting,
        timing: Mapping[int, ChainTiming],
        clock: Clock,
        executor: str,
    ) -> None:
        self._stream = stream
        self._state = state
        self._quoting = quoting
        self._timing = timing
        self._clock = clock
        self._executor = executor

    async def on_processed(self, recorded: Recorded) -> None:
        """Plan the intent, unless it has a plan or has ended."""
        body = recorded.envelope.body
        view = self._state.intent(recorded.envelope.correlation_id)
        if not isinstance(body, IntentProcessed) or view is None or view.status.is_final or view.plans:
            return
        outcome = await self._until_planned(view, body.slices[0])
        envelope = Envelope.about_intent(outcome, at_ns=self._clock.now_ns(), because_of=recorded.envelope.id)
        await self._stream.publish(envelope)

    async def _until_planned(self, view: IntentView, part: Slice) -> PlanCreated | IntentRejected | IntentExpired:
        """Ask until the chain answers or the window closes."""
        intent_id, backoff = view.intent.id, Backoff(self._clock)
        while self._clock.now_ns() < view.valid_until_ns:
            try:
                return PlanCreated(intent_id=intent_id, plan=await self.plan(view, part))
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    return IntentRejected(intent_id=intent_id, code=error.code, message=str(error))
                observe.waiting(intent_id=intent_id, what="planning", code=error.code, message=str(error))
            await backoff.pause()
        message = "The time window closed before a plan could be made. Nothing was spent."
        return IntentExpired(intent_id=intent_id, code="deadline_passed", message=message)

    async def plan(self, view: IntentView, part: Slice) -> ExecutionPlan:
        """The plan of one slice at the newest block."""
        intent, deadline_s = view.intent, self._deadline_s(view)
        await self._quoting.sync(intent)
        best = await self._quoting.best(intent, part.amount_raw, wallet=view.wallet, deadline_s=deadline_s)
        return ExecutionPlan(
            plan_id=plan_id_of(intent.id, part.index),
            intent_id=intent.id,
            slice_index=part.index,
            executor=self._executor,
            chain_id=intent.chain_id,
            wallet=view.wallet,
            strategy_id=intent.strategy_id,
            block=best.block,
            exact=part.exact,
            token_in=part.token_in,
            token_out=part.token_out,
            quoted_in_raw=best.route.amount_in_raw,
            quoted_out_raw=best.route.amount_out_raw,
            worst_in_raw=best.worst_in_raw,
            worst_out_raw=best.worst_out_raw,
            spot_raw=best.route.spot_amount_raw,
            fee_ppm=best.route.fee_ppm,
            price_impact_ppm=best.price_impact_ppm,
            max_slippage_ppm=intent.constraints.max_slippage_ppm,
            hops=best.venue.planned_hops(best.route),
            considered=considered_routes(best.route),
            gas=best.gas,
            deadline_s=deadline_s,
            steps=steps(best),
        )

    def _deadline_s(self, view: IntentView) -> int:
        """The end of the window, or as late as the signer signs for, whichever is sooner."""
        longest_s = self._timing[view.intent.chain_id].max_validity_s
        return min(view.valid_until_ns, self._clock.now_ns() + longest_s * NS_PER_S) // NS_PER_S


def steps(best: BestQuote) -> tuple[PlanStep, ...]:
    """One transaction where the token takes permits or is allowed already; an approval before it otherwise."""
    swap = _step(StepKind.SWAP, 0, best, target=best.venue.spender)
    if best.spending is not Spending.APPROVAL:
        return (swap,)
    approve = _step(StepKind.APPROVE, 0, best, target=best.route.token_in)
    return approve, swap.model_copy(update={"index": 1})


def _step(kind: StepKind, index: int, best: BestQuote, *, target: str) -> PlanStep:
    return PlanStep(
        index=index,
        kind=kind,
        venue=best.venue.name,
        target=target,
        spender=best.venue.spender,
        token_in=best.route.token_in,
        amount_in_raw=best.worst_in_raw,
        with_permit=best.spending is Spending.PERMIT,
    )


def considered_routes(route: Route) -> tuple[ConsideredRoute, ...]:
    """The chosen route and the best of each other length, best first."""
    amount_raw = route.amount_out_raw if route.exact == "in" else route.amount_in_raw
    pools = tuple(hop.pool for hop in route.hops)
    chosen = ConsideredRoute(pools=pools, amount_raw=amount_raw, cost_raw=route.cost_raw, chosen=True)
    return (chosen, *(_considered(other) for other in route.alternatives))


def _considered(other: Alternative) -> ConsideredRoute:
    return ConsideredRoute(pools=tuple(other.pools), amount_raw=other.amount_raw, cost_raw=other.cost_raw, chosen=False)


def plan_id_of(intent_id: UUID, slice_index: int) -> UUID:
    """The id of a slice's plan: the same after a crash as before."""
    return uuid5(intent_id, f"plan/{slice_index}")
