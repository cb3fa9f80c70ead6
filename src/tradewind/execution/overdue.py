"""Notices what is still open, or not final, long after its time, and says so: an operator has to look.

What a reorganisation opened again is given its time anew.
"""

from tradewind.domain.events import ExecutionStepReorganised
from tradewind.domain.plan import ExecutionPlan
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_S, Clock
from tradewind.state.view import IntentView

# Two windows in which a transaction of the plan could still have landed by itself.
GRACE_S = 120
# Arbitrum is final after some 20 minutes, and after a few hours when Ethereum is slow to finalize.
FINAL_WITHIN_S = 4 * 3_600


def reopened_at_ns(view: IntentView | None) -> int:
    """When the chain last took something of the intent back; 0 when it never did."""
    taken_back = ExecutionStepReorganised.type_name()
    return max((entry.at_ns for entry in view.timeline if entry.type == taken_back), default=0) if view else 0


def is_overdue(view: IntentView, now_ns: int) -> bool:
    """Whether an open intent waits for something that only an operator can mend."""
    return now_ns > max(view.valid_until_ns, reopened_at_ns(view)) + GRACE_S * NS_PER_S


def is_late_to_settle(view: IntentView, now_ns: int) -> bool:
    """Whether an intent that has ended waits for its transactions to become final for longer than that ever takes.

    Its budget stays reserved meanwhile: too few endpoints agree, or the one that is asked no longer follows the chain.
    """
    return view.status.is_final and not view.is_settled and now_ns > view.timeline[-1].at_ns + FINAL_WITHIN_S * NS_PER_S


class Overdue:
    """One step's watch; `view` is that of its intent."""

    def __init__(self, plan: ExecutionPlan, clock: Clock, view: IntentView | None = None) -> None:
        self._plan = plan
        self._clock = clock
        self._latest_ns = max(plan.deadline_s * NS_PER_S, reopened_at_ns(view)) + GRACE_S * NS_PER_S
        self._told = False

    def check(self, what: str) -> None:
        """Raise the alarm the first time that the step is found overdue; `what` is what it waits for."""
        if self._clock.now_ns() > self._latest_ns and not self._told:
            self._told = True
            observe.overdue(intent_id=self._plan.intent_id, what=what)
