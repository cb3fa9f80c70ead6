"""What the sender of an intent gets back at once: the receipt with its priority explained, or how a cancel went."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradewind.domain.model import Model
from tradewind.domain.status import IntentStatus


class PriorityReason(Model):
    """One thing that raised or lowered the priority, in points."""

    points: int
    because: str


class Priority(Model):
    """1 (can wait) to 10 (now), with the reasons that add up to it."""

    value: Annotated[int, Field(ge=1, le=10)]
    reasons: tuple[PriorityReason, ...]


class IntentReceipt(Model):
    """Proof of acceptance: the intent is on disk. Times are nanoseconds UTC."""

    id: UUID
    status: IntentStatus
    priority: Priority
    received_at_ns: int
    valid_until_ns: int
    links: dict[str, str]


class CancelOutcome(Model):
    """What a cancel could still stop.

    `status` is that of the intent when the answer was given, `message` says what follows. `sent_transactions` are the
    hashes of what was handed to the chain and has no answer from it yet: that cannot be recalled.
    """

    status: IntentStatus
    message: str
    sent_transactions: tuple[str, ...] = ()
