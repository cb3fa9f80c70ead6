"""An attempt at a step: the signed transaction, or why there is and will be none."""

from dataclasses import dataclass

from tradewind.execution.signer_client import SignedAttempt
from tradewind.venues.simulated import SimulatedAmounts


@dataclass(frozen=True, slots=True)
class Attempt:
    """A signed transaction; `simulated` is what the chain said it would do, when it was signed just now."""

    signed: SignedAttempt
    simulated: SimulatedAmounts | None


@dataclass(frozen=True, slots=True)
class WithoutReceipt:
    """The step ended, and no transaction of its own is or can be on chain."""

    code: str
    message: str
    expired: bool = False
