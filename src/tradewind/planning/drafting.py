"""Writes a plan down: the chosen route with everything it rests on, and the steps that carry it out."""

from uuid import UUID, uuid5

from tradewind.domain.intent import Intent
from tradewind.domain.plan import ConsideredRoute, ExecutionPlan, PlanStep, StepKind
from tradewind.domain.reference_price import ReferencePrice
from tradewind.domain.slice import Slice
from tradewind.planning.quoting import BestQuote
from tradewind.planning.terms import Spending
from tradewind.venues.trade_quote import SinglePath, TradeQuote


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
        legs=best.legs,
        optimality=best.route.optimality,
        considered=considered_routes(best.route),
        gas=best.terms.gas,
        deadline_s=deadline_s,
        steps=steps(best, first_step),
        reference_prices=reference_prices,
    )


def steps(best: BestQuote, first_step: int) -> tuple[PlanStep, ...]:
    """One transaction where the token takes permits or is allowed already; an approval before it otherwise."""
    if best.terms.spending is not Spending.APPROVAL:
        return (_step(StepKind.SWAP, first_step, best, target=best.terms.target),)
    return (
        _step(StepKind.APPROVE, first_step, best, target=best.route.token_in),
        _step(StepKind.SWAP, first_step + 1, best, target=best.terms.target),
    )


def _step(kind: StepKind, index: int, best: BestQuote, *, target: str | None) -> PlanStep:
    return PlanStep(
        index=index,
        kind=kind,
        venue=best.venue.name,
        target=target,
        spender=best.terms.spender,
        token_in=best.route.token_in,
        amount_in_raw=best.worst_in_raw,
        with_permit=best.terms.spending is Spending.PERMIT,
    )


def considered_routes(route: TradeQuote) -> tuple[ConsideredRoute, ...]:
    """What was chosen, and the best single path of each length that was not, best first."""
    amount_raw = route.amount_out_raw if route.exact == "in" else route.amount_in_raw
    pools = tuple(hop.pool for hop in route.hops)
    chosen = ConsideredRoute(pools=pools, amount_raw=amount_raw, cost_raw=route.cost_raw, chosen=True)
    others = (path for path in route.paths if len(route.legs) > 1 or path.pools != pools)
    return (chosen, *(_considered(path) for path in others))


def _considered(path: SinglePath) -> ConsideredRoute:
    return ConsideredRoute(pools=path.pools, amount_raw=path.amount_raw, cost_raw=path.cost_raw, chosen=False)


def plan_id_of(intent_id: UUID, slice_index: int) -> UUID:
    """The id of a slice's plan: the same after a crash as before."""
    return uuid5(intent_id, f"plan/{slice_index}")
