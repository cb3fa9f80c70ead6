"""What an open intent may still spend: reserved while nothing was sent for it, in flight once it was."""

from collections import Counter
from dataclasses import dataclass, field

from tradewind.domain.intent import IntentType
from tradewind.domain.plan import Exact, ExecutionPlan, PlanStep, StepKind
from tradewind.state.view import IntentView

# Smallest units by (chain, token); the native coin has no token.
Amounts = Counter[tuple[int, str | None]]


@dataclass(slots=True)
class Obligations:
    """At worst. `unplanned` counts the parts whose spending is not known before they are planned."""

    reserved: Amounts = field(default_factory=Counter)
    in_flight: Amounts = field(default_factory=Counter)
    unplanned: int = 0

    def add(self, view: IntentView) -> None:
        """Count an open intent."""
        planned = {plan.slice_index for plan in view.plans}
        ended = {ended.slice_index for ended in view.ended_slices}
        for plan in view.plans:
            if plan.slice_index not in ended:
                self._add_plan(view, plan)
        for part in view.slices:
            if part.index not in planned | ended:
                self._add_unplanned(view, part.amount_raw if part.exact is Exact.IN else None)
        if view.processed is None:
            disposal = view.intent.intent_type is IntentType.DISPOSE and view.validated is not None
            self._add_unplanned(view, view.validated.amount_raw if disposal and view.validated else None)

    def _add_plan(self, view: IntentView, plan: ExecutionPlan) -> None:
        sent = {submitted.step for submitted in view.submitted}
        done = {result.step for result in view.results}
        for step in plan.steps:
            if step.index not in done:
                _count(self.in_flight if step.index in sent else self.reserved, plan, step)

    def _add_unplanned(self, view: IntentView, spent_raw: int | None) -> None:
        """Only a disposal says before it is planned what it will spend."""
        if spent_raw is None:
            self.unplanned += 1
        else:
            self.reserved[view.intent.chain_id, view.intent.sized.asset.address] += spent_raw


def _count(amounts: Amounts, plan: ExecutionPlan, step: PlanStep) -> None:
    amounts[plan.chain_id, None] += plan.gas.worst_fee_raw
    if step.kind is StepKind.SWAP:
        amounts[plan.chain_id, step.token_in] += step.amount_in_raw
