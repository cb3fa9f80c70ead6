"""Gives each intent a priority from 1 to 10, by rules that explain themselves."""

from typing import Protocol

from tradewind.domain.intent import ExecutionStyle, Intent, IntentType
from tradewind.domain.receipt import Priority, PriorityReason

BASE_POINTS = 4
# The shorter the window, the more a delay costs: (window below which, in ms; points).
WINDOW_POINTS = ((30_000, 3), (120_000, 2), (600_000, 1))
HIGH_URGENCY = 0.8
HIGH_VOLATILITY = 0.8


class Prioritizer(Protocol):
    """Anything that can say how urgent an intent is."""

    def prioritise(self, intent: Intent) -> Priority:
        """The priority of `intent`, with its reasons."""
        ...


class RulePrioritizer:
    """Adds points for what makes waiting costly. A shorter window never lowers the priority."""

    def prioritise(self, intent: Intent) -> Priority:
        """The sum of the points, held within 1 and 10."""
        reasons = [PriorityReason(points=BASE_POINTS, because="to start with"), *_reasons(intent)]
        total = sum(reason.points for reason in reasons)
        return Priority(value=min(10, max(1, total)), reasons=tuple(reasons))


def _reasons(intent: Intent) -> list[PriorityReason]:
    constraints = intent.constraints
    found: list[PriorityReason] = []
    for below_ms, points in WINDOW_POINTS:
        if constraints.time_window_ms <= below_ms:
            window_s = constraints.time_window_ms / 1000
            because = f"a window of {window_s:g} s ({below_ms // 1000} s or less)"
            found.append(PriorityReason(points=points, because=because))
            break
    if constraints.execution_style is ExecutionStyle.AGGRESSIVE:
        found.append(PriorityReason(points=1, because="asks for speed"))
    else:
        found.append(PriorityReason(points=-1, because="asks for little market impact, not for speed"))
    if intent.intent_type is IntentType.DISPOSE:
        found.append(PriorityReason(points=1, because="lowers a position, hence risk"))
    return found + _feature_reasons(intent)


def _feature_reasons(intent: Intent) -> list[PriorityReason]:
    features = intent.ml_features
    if features is None:
        return []
    found: list[PriorityReason] = []
    if features.urgency is not None and features.urgency >= HIGH_URGENCY:
        found.append(PriorityReason(points=2, because="its sender calls it urgent"))
    volatile = features.market_volatility is not None and features.market_volatility >= HIGH_VOLATILITY
    if volatile and intent.intent_type is IntentType.DISPOSE:
        found.append(PriorityReason(points=1, because="sells into a volatile market"))
    return found
