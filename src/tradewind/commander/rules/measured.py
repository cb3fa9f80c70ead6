"""What a measure came to: a number in its unit, or why it is unknown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """`value` is in the measure's unit; None is unknown, and `because` says why."""

    value: int | None
    because: str = ""


def unknown(because: str) -> Measured:
    """It neither starts nor stops anything."""
    return Measured(None, because)
