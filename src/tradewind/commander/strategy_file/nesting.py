"""Refuses text that is nested deeper than any strategy needs, before a parser follows it down."""

import re

from tradewind.commander.strategy_file.located import Malformed

MOST_LEVELS = 64
_BRACKETS = re.compile(r"[\[\]{}]")


def require_shallow(text: str) -> None:
    """Raises Malformed. Brackets count wherever they stand: one format's text is another one's list."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket.group() in "[{" else max(0, depth - 1)
        if depth > MOST_LEVELS:
            line = text.count("\n", 0, bracket.start()) + 1
            raise Malformed(line, f"is nested deeper than {MOST_LEVELS} levels.", "Close the brackets before.")
