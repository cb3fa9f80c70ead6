"""How many answers were compared, and how many are right."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """How many answers were compared, and how many are right."""

    compared: int = 0
    equal: int = 0

    def add(self, ours: Sequence[object], theirs: Sequence[object]) -> None:
        """The same questions' answers, in the same order."""
        self.compared += len(theirs)
        self.equal += sum(a == b for a, b in zip(ours, theirs, strict=True))

    def add_one(self, *, right: bool) -> None:
        """One answer that was proven otherwise."""
        self.compared += 1
        self.equal += right
