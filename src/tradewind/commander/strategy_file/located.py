"""Data with the line of each of its parts, so that a mistake can be shown where it was made."""

from dataclasses import dataclass, field
from typing import Any

Place = tuple[str | int, ...]


@dataclass(slots=True)
class Located:
    """`data` is what was written; `lines` has the line, from 1, of each key and list item by its place."""

    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    twice: list[Place] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """The line of the part, or of the nearest part around it that has one."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return self.lines.get((), 1)


class Malformed(Exception):
    """The text is not of its format: where, and what is wrong."""

    def __init__(self, line: int, fault: str, remedy: str) -> None:
        super().__init__(fault)
        self.line = line
        self.fault = fault
        self.remedy = remedy
