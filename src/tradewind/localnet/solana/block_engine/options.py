"""How a local block engine is to behave: its regions, limits, auction and port numbers."""

from dataclasses import dataclass, field

from tradewind.observability.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class BlockEngineOptions:
    """Everything that can be chosen about a block engine; the defaults are what Jito documents.

    `http_ports` and `grpc_ports` name a port for each region in their order (0 or none: a free one).
    `auction_every_ms` None holds the auction at every slot of the node instead, for tests that move the node by hand.
    `requests_per_second` is per address and region; None lifts the limit. `uuids` None takes any key, and none.
    """

    regions: tuple[str, ...] = ("local",)
    http_ports: tuple[int, ...] = ()
    grpc_ports: tuple[int, ...] = ()
    auction_every_ms: int | None = 50
    requests_per_second: int | None = 1
    minimum_tip_lamports: int = 1_000
    look_back_ms: int = 300_000
    uuids: frozenset[str] | None = None
    max_pending_bundles: int = 1_000
    max_remembered_bundles: int = 10_000
    max_subscribers: int = 32
    max_queued_results: int = 1_000
    max_body_bytes: int = 64 * 1024
    max_known_addresses: int = 4_096
    clock: Clock = field(default_factory=SystemClock)
