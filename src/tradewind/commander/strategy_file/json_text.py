"""Reads JSON, and finds the lines of its parts."""

import json
from typing import Any

from tradewind.commander.strategy_file.located import Located, Malformed
from tradewind.commander.strategy_file.yaml_text import read_yaml


def read_json(text: str) -> Located:
    """Raises Malformed. A key that stands twice in one object is told, with the later one's line."""
    try:
        data: Any = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Malformed(error.lineno, f"is not JSON: {error.msg}.", "Correct it there.") from None
    except (RecursionError, ValueError) as error:
        raise Malformed(1, f"is not JSON: {error}.", "Correct it there.") from None
    try:
        # JSON is YAML but for its tabs, which it allows between its words alone.
        located = read_yaml(text.replace("\t", " "))
    except Malformed:
        return Located(data, {(): 1})
    located.data = data
    return located


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
