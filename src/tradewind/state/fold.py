"""The fold: a view and the next event give the next view. Pure, so that it can always be repeated and compared."""

from tradewind.domain.events import (
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionStepConfirmed,
    ExecutionStepSubmitted,
    IntentEvent,
    IntentExpired,
    IntentProcessed,
    IntentRejected,
    IntentSubmitted,
    IntentValidated,
    PlanCreated,
)
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
        timeline=(_entry(recorded),),
        first_seq=recorded.seq,
        last_seq=recorded.seq,
    )


def _status_after(status: IntentStatus, body: IntentEvent, recorded: Recorded) -> IntentStatus:
    following = body.status
    # A second slice is planned while the first is in flight.
    if following is IntentStatus.PROCESSING and status is IntentStatus.PROCESSING:
        return status
    if following is not None:
        return status.moved_to(following)
    if status.is_final:
        raise ImpossibleHistory(recorded, f"the intent has ended {status}")
    return status


def _facts(view: IntentView, body: IntentEvent) -> dict[str, object]:
    facts: dict[str, object]
    match body:
        case IntentValidated():
            facts = {"validated": body}
        case IntentProcessed():
            facts = {"slices": body.slices, "gate_id": body.gate_id}
        case PlanCreated():
            facts = {"plans": (*view.plans, body.plan)}
        case ExecutionStepSubmitted():
            facts = {"submitted": (*view.submitted, body)}
        case ExecutionStepConfirmed():
            facts = {"results": (*view.results, body.result)}
        case ExecutionCompleted():
            facts = {"completed": body}
        case IntentRejected() | IntentExpired() | ExecutionFailed():
            facts = {"code": body.code, "message": body.message}
        case _:
            raise TypeError(f"{body.type_name()} has no place in the view of an intent")
    return facts


def _entry(recorded: Recorded) -> TimelineEntry:
    envelope = recorded.envelope
    return TimelineEntry(type=envelope.type, at_ns=envelope.occurred_at, seq=recorded.seq)
