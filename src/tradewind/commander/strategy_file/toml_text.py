"""Reads TOML, and finds the lines of its keys: the standard library reads it, but does not tell where."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from tradewind.commander.strategy_file.located import Located, Malformed, Place
from tradewind.commander.strategy_file.nesting import MOST_LEVELS

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*\[(\[)?\s*({_NAME})\s*\]")
_KEY = re.compile(rf"^\s*({_NAME})\s*=")
# Deeper places are refused, and have no need of a line.
_MOST_PARTS = MOST_LEVELS + 1


def read_toml(text: str) -> Located:
    """Raises Malformed."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        at = _AT_LINE.search(str(error))
        said = _AT_LINE.sub("", str(error)).strip()
        line = int(at.group(1)) if at else text.count("\n") + 1
        raise Malformed(line, f"is not TOML: {said}.", "Correct it there.") from None
    except RecursionError:
        raise Malformed(1, "is nested too deeply.", "Write it flatter.") from None
    lines: dict[Place, int] = {(): 1}
    for place, line in _keys(text):
        # What looks like a key inside a text of several lines is none.
        if _is_there(data, place):
            lines.setdefault(place, line)
    return Located(data, lines)


def _keys(text: str) -> Iterator[tuple[Place, int]]:
    table: Place = ()
    tables_seen: dict[Place, int] = {}
    for line, content in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(content):
            table = tuple(_parts(header.group(2)))[:_MOST_PARTS]
            for end in range(1, len(table)):
                yield table[:end], line
            if header.group(1):
                index = tables_seen.get(table, 0)
                tables_seen[table] = index + 1
                table = (*table, index)
            yield table, line
        elif key := _KEY.match(content):
            parts = tuple(_parts(key.group(1)))[:_MOST_PARTS]
            for end in range(1, len(parts) + 1):
                yield (*table, *parts[:end]), line


def _parts(name: str) -> Iterator[str]:
    for part in re.findall(_PART, name):
        yield part[1:-1] if part[0] in "\"'" else part


def _is_there(data: Any, place: Place) -> bool:
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True
