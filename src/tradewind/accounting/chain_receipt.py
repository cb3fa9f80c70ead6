"""What accounting needs to see of a receipt, whichever client read it."""

from collections.abc import Sequence
from typing import Protocol

from tradewind.domain.plan import BlockRef


class ChainLog(Protocol):
    """One event of a contract."""

    @property
    def address(self) -> str:
        """The contract, in EIP-55 form."""
        ...

    @property
    def topics(self) -> tuple[bytes, ...]:
        """Up to four words; the first tells the kind."""
        ...

    @property
    def data(self) -> bytes:
        """The rest, as ABI words."""
        ...


class ChainReceipt(Protocol):
    """How a transaction ended in a block that is part of the chain."""

    @property
    def tx_hash(self) -> str:
        """0x and 64 digits."""
        ...

    @property
    def block(self) -> BlockRef:
        """Where it is included."""
        ...

    @property
    def succeeded(self) -> bool:
        """False when it was reverted."""
        ...

    @property
    def gas_used(self) -> int:
        """On Arbitrum with its share for L1 data."""
        ...

    @property
    def gas_price_wei(self) -> int:
        """The price paid for one gas."""
        ...

    @property
    def logs(self) -> Sequence[ChainLog]:
        """In order; none when it was reverted."""
        ...
