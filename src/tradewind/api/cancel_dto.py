"""What a cancel takes and answers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradewind.api.dto import Shown
from tradewind.domain.model import Model
from tradewind.domain.status import IntentStatus


class CancelRequest(Model):
    """Stop an intent. The reason is written down beside it."""

    reason: Annotated[str, Field(min_length=1, max_length=500)] = "asked for by its sender"


class CancelShown(Shown):
    """What a cancel came to.

    `status` is that of the intent now. `sent_transactions` were handed to the chain before and cannot be recalled:
    until it has answered them, the intent is open.
    """

    id: UUID
    status: IntentStatus
    is_final: bool
    message: str
    sent_transactions: tuple[str, ...]
    links: dict[str, str]
