"""The limits of the Yellowstone server, and who may use it."""

from dataclasses import dataclass, field

from tradewind.observability.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class GeyserOptions:
    """Everything that can be chosen about the server. `port` 0 takes a free one.

    `tokens` None lets everybody in; else a call must carry one of them in the header `x-token`.
    `ping_every_s` None sends no pings. A subscriber with more than `max_queued_updates` waiting is dropped.
    """

    port: int = 0
    tokens: frozenset[str] | None = None
    ping_every_s: float | None = 15.0
    max_subscribers: int = 64
    max_queued_updates: int = 10_000
    max_filters_per_kind: int = 32
    max_keys_per_filter: int = 1_000
    max_data_slices: int = 16
    clock: Clock = field(default_factory=SystemClock)
