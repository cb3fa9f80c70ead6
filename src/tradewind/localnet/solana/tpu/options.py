"""The limits of the transaction port; the defaults are Agave's for a peer without stake."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TpuOptions:
    """Everything that can be chosen about the port. `port` 0 takes a free one.

    `max_transaction_bytes` is 1,232 for legacy and version 0 transactions, 4,096 where version 1 is on.
    """

    port: int = 0
    max_transaction_bytes: int = 1_232
    max_connections: int = 2_000
    max_connections_per_peer: int = 8
    max_new_connections_per_minute: int | None = 8
    max_concurrent_streams: int = 128
    max_transactions_per_second: int | None = 200
    max_waiting_transactions: int = 10_000
    idle_timeout_s: float = 30.0
