"""The confirmed steps of one chain that a reorganisation could still take back. Follows the journal."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tradewind.domain.events import ExecutionStepConfirmed, ExecutionStepFinalized, ExecutionStepReorganised
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.recorded import Recorded


@dataclass(slots=True, eq=False)
class WatchedStep:
    """`canonical`: its block was found in the chain since the last reorganisation. `missed` counts the looks at which
    the chain had no block at that height."""

    intent_id: UUID
    plan_id: UUID
    result: StepResult
    canonical: bool = False
    missed: int = 0


class WatchedSteps:
    """Give `on_recorded` to the event stream as a tap behind that of the state; call `recover` once before."""

    def __init__(self, state: StateCoordinator, chain_id: int) -> None:
        self._state = state
        self._chain_id = chain_id
        self._steps: dict[tuple[UUID, int], WatchedStep] = {}

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[WatchedStep]:
        return iter(list(self._steps.values()))

    def recover(self) -> None:
        """Watch everything that is confirmed and not finalized."""
        for view in (*self._state.open_intents(), *self._state.unsettled()):
            for result in view.results:
                plan = next((p for p in view.plans if any(step.index == result.step for step in p.steps)), None)
                if result.step not in view.finalized:
                    self._add(plan, result)

    def on_recorded(self, recorded: Recorded) -> None:
        """Watch what was confirmed; let go of what was taken back or finalized."""
        match body := recorded.envelope.body:
            case ExecutionStepConfirmed():
                view = self._state.in_memory(body.intent_id)
                if view is not None:
                    self._add(view.plan_of(body.plan_id), body.result)
            case ExecutionStepReorganised() | ExecutionStepFinalized():
                self._steps.pop((body.intent_id, body.step), None)

    def _add(self, plan: ExecutionPlan | None, result: StepResult) -> None:
        if plan is not None and plan.chain_id == self._chain_id:
            self._steps[plan.intent_id, result.step] = WatchedStep(plan.intent_id, plan.plan_id, result)

    def doubt(self) -> None:
        """The chain has changed: nothing is known to be canonical any more."""
        for step in self._steps.values():
            step.canonical, step.missed = False, 0
