"""The fold: a view and the next event give the next view. Pure, so that it can always be repeated and compared."""

from tradewind.domain.events import (
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionPartiallyCompleted,
    ExecutionStepConfirmed,
    ExecutionStepFinalized,
    ExecutionStepReorganised,
    ExecutionStepSeen,
    ExecutionStepSubmitted,
    IntentCancelled,
    IntentCancelRequested,
    IntentEvent,
    IntentExpired,
    IntentProcessed,
    IntentRejected,
    IntentSubmitted,
    IntentValidated,
    PlanCreated,
    SliceEnded,
)
from tradewind.domain.fill import StepResult
from tradewind.domain.status import IntentStatus
from tradewind.state.view import IntentView, TimelineEntry
from tradewind.streaming.recorded import Recorded


class ImpossibleHistory(ValueError):
    """An event stands where it cannot: before its intent was submitted, after it ended, or twice."""

    def __init__(self, recorded: Recorded, why: str) -> None:
        super().__init__(f"{recorded.envelope.type} in row {recorded.seq}: {why}")
        self.seq = recorded.seq


def fold(view: IntentView | None, recorded: Recorded) -> IntentView | None:
    """The view after `recorded`; events of the service leave it as it is.

    Raises ImpossibleHistory, or ImpossibleMove when the status cannot follow the one before.
    """
    body = recorded.envelope.body
    if not isinstance(body, IntentEvent):
        return view
    if isinstance(body, IntentSubmitted):
        if view is not None:
            raise ImpossibleHistory(recorded, "the intent has been submitted before")
        return _opened(body, recorded)
    if view is None or view.intent.id != body.intent_id:
        raise ImpossibleHistory(recorded, f"the intent {body.intent_id} is not open")
    status = _status_after(view.status, body, recorded)
    return view.model_copy(
        update={
            **_facts(view, body),
            "status": status,
            "timeline": (*view.timeline, _entry(recorded)),
            "last_seq": recorded.seq,
        }
    )


def _opened(body: IntentSubmitted, recorded: Recorded) -> IntentView:
    return IntentView(
        intent=body.intent,
        status=IntentStatus.PENDING,
        wallet=body.wallet,
        priority=body.priority,
        received_at_ns=body.received_at_ns,
        valid_until_ns=body.valid_until_ns,
        submitted_by=body.submitted_by,
        timeline=(_entry(recorded),),
        first_seq=recorded.seq,
        last_seq=recorded.seq,
    )


def _status_after(status: IntentStatus, body: IntentEvent, recorded: Recorded) -> IntentStatus:
    following = body.status
    # A second slice is planned, or taken back by the chain, while the first is in flight.
    if following is IntentStatus.PROCESSING and status is IntentStatus.PROCESSING:
        return status
    after = status if following is None else status.moved_to(following)
    if status.is_final and not isinstance(body, _AFTER_THE_END):
        raise ImpossibleHistory(recorded, f"the intent has ended {status}")
    return after


# What the chain, or a cancellation that came too late, can still say of an intent that has ended.
_AFTER_THE_END = (ExecutionStepReorganised, ExecutionStepFinalized, IntentCancelRequested)


def _facts(view: IntentView, body: IntentEvent) -> dict[str, object]:
    facts: dict[str, object]
    match body:
        case IntentValidated():
            facts = {"validated": body}
        case IntentCancelRequested():
            facts = {"cancel_requested": body}
        case IntentProcessed():
            facts = {"processed": body}
        case PlanCreated():
            facts = {"plans": (*view.plans, body.plan)}
        case SliceEnded():
            facts = {"ended_slices": (*view.ended_slices, body)}
        case ExecutionCompleted():
            facts = {"completed": body}
        case ExecutionPartiallyCompleted():
            facts = {"completed": body, "code": body.code, "message": body.message}
        case IntentRejected() | IntentExpired() | IntentCancelled() | ExecutionFailed():
            facts = {"code": body.code, "message": body.message}
        case _:
            facts = _facts_of_step(view, body)
    return facts


def _facts_of_step(view: IntentView, body: IntentEvent) -> dict[str, object]:
    facts: dict[str, object]
    match body:
        case ExecutionStepSubmitted():
            facts = {"submitted": (*view.submitted, body)}
        case ExecutionStepSeen():
            facts = {"seen": (*view.seen, body)}
        case ExecutionStepConfirmed():
            facts = {"results": (*_without(view.results, body.result.step), body.result)}
        case ExecutionStepReorganised():
            facts = _taken_back(view, body)
        case ExecutionStepFinalized():
            facts = {"finalized": view.finalized | {body.step}}
        case _:
            raise TypeError(f"{body.type_name()} has no place in the view of an intent")
    return facts


def _taken_back(view: IntentView, body: ExecutionStepReorganised) -> dict[str, object]:
    """The step is as it was before the chain included it, and so is what was concluded from it."""
    return {
        "results": _without(view.results, body.step),
        "seen": tuple(seen for seen in view.seen if seen.step != body.step),
        "reorganised": (*view.reorganised, body),
        "round": view.round + 1,
        "ended_slices": tuple(ended for ended in view.ended_slices if ended.plan_id != body.plan_id),
        "completed": None,
        "code": None,
        "message": None,
    }


def _without(results: tuple[StepResult, ...], step: int) -> tuple[StepResult, ...]:
    return tuple(result for result in results if result.step != step)


def _entry(recorded: Recorded) -> TimelineEntry:
    envelope = recorded.envelope
    return TimelineEntry(type=envelope.type, at_ns=envelope.occurred_at, seq=recorded.seq)
