"""What the chain says a swap would do, before it is signed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatedAmounts:
    """The swap succeeds with these amounts."""

    amount_in_raw: int
    amount_out_raw: int


@dataclass(frozen=True, slots=True)
class SimulatedRevert:
    """The swap fails; `code` is stable, `reason` is the contract's own text, if it gave one."""

    code: str
    reason: str | None


Simulated = SimulatedAmounts | SimulatedRevert
