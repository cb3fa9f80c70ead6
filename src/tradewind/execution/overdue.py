"""Notices a step that is still open long after its deadline, and says so once: an operator has to look."""

from tradewind.domain.plan import ExecutionPlan
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock

NS_PER_S = 1_000_000_000
# Two windows in which a transaction of the plan could still have landed by itself.
GRACE_S = 120


class Overdue:
    """One step's watch."""

    def __init__(self, plan: ExecutionPlan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._told = False

    def check(self, what: str) -> None:
        """Raise the alarm the first time that the step is found overdue; `what` is what it waits for."""
        late_ns = self._clock.now_ns() - (self._plan.deadline_s + GRACE_S) * NS_PER_S
        if late_ns > 0 and not self._told:
            self._told = True
            observe.overdue(intent_id=self._plan.intent_id, what=what)
