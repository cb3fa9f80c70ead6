"""What an exchange sent that is not what it documents: the field, and what is wrong with it."""

import json
from collections.abc import Mapping
from typing import cast

from tradewind.errors import TradewindError

_MOST = 2**63 - 1


class Malformed(TradewindError):
    """A message that cannot be part of a book; the book is synchronised anew, nothing else happens."""

    def __init__(self, field: str, code: str, message: str) -> None:
        self.field = field
        super().__init__(code, f"{field}: {message}.")


def parse(text: str | bytes) -> Mapping[str, object]:
    """A JSON object; fractions stay texts, so that no digit is lost. Malformed for anything else."""
    try:
        value: object = json.loads(text, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Malformed("(whole)", "json_malformed", "is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("(whole)", "wrong_type", "must be an object")
    return cast("dict[str, object]", value)


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
