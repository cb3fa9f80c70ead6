"""Decimals that may be below zero: reference US dollars and whole units of an asset, as plain strings at the edge."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_PLAIN = re.compile(r"-?(0|[1-9][0-9]{0,77})(\.[0-9]{1,77})?")
_SCHEMA = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,77})(\.[0-9]{1,77})?$"}


def _parse(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("amount_malformed", 'must be a plain decimal string such as "-12.50".')


def plain_usd(value: Decimal) -> str:
    """Digits and at most one point, without trailing zeros; zero has no sign."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


Usd = Annotated[
    Decimal,
    BeforeValidator(_parse),
    PlainSerializer(plain_usd, return_type=str),
    WithJsonSchema(_SCHEMA, mode="serialization"),
]
# Whole units of an asset, exact.
Units = Usd
