"""The streams of the bus and the subjects that belong to each; one table, for publishers, consumers and operators."""

from dataclasses import dataclass

from tradewind.domain.event import SystemEvent
from tradewind.domain.events import Envelope


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A stream by the name that this project calls it, and what it holds."""

    name: str
    subjects: tuple[str, ...]


INTENTS = StreamSpec("INTENTS", ("intent.>",))
OPPORTUNITIES = StreamSpec("OPPORTUNITIES", ("opportunity.>",))
PLANNED = StreamSpec("PLANNED", ("execution.planned.>",))
EXECUTED = StreamSpec("EXECUTED", ("executed.>",))
SYSTEM = StreamSpec("SYSTEM", ("system.>", "metrics.>", "request.>"))
STREAMS = (INTENTS, OPPORTUNITIES, PLANNED, EXECUTED, SYSTEM)


def bus_subject(envelope: Envelope) -> str:
    """Where an event is published on the bus: those of the service itself under their bare subject."""
    if isinstance(envelope.body, SystemEvent):
        return envelope.body.published_under()
    return envelope.subject
