"""What the servers of this folder need of the node underneath them, and nothing more."""

from collections.abc import Sequence
from typing import Protocol

from solders.keypair import Keypair

from tradewind.localnet.solana.submission import BundleOutcome, Submission


class TransactionTaker(Protocol):
    """As the transaction port sees the node."""

    @property
    def identity(self) -> Keypair: ...

    def submit(self, wire: bytes, *, lane: str) -> Submission: ...

    def register_tpu_quic(self, address: str) -> None: ...
