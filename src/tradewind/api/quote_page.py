"""Turns a quote into what the API shows of it."""

from tradewind.api.dto import Amount
from tradewind.api.labels import Labels, moment, percent, price
from tradewind.api.page import hops_of, legs_of, reached_of, route_of, slice_of, wants_of
from tradewind.api.quote_dto import (
    ConsideredShown,
    FundsShown,
    QuoteShown,
    Rejection,
    RouteQuoted,
    SlicingShown,
    TransactionQuoted,
    VerdictShown,
)
from tradewind.domain.intent import Intent
from tradewind.domain.plan import ConsideredRoute, Exact, ExecutionPlan
from tradewind.execution.quotes import Quote, StepQuote
from tradewind.intents.preview import Preview
from tradewind.observability.clock import NS_PER_S


def quote_page(intent: Intent, quote: Quote, labels: Labels) -> QuoteShown:
    """Everything that the quote says, with the reasons against it first."""
    preview = quote.preview
    rejections = (*_refused(preview), *_refused_by_signer(quote))
    return QuoteShown(
        would_be="rejected" if rejections else "accepted",
        code=rejections[0].code if rejections else None,
        message=rejections[0].message if rejections else None,
        rejections=rejections,
        wants=wants_of(intent),
        wallet=preview.wallet,
        priority=quote.priority,
        amount=None if preview.amount_raw is None else labels.amount(preview.amount_raw, intent.sized.asset.address),
        slices=tuple(slice_of(part, labels) for part in preview.slices),
        slices_because=preview.because,
        slicing_considered=_slicing(preview, labels),
        route=None if preview.plan is None else _route(intent, preview.plan, quote.steps, labels),
        funds=None if preview.plan is None else _funds(preview, preview.plan, labels),
    )


def _refused(preview: Preview) -> tuple[Rejection, ...]:
    return tuple(Rejection(code=said.code, message=said.message, field=said.field) for said in preview.refusals)


def _refused_by_signer(quote: Quote) -> tuple[Rejection, ...]:
    said = [step.verdict for step in quote.steps if step.verdict is not None and not step.verdict.passed]
    return tuple(Rejection(code=verdict.rule or "signer_refused", message=verdict.message or "") for verdict in said)


def _slicing(preview: Preview, labels: Labels) -> tuple[SlicingShown, ...]:
    decision = preview.slicing
    if decision is None:
        return ()
    return tuple(
        SlicingShown(
            slices=weighed.slices,
            interval_ms=weighed.interval_ms,
            trade=labels.amount(weighed.trade_raw, decision.counted_in),
            gas=labels.amount(weighed.gas_raw, decision.counted_in),
            price_impact_percent=percent(weighed.price_impact_ppm),
        )
        for weighed in decision.considered
    )


def _route(intent: Intent, plan: ExecutionPlan, steps: tuple[StepQuote, ...], labels: Labels) -> RouteQuoted:
    pay, get = labels.amount(plan.quoted_in_raw, plan.token_in), labels.amount(plan.quoted_out_raw, plan.token_out)
    return RouteQuoted(
        venue=plan.hops[0].venue,
        route=route_of(plan, labels),
        hops=hops_of(plan, labels),
        legs=legs_of(plan, labels),
        reached_percent=reached_of(plan),
        quoted_pay=pay,
        quoted_get=get,
        worst_pay=labels.amount(plan.worst_in_raw, plan.token_in),
        worst_get=labels.amount(plan.worst_out_raw, plan.token_out),
        price=price(pay, get, per=intent.sized.asset.address),
        price_impact_percent=percent(plan.price_impact_ppm),
        fee_percent=percent(plan.fee_ppm),
        gas_limit=plan.gas.limit,
        expected_network_fee=labels.native(plan.gas.expected_fee_raw),
        worst_network_fee=labels.native(plan.gas.worst_fee_raw),
        deadline=moment(plan.deadline_s * NS_PER_S),
        quoted_at_block=plan.block.number,
        considered=tuple(_considered(route, plan, labels) for route in plan.considered),
        transactions=tuple(_transaction(step) for step in steps),
    )


def _considered(route: ConsideredRoute, plan: ExecutionPlan, labels: Labels) -> ConsideredShown:
    counted_in = plan.token_in if plan.exact is Exact.OUT else plan.token_out
    return ConsideredShown(
        route=_pools(plan) if route.chosen else " > ".join(route.pools),
        amount=labels.amount(route.amount_raw, counted_in),
        cost=labels.amount(route.cost_raw, counted_in),
        chosen=route.chosen,
    )


def _pools(plan: ExecutionPlan) -> str:
    return " + ".join(" > ".join(hop.pool for hop in leg.hops) for leg in plan.legs)


def _transaction(step: StepQuote) -> TransactionQuoted:
    return TransactionQuoted(
        step=step.index,
        kind=step.kind,
        unsigned_tx="0x" + step.unsigned_tx.hex(),
        permit_is_blank=step.permit_is_blank,
        policy=_verdict(step),
    )


def _verdict(step: StepQuote) -> VerdictShown:
    if step.verdict is None:
        code, said = ("signer_unreachable", "") if step.fault is None else (step.fault.code, str(step.fault))
        return VerdictShown(verdict="unknown", rule=code, message=said)
    passed = step.verdict.passed
    return VerdictShown(verdict="passed" if passed else "refused", rule=step.verdict.rule, message=step.verdict.message)


def _funds(preview: Preview, plan: ExecutionPlan, labels: Labels) -> FundsShown | None:
    if preview.balance_in_raw is None or preview.native_balance_raw is None:
        return None
    needed_wei = plan.gas.worst_fee_raw
    enough = preview.balance_in_raw >= plan.worst_in_raw and preview.native_balance_raw >= needed_wei
    return FundsShown(
        token=_of(preview.balance_in_raw, plan, labels),
        needed=_of(plan.worst_in_raw, plan, labels),
        native=labels.native(preview.native_balance_raw),
        native_needed=labels.native(needed_wei),
        enough=enough,
    )


def _of(amount_raw: int, plan: ExecutionPlan, labels: Labels) -> Amount:
    return labels.amount(amount_raw, plan.token_in)
