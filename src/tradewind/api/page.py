"""Turns the view of an intent into what the API shows of it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tradewind.api.dto import (
    End,
    FillShown,
    HopShown,
    IntentShown,
    IntentSummary,
    LegShown,
    Moment,
    Outcome,
    PlanShown,
    SliceShown,
    StepShown,
    TransactionShown,
)
from tradewind.api.labels import Labels, milliseconds, moment, percent, plain, price
from tradewind.domain.asset import AssetSpec
from tradewind.domain.events import ExecutionCompleted, ExecutionPartiallyCompleted, ExecutionStepSubmitted
from tradewind.domain.fill import StepResult
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.plan import Exact, ExecutionPlan, PlannedHop, PlannedLeg
from tradewind.domain.slice import Slice
from tradewind.domain.token_list import TokenList
from tradewind.observability.clock import NS_PER_MS, NS_PER_S
from tradewind.state.archive import Summary
from tradewind.state.view import IntentView


def summary_of(found: Summary) -> IntentSummary:
    """One line about an intent."""
    return IntentSummary(
        id=found.intent.id,
        strategy_id=found.intent.strategy_id,
        wallet=found.wallet,
        status=found.status,
        intent_type=found.intent.intent_type,
        wants=wants_of(found.intent),
        priority=found.priority,
        received_at=moment(found.received_at_ns),
        valid_until=moment(found.valid_until_ns),
        links=links_of(found.intent.id),
    )


def page_of(view: IntentView, *, tokens: TokenList, native_symbol: str | None, now_ns: int) -> IntentShown:
    """Everything about an intent; `now_ns` (UTC) tells how much of its time is left."""
    labels = Labels(view.intent, tokens, native_symbol)
    left_ms = max(0, view.valid_until_ns - now_ns) // NS_PER_MS
    return IntentShown(
        id=view.intent.id,
        status=view.status,
        is_final=view.status.is_final,
        is_settled=view.is_settled,
        wants=wants_of(view.intent),
        wallet=view.wallet,
        priority=view.priority,
        received_at=moment(view.received_at_ns),
        received_at_ns=view.received_at_ns,
        valid_until=moment(view.valid_until_ns),
        valid_until_ns=view.valid_until_ns,
        time_left_ms=None if view.status.is_final else left_ms,
        timeline=_timeline(view),
        submitted_by=view.submitted_by,
        cancel_requested=None if view.cancel_requested is None else view.cancel_requested.by,
        slices=_slices(view, labels),
        slices_because=None if view.processed is None else view.processed.because,
        plans=tuple(_plan(plan, labels) for plan in view.plans),
        transactions=tuple(_transaction(sent, view, labels) for sent in view.submitted),
        fill=None if view.completed is None else _fill(view, view.completed, labels),
        end=None if view.code is None else End(code=view.code, message=view.message or ""),
        intent=view.intent,
        links=links_of(view.intent.id),
    )


def wants_of(intent: Intent) -> str:
    """Such as `acquire 1.5 WETH with USDC`."""
    joint = "with" if intent.intent_type is IntentType.ACQUIRE else "for"
    return f"{intent.intent_type} {_size(intent.sized)} {joint} {intent.counter.asset.symbol}"


def _size(spec: AssetSpec) -> str:
    if spec.percentage is not None:
        return f"{plain(spec.percentage)} % of {spec.asset.symbol}"
    return spec.asset.symbol if spec.amount is None else f"{plain(spec.amount)} {spec.asset.symbol}"


def links_of(intent_id: UUID) -> dict[str, str]:
    """Where the API shows an intent, and what can be done with it."""
    own = f"/intents/{intent_id}"
    return {"self": own, "events": f"{own}/events", "stream": f"{own}/events/stream", "cancel": f"{own}/cancel"}


def _timeline(view: IntentView) -> tuple[Moment, ...]:
    before_ns = [view.received_at_ns, *(entry.at_ns for entry in view.timeline)]
    return tuple(
        Moment(
            event=entry.type,
            at=moment(entry.at_ns),
            at_ns=entry.at_ns,
            after_ms=milliseconds(entry.at_ns - view.received_at_ns),
            since_previous_ms=milliseconds(entry.at_ns - previous_ns),
            seq=entry.seq,
        )
        for entry, previous_ns in zip(view.timeline, before_ns, strict=False)
    )


def slice_of(part: Slice, labels: Labels) -> SliceShown:
    """One part of an intent, before anything became of it."""
    token = part.token_out if part.exact is Exact.OUT else part.token_in
    return SliceShown(
        index=part.index,
        amount=labels.amount(part.amount_raw, token),
        not_before=moment(part.not_before_ns) if part.not_before_ns else None,
    )


def _slices(view: IntentView, labels: Labels) -> tuple[SliceShown, ...]:
    ended = {end.slice_index: end for end in view.ended_slices}
    shown = []
    for part in view.slices:
        end = ended.get(part.index)
        facts = {} if end is None else {"outcome": end.outcome, "code": end.code, "message": end.message}
        shown.append(slice_of(part, labels).model_copy(update=facts))
    return tuple(shown)


def _plan(plan: ExecutionPlan, labels: Labels) -> PlanShown:
    return PlanShown(
        plan_id=plan.plan_id,
        slice_index=plan.slice_index,
        executor=plan.executor,
        route=route_of(plan, labels),
        hops=hops_of(plan, labels),
        legs=legs_of(plan, labels),
        reached_percent=reached_of(plan),
        quoted_pay=labels.amount(plan.quoted_in_raw, plan.token_in),
        quoted_get=labels.amount(plan.quoted_out_raw, plan.token_out),
        worst_pay=labels.amount(plan.worst_in_raw, plan.token_in),
        worst_get=labels.amount(plan.worst_out_raw, plan.token_out),
        price_impact_percent=percent(plan.price_impact_ppm),
        fee_percent=percent(plan.fee_ppm),
        expected_network_fee=labels.native(plan.gas.expected_fee_raw),
        worst_network_fee=labels.native(plan.gas.worst_fee_raw),
        deadline=moment(plan.deadline_s * NS_PER_S),
        quoted_at_block=plan.block.number,
        routes_considered=len(plan.considered),
        steps=tuple(
            StepShown(index=step.index, kind=step.kind, venue=step.venue, target=step.target) for step in plan.steps
        ),
    )


def hops_of(plan: ExecutionPlan, labels: Labels) -> tuple[HopShown, ...]:
    """The pools of all legs, in the order of the trade."""
    return _hops(plan.hops, labels)


def _hops(hops: Sequence[PlannedHop], labels: Labels) -> tuple[HopShown, ...]:
    return tuple(
        HopShown(
            venue=hop.venue,
            pool=hop.pool,
            fee_percent=percent(hop.fee_pips),
            pays=labels.amount(hop.amount_in_raw, hop.token_in),
            gets=labels.amount(hop.amount_out_raw, hop.token_out),
        )
        for hop in hops
    )


def legs_of(plan: ExecutionPlan, labels: Labels) -> tuple[LegShown, ...]:
    """The paths of the trade, in the order of execution."""
    return tuple(
        LegShown(
            share_percent=percent(leg.share_ppm),
            route=_path_of(leg, labels),
            hops=_hops(leg.hops, labels),
            pays=labels.amount(leg.amount_in_raw, plan.token_in),
            gets=labels.amount(leg.amount_out_raw, plan.token_out),
            worst_pay=labels.amount(leg.worst_in_raw, plan.token_in),
            worst_get=labels.amount(leg.worst_out_raw, plan.token_out),
        )
        for leg in plan.legs
    )


def reached_of(plan: ExecutionPlan) -> str | None:
    """How much of the best that any routing could do; None where nobody knows."""
    return None if plan.optimality is None else percent(plan.optimality.share_ppm)


def route_of(plan: ExecutionPlan, labels: Labels) -> str:
    """Such as `USDC -(0.05 %)-> WETH`, or `60 % USDC -(0.05 %)-> WETH + 40 % USDC -(0.3 %)-> WETH`."""
    if len(plan.legs) == 1:
        return _path_of(plan.legs[0], labels)
    return " + ".join(f"{percent(leg.share_ppm)} % {_path_of(leg, labels)}" for leg in plan.legs)


def _path_of(leg: PlannedLeg, labels: Labels) -> str:
    hops = "".join(f" -({percent(hop.fee_pips)} %)-> {labels.name(hop.token_out)}" for hop in leg.hops)
    return labels.name(leg.hops[0].token_in) + hops


def _transaction(sent: ExecutionStepSubmitted, view: IntentView, labels: Labels) -> TransactionShown:
    plan = next(plan for plan in view.plans if plan.plan_id == sent.plan_id)
    landed = {result.tx_hash: result for result in view.results}
    result = landed.get(sent.tx_hash)
    return TransactionShown(
        plan_id=sent.plan_id,
        step=sent.step,
        attempt=sent.attempt,
        kind=sent.kind,
        tx_hash=sent.tx_hash,
        nonce=sent.nonce,
        simulated_pay=None if sent.simulated_in_raw is None else labels.amount(sent.simulated_in_raw, plan.token_in),
        simulated_get=None if sent.simulated_out_raw is None else labels.amount(sent.simulated_out_raw, plan.token_out),
        outcome=_outcome(sent, view, landed),
        level=view.level_of(sent),
        block_number=None if result is None else result.block.number,
        block_hash=None if result is None else result.block.hash,
        gas_used=None if result is None else result.gas_used,
        network_fee=None if result is None else labels.native(result.fee_raw),
        revert_reason=None if result is None else result.revert_reason,
    )


def _outcome(sent: ExecutionStepSubmitted, view: IntentView, landed: Mapping[str, StepResult]) -> Outcome:
    """Attempts of a step share a nonce: when the chain took one of them, the others can never land."""
    if sent.tx_hash in landed:
        return landed[sent.tx_hash].outcome.value
    step = (sent.plan_id, sent.step)
    rivals = (other.tx_hash for other in view.submitted if (other.plan_id, other.step) == step)
    return "superseded" if any(rival in landed for rival in rivals) else "pending"


def _fill(view: IntentView, completed: ExecutionCompleted | ExecutionPartiallyCompleted, labels: Labels) -> FillShown:
    plan = view.plans[0]
    paid = labels.amount(completed.filled_in_raw, plan.token_in)
    got = labels.amount(completed.filled_out_raw, plan.token_out)
    return FillShown(
        paid=paid,
        got=got,
        network_fee=labels.native(completed.fee_raw),
        price=price(paid, got, per=view.intent.sized.asset.address),
    )
