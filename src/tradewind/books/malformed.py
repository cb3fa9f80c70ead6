"""What an exchange sent that is not what it documents: the field, and what is wrong with it."""

import json
import re
from collections.abc import Mapping
from typing import cast

from tradewind.errors import TradewindError

_MOST = 2**63 - 1
_DEEPEST = 16
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")


class Malformed(TradewindError):
    """A message that cannot be part of a book; the book is synchronised anew, nothing else happens."""

    def __init__(self, field: str, code: str, message: str) -> None:
        self.field = field
        super().__init__(code, f"{field}: {message}.")


def parse(text: str | bytes) -> Mapping[str, object]:
    """A JSON object; fractions stay texts, so that no digit is lost. Malformed for anything else."""
    try:
        whole = text.decode() if isinstance(text, bytes) else text
        deep = _is_deep(whole)
        value: object = None if deep else json.loads(whole, parse_float=str, parse_constant=_refuse)
    except ValueError:
        raise Malformed("(whole)", "json_malformed", "is not JSON") from None
    if deep:
        raise Malformed("(whole)", "json_malformed", "is not JSON")
    if not isinstance(value, dict):
        raise Malformed("(whole)", "wrong_type", "must be an object")
    return cast("dict[str, object]", value)


def _is_deep(text: str) -> bool:
    """Whether brackets are left after the innermost pairs were taken away as often as a message may be deep.

    The JSON module recurses with the nesting, on the stack of the process.
    """
    brackets = _NO_BRACKETS.sub("", text)
    for _ in range(_DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace("[]", "").replace("{}", "")
    return len(brackets) > _DEEPEST


def integer(values: Mapping[str, object], field: str) -> int:
    """A whole number from 0 that fits 63 bits."""
    value = values.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise Malformed(field, "wrong_type", "must be a whole number from 0 on")
    return value


def items(values: Mapping[str, object], field: str) -> list[object]:
    """A list."""
    value = values.get(field)
    if not isinstance(value, list):
        raise Malformed(field, "wrong_type", "must be a list")
    return cast("list[object]", value)


def mapping(value: object, field: str) -> Mapping[str, object]:
    """An object within the message."""
    if not isinstance(value, dict):
        raise Malformed(field, "wrong_type", "must be an object")
    return cast("dict[str, object]", value)


def same(values: Mapping[str, object], field: str, expected: str) -> None:
    """Refuse a text that is not the expected one."""
    if values.get(field) != expected:
        raise Malformed(field, "not_expected", f"must be {expected!r}")


def _refuse(name: str) -> object:
    raise ValueError(name)
