"""Events: facts in the past tense, each type defined once, in one envelope.

An event that can happen only once to its subject gets its id from the subject, so that publishing it again after
a crash is recognised as the same event.
"""

from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, Field, SerializeAsAny
from pydantic_core import PydanticKnownError

from tradewind.domain.event import NAMESPACE, Event, SystemEvent
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.domain.execution_result_event import ExecutionResultEvent
from tradewind.domain.intent_events import (
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
    ReversibleEvent,
    SliceEnded,
)
from tradewind.domain.model import Model
from tradewind.domain.opportunity_event import OpportunityFound
from tradewind.domain.request_event import RequestAccepted
from tradewind.domain.system_events import (
    BalancesObserved,
    ExecutorStopped,
    HaltRequested,
    KillSwitchEngaged,
    KillSwitchReleased,
    PlanLeftToAnother,
    ReceiptsReclaimed,
    ServiceStarted,
    ServiceStopped,
    ShutdownRequested,
    WalletToppedUp,
)

__all__ = [
    "EVENT_TYPES",
    "MOST_NS",
    "BalancesObserved",
    "Envelope",
    "ExecutionCompleted",
    "ExecutionFailed",
    "ExecutionPartiallyCompleted",
    "ExecutionPlanEvent",
    "ExecutionResultEvent",
    "ExecutionStepConfirmed",
    "ExecutionStepFinalized",
    "ExecutionStepReorganised",
    "ExecutionStepSeen",
    "ExecutionStepSubmitted",
    "ExecutorStopped",
    "HaltRequested",
    "IntentCancelRequested",
    "IntentCancelled",
    "IntentEvent",
    "IntentExpired",
    "IntentProcessed",
    "IntentRejected",
    "IntentSubmitted",
    "IntentValidated",
    "KillSwitchEngaged",
    "KillSwitchReleased",
    "OpportunityFound",
    "PlanCreated",
    "PlanLeftToAnother",
    "ReceiptsReclaimed",
    "RequestAccepted",
    "ReversibleEvent",
    "ServiceStarted",
    "ServiceStopped",
    "ShutdownRequested",
    "SliceEnded",
    "WalletToppedUp",
]

# Moments are below it: a journal keeps them as 64-bit integers, and one that does not fit would fail its whole batch.
MOST_NS = 2**63


def _fits(moment_ns: int) -> int:
    if moment_ns >= MOST_NS:
        raise PydanticKnownError("less_than", {"lt": MOST_NS})
    return moment_ns


EVENT_TYPES: dict[str, type[Event]] = {
    event.type_name(): event
    for event in (
        IntentSubmitted,
        IntentValidated,
        IntentRejected,
        IntentExpired,
        IntentCancelRequested,
        IntentCancelled,
        IntentProcessed,
        PlanCreated,
        ExecutionStepSubmitted,
        ExecutionStepSeen,
        ExecutionStepConfirmed,
        ExecutionStepReorganised,
        ExecutionStepFinalized,
        SliceEnded,
        ExecutionCompleted,
        ExecutionPartiallyCompleted,
        ExecutionFailed,
        RequestAccepted,
        ServiceStarted,
        ServiceStopped,
        KillSwitchEngaged,
        KillSwitchReleased,
        BalancesObserved,
        ReceiptsReclaimed,
        WalletToppedUp,
        OpportunityFound,
        ExecutionPlanEvent,
        ExecutionResultEvent,
        HaltRequested,
        ShutdownRequested,
        ExecutorStopped,
        PlanLeftToAnother,
    )
}


class Envelope(Model):
    """An event on its way: who, what, when (nanoseconds UTC), about which intent, because of which event."""

    id: UUID
    type: str
    version: int
    occurred_at: Annotated[int, AfterValidator(_fits)] = Field(ge=0)
    correlation_id: UUID
    causation_id: UUID | None
    body: SerializeAsAny[Event]

    @property
    def stream(self) -> str:
        """The stream it belongs to."""
        return self.body.stream

    @property
    def subject(self) -> str:
        """The subject it is published under, such as `intent.submitted.<id>`."""
        return f"{self.body.published_under()}.{self.correlation_id}"

    @classmethod
    def about_intent(cls, body: IntentEvent, *, at_ns: int, because_of: UUID | None = None) -> Self:
        """Wrap a fact about an intent; the same fact always gets the same id."""
        name = f"{body.intent_id}/{body.type_name()}/{body.occasion()}"
        return cls._wrap(body, uuid5(NAMESPACE, name), body.intent_id, at_ns, because_of)

    @classmethod
    def about_request(cls, body: RequestAccepted, *, at_ns: int) -> Self:
        """Wrap a fact about a request; the same key of the same owner always gets the same id."""
        event_id = body.event_id(body.owner, body.key)
        return cls._wrap(body, event_id, event_id, at_ns, None)

    @classmethod
    def about_plan(
        cls,
        body: OpportunityFound | ExecutionPlanEvent | ExecutionResultEvent,
        *,
        at_ns: int,
        because_of: UUID | None = None,
    ) -> Self:
        """Wrap an opportunity, a plan for an executor or its result; the same fact always gets the same id."""
        return cls._wrap(body, body.event_id(), body.opportunity_id, at_ns, because_of)

    @classmethod
    def about_system(
        cls, body: SystemEvent, *, event_id: UUID, run_id: UUID, at_ns: int, because_of: UUID | None = None
    ) -> Self:
        """Wrap a fact about the service; `run_id` names the run that it belongs to."""
        return cls._wrap(body, event_id, run_id, at_ns, because_of)

    @classmethod
    def _wrap(cls, body: Event, event_id: UUID, correlation: UUID, at_ns: int, cause: UUID | None) -> Self:
        return cls(
            id=event_id,
            type=body.type_name(),
            version=body.version,
            occurred_at=at_ns,
            correlation_id=correlation,
            causation_id=cause,
            body=body,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read an envelope back; an unknown type or version raises pydantic's ValidationError or KeyError."""
        outer = _Outer.model_validate_json(text)
        body_type = EVENT_TYPES[outer.type]
        if outer.version != body_type.version:
            raise KeyError(f"{outer.type} version {outer.version}")
        body = body_type.model_validate(outer.body, strict=False, by_alias=True, by_name=False)
        return cls(**{**dict(outer), "body": body})

    def to_json(self) -> str:
        """The canonical text: what is hashed, stored and sent."""
        return self.model_dump_json()


class _Outer(Model):
    id: UUID
    type: str
    version: int
    occurred_at: int
    correlation_id: UUID
    causation_id: UUID | None
    body: dict[str, object]
