"""A mistake in a user's file: file, line, field, fault and remedy; and the error that tells all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tradewind.errors import Fault, InvalidInput

_MOST_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` counts from 1; of something that is missing it is the line of what it is missing in."""

    file: Path
    line: int
    field: str
    code: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.fault} {self.remedy}"

    def as_fault(self) -> Fault:
        """For those who show errors of every kind."""
        return Fault(f"line {self.line}: {self.field}", self.code, f"{self.fault} {self.remedy}")


class MistakesInFile(InvalidInput):
    """Every mistake of one file, in the order of its lines."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.field)))
        super().__init__([mistake.as_fault() for mistake in self.mistakes], what=str(self.mistakes[0].file))

    def __str__(self) -> str:
        shown = [f"line {one.line}: {one.field}: {one.fault} {one.remedy}" for one in self.mistakes[:_MOST_SHOWN]]
        more = len(self.mistakes) - len(shown)
        return f"{self.mistakes[0].file}: {'; '.join(shown)}" + (f"; and {more} more" if more else "")
