"""Finds what is no plain data, or more than any check after this one could carry: dates, broken text, huge numbers."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

from tradewind.commander.strategy_file.located import Malformed, Place
from tradewind.commander.strategy_file.nesting import MOST_LEVELS

Said = tuple[Place, tuple[str, str, str]]
MOST_BITS = 1_024
_SHOWN = 4
# Fewer than the interpreter itself refuses to read (sys.set_int_max_str_digits has 640 as its least).
MOST_DIGITS = 600
_DIGITS = re.compile(rf"[0-9](?:_?[0-9]){{{MOST_DIGITS},}}")
# A zero byte ends text for the system; half of a surrogate pair is no character and cannot be written anywhere.
_BROKEN = re.compile("[\0\ud800-\udfff]")
_TOO_DEEP = "nested_too_deeply", f"is nested deeper than {MOST_LEVELS} levels.", "Write it flatter."
_DATE = "date_not_text", "is a date or a time, which no setting is.", "Put it in quotes."
_TOO_LARGE = "value_out_of_range", f"does not fit in {MOST_BITS} bits.", "Write a smaller number."
_BROKEN_TEXT = "text_broken", "holds a zero byte or half of a character.", "Remove it, or write the character itself."
_BROKEN_KEY = "text_broken", "has a key with a zero byte or half of a character.", "Correct that key."


def require_few_digits(text: str) -> None:
    """Raises Malformed. Digits count wherever they stand, before a parser makes a number of them."""
    if (found := _DIGITS.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise Malformed(line, f"has more than {MOST_DIGITS} digits in a row.", "Write a smaller number.")


def not_plain(data: Any) -> Iterator[Said]:
    """The place of each, with its code, fault and remedy."""
    left: list[tuple[Place, Any]] = [((), data)]
    while left:
        place, value = left.pop()
        if (said := _said(place, value)) is not None:
            yield said
        elif isinstance(value, dict):
            left += [((*place, key), part) for key, part in value.items()]
        elif isinstance(value, list):
            left += [((*place, index), part) for index, part in enumerate(value)]


def _said(place: Place, value: Any) -> Said | None:
    if len(place) > MOST_LEVELS:
        # The whole of such a place would be a page.
        return place[:_SHOWN], _TOO_DEEP
    if isinstance(value, datetime.date | datetime.time):
        return place, _DATE
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return place, _TOO_LARGE
    if isinstance(value, str) and _BROKEN.search(value):
        return place, _BROKEN_TEXT
    if isinstance(value, dict) and any(_BROKEN.search(key) for key in value):
        return place, _BROKEN_KEY
    return None
