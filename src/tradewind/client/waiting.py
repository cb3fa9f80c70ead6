"""When an intent that is followed has ended."""

from tradewind.client.event_feed import Heard


def ended(heard: Heard) -> bool:
    """Whether this event is the end of its intent; until it is finalized, a reorganisation can still take it back."""
    status = heard.envelope.body.status
    return status is not None and status.is_final
