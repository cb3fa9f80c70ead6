"""The attempts at a step: its signed transactions, or why there is none and will be none."""

from dataclasses import dataclass

from tradewind.execution.signer_answers import SignedAttempt
from tradewind.venues.simulated import SimulatedAmounts


@dataclass(frozen=True, slots=True)
class Attempts:
    """Every signed transaction of a step, in order: they share a nonce, so one of them at most takes effect.

    `simulated` is what the chain said the last one would do, when it was signed just now.
    """

    signed: tuple[SignedAttempt, ...]
    simulated: SimulatedAmounts | None = None

    @property
    def nonce(self) -> int:
        """The step's nonce, for ever."""
        return self.signed[0].nonce

    @property
    def last(self) -> SignedAttempt:
        """The newest one."""
        return self.signed[-1]

    def by_hash(self, tx_hash: str) -> SignedAttempt | None:
        """The one with this hash."""
        return next((attempt for attempt in self.signed if attempt.tx_hash == tx_hash), None)


@dataclass(frozen=True, slots=True)
class WithoutReceipt:
    """The step ended, and no transaction of its own is or can be on chain."""

    code: str
    message: str
    expired: bool = False
    cancelled: bool = False
