"""The base of every event body: where it is published, and which type and version it is."""

from typing import ClassVar
from uuid import UUID

from tradewind.domain.model import Model
from tradewind.domain.status import IntentStatus

# Ids of events are derived in it from what happened, so that the same fact is the same event.
NAMESPACE = UUID("6f1f3a9e-6a0c-5f0b-9d55-2d1f6f0c7c55")


class Event(Model):
    """Base of every event body. `stream` and `subject` say where it is published."""

    stream: ClassVar[str]
    subject: ClassVar[str]
    version: ClassVar[int] = 1
    status: ClassVar[IntentStatus | None] = None

    @classmethod
    def type_name(cls) -> str:
        """The name under which the type is published."""
        return cls.__name__

    @classmethod
    def subjects(cls) -> tuple[str, ...]:
        """Every subject that an event of this type can be published under, without the id at its end."""
        return (cls.subject,)

    def published_under(self) -> str:
        """The one of `subjects` that this event is published under."""
        return self.subject


class SystemEvent(Event):
    """An event in the life of the service."""

    stream = "SYSTEM"
