"""One line of the result table, and when its goal counts as met."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """`ours` and `peer` are medians in `unit`; `ratio` is the median of paired ratios, and higher is better.

    Without a `goal` the row is reported only; `at_most` is one for `ours` itself. Answers that were compared and differ
    fail the row, however fast it is. So does a ratio above `possible`, which says that something else was measured than
    was meant.
    """

    id: str
    what: str
    input: str
    ours: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    goal: float | None = None
    at_most: float | None = None
    possible: float | None = None
    answers_compared: int = 0
    answers_equal: int = 0
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether every answer that was compared is the right one."""
        return self.answers_equal == self.answers_compared

    @property
    def credible(self) -> bool:
        """Whether the ratio is one that can be."""
        return self.ratio is None or self.possible is None or self.ratio <= self.possible

    @property
    def met(self) -> bool | None:
        """None: there is no goal, and nothing is wrong."""
        if not (self.exact and self.credible):
            return False
        if self.goal is None and self.at_most is None:
            return None
        fast = self.at_most is None or self.ours <= self.at_most
        faster = self.goal is None or (self.ratio is not None and self.ratio >= self.goal)
        return self.answers_compared > 0 and fast and faster

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in results.json."""
        notes = list(self.notes)
        if not self.credible:
            notes.insert(0, f"NOT CREDIBLE: a ratio above {self.possible:g} cannot be; do not use this row.")
        if not self.exact:
            wrong = self.answers_compared - self.answers_equal
            notes.insert(0, f"FAILED: {wrong} of {self.answers_compared} answers are wrong; an inexact answer is none.")
        return {
            "id": self.id,
            "what": self.what,
            "input": self.input,
            "ours": rounded(self.ours),
            "peer": rounded(self.peer),
            "unit": self.unit,
            "ratio": rounded(self.ratio),
            "goal": self.goal,
            "at_most": self.at_most,
            "met": self.met,
            "answers_compared": self.answers_compared,
            "answers_equal": self.answers_equal,
            "notes": notes,
        }


def rounded(value: float | None) -> float | None:
    """Four significant digits: a measurement has no more."""
    return None if value is None else float(f"{value:.4g}")
