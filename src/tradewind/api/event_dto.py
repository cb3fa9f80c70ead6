"""What the API shows of events."""

import json
from typing import Annotated

from pydantic import BeforeValidator

from tradewind.api.dto import Shown
from tradewind.domain.events import Envelope


def _envelope(value: object) -> object:
    """An envelope that came as JSON: its body becomes the class that its type names."""
    if not isinstance(value, dict):
        return value
    try:
        return Envelope.from_json(json.dumps(value))
    except KeyError as error:
        raise ValueError(f"an event that this version does not know: {error.args[0]}") from None


class RecordedShown(Shown):
    """An event as it stands in the journal, at `seq`, under the hash that chains it to the one before."""

    seq: int
    hash: str
    envelope: Annotated[Envelope, BeforeValidator(_envelope)]


class EventPage(Shown):
    """Events in order. `next` leads to those that are there already; ask later with `after=up_to_seq` for new ones."""

    events: tuple[RecordedShown, ...]
    up_to_seq: int
    next: str | None
