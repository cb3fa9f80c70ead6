"""Writes a plan down: the chosen route with everything it rests on, and the steps that carry it out."""

from uuid import UUID, uuid5

from tradewind.core import Alternative, Route
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ConsideredRoute, ExecutionPlan, PlanStep, StepKind
from tradewind.domain.reference_price import ReferencePrice
from tradewind.domain.slice import Slice
from tradewind.planning.quoting import BestQuote, Spending


def draft_plan(
    intent: Intent,
    part: Slice,
    best: BestQuote,
    *,
    wallet: str,
    deadline_s: int,
    executor: str,
    first_step: int = 0,
    reference_prices: tuple[ReferencePrice, ...] = (),
) -> ExecutionPlan:
    """The plan of one slice. Its steps count on from `first_step`: their numbers are unique within the intent."""
    return ExecutionPlan(
        plan_id=plan_id_of(intent.id, part.index),
        intent_id=intent.id,
        slice_index=part.index,
        executor=executor,
        chain_id=intent.chain_id,
        wallet=wallet,
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
        steps=steps(best, first_step),
        reference_prices=reference_prices,
    )


def steps(best: BestQuote, first_step: int) -> tuple[PlanStep, ...]:
    """One transaction where the token takes permits or is allowed already; an approval before it otherwise."""
    if best.spending is not Spending.APPROVAL:
        return (_step(StepKind.SWAP, first_step, best, target=best.venue.spender),)
    return (
        _step(StepKind.APPROVE, first_step, best, target=best.route.token_in),
        _step(StepKind.SWAP, first_step + 1, best, target=best.venue.spender),
    )


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
