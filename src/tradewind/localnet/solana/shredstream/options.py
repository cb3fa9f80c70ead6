"""The limits of the entry stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShredstreamOptions:
    """Everything that can be chosen. `port` 0 takes a free one.

    A reader that is more than `max_queued_batches` behind is dropped.
    """

    port: int = 0
    max_subscribers: int = 64
    max_queued_batches: int = 1_000
