"""Follows an intent over HTTP until it is final."""

from collections.abc import AsyncIterator

from tradewind.cli.service_client import ServiceClient
from tradewind.domain.events import Envelope
from tradewind.observability.clock import Clock

POLL_S = 0.1


async def follow(
    service: ServiceClient, intent_id: str, clock: Clock, *, poll_s: float = POLL_S
) -> AsyncIterator[Envelope]:
    """Each event of the intent once, in order, the past ones first; ends after the one that makes it final."""
    seen = 0
    while True:
        events = await service.events(intent_id)
        for envelope in events[seen:]:
            yield envelope
            if envelope.body.status is not None and envelope.body.status.is_final:
                return
        seen = len(events)
        await clock.sleep(poll_s)
