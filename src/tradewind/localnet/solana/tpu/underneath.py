"""What the transaction port needs of the node underneath it, and nothing more."""

from typing import Protocol

from solders.keypair import Keypair

from tradewind.localnet.solana.submission import Submission


class TransactionTaker(Protocol):
    """A node that takes transactions. `addresses` is where its servers are, by name, for `getClusterNodes`."""

    @property
    def identity(self) -> Keypair: ...

    @property
    def addresses(self) -> dict[str, str]: ...

    def submit(self, wire: bytes, *, lane: str) -> Submission: ...
