"""Amounts: decimal strings at the edge, integers of the smallest unit (`_raw`) everywhere else."""

import re
from decimal import ROUND_DOWN, Context, Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_RAW = 2**256 - 1
PPM = 1_000_000

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,77})(\.[0-9]{1,77})?")
# 2^256 has 78 digits; the widest context makes every conversion exact instead of quietly rounded.
_EXACT = Context(prec=400, rounding=ROUND_DOWN)


def parse_decimal(value: object) -> Decimal:
    """A plain positive decimal from its string; numbers, signs, exponents, NaN and infinity are refused."""
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    if not isinstance(value, str):
        raise PydanticCustomError(
            "amount_not_a_string",
            'must be a decimal string such as "1.5", not {kind}: a JSON number would pass through binary '
            "floating point and lose units.",
            {"kind": type(value).__name__},
        )
    if not _DECIMAL.fullmatch(value):
        raise PydanticCustomError(
            "amount_malformed",
            "'{value}' is not a plain decimal. Use digits with at most one point, no sign and no exponent, "
            'such as "1.5".',
            {"value": value[:80]},
        )
    return Decimal(value)


def _positive(value: object) -> Decimal:
    number = parse_decimal(value)
    if number == 0:
        raise PydanticCustomError("amount_zero", "must be greater than zero.")
    return number


def _raw_from_string(value: object) -> int:
    if isinstance(value, bool):
        raise PydanticCustomError("wrong_type", "must be an integer as a decimal string.")
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,78}", value):
        return int(value)
    raise PydanticCustomError("wrong_type", "must be an integer as a decimal string.")


def _plain(value: Decimal) -> str:
    return format(value, "f")


PositiveDecimal = Annotated[Decimal, BeforeValidator(_positive), PlainSerializer(_plain, return_type=str)]
_RAW_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^(0|[1-9][0-9]{0,77})$"}, mode="serialization")
_SIGNED_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,77})$"}, mode="serialization")
Raw = Annotated[
    int,
    BeforeValidator(_raw_from_string),
    Field(ge=0, le=MAX_RAW),
    PlainSerializer(str, return_type=str),
    _RAW_SCHEMA,
]
SignedRaw = Annotated[
    int,
    BeforeValidator(_raw_from_string),
    Field(ge=-MAX_RAW, le=MAX_RAW),
    PlainSerializer(str, return_type=str),
    _SIGNED_SCHEMA,
]


def to_raw(amount: Decimal, decimals: int) -> int:
    """Smallest units of `amount`; raises ValueError when the asset has not that many decimals."""
    scaled = amount.scaleb(decimals, context=_EXACT)
    if scaled != scaled.to_integral_value(context=_EXACT):
        raise ValueError(f"{amount} has more than {decimals} decimals")
    return int(scaled)


def from_raw(amount_raw: int, decimals: int) -> Decimal:
    """The exact decimal of an amount in smallest units."""
    return Decimal(amount_raw).scaleb(-decimals, context=_EXACT)


def format_raw(amount_raw: int, decimals: int, symbol: str = "") -> str:
    """For people: thousands separated, trailing zeros dropped, the symbol behind."""
    value = from_raw(amount_raw, decimals)
    whole, _, fraction = format(value, "f").partition(".")
    text = f"{int(whole):,}"
    if value < 0 and not text.startswith("-"):
        text = f"-{text}"
    if fraction := fraction.rstrip("0"):
        text += f".{fraction}"
    return f"{text} {symbol}".rstrip()


def mul_ppm_floor(amount_raw: int, ppm: int) -> int:
    """`amount_raw * ppm / 1,000,000`, rounded down."""
    return amount_raw * ppm // PPM


def mul_ppm_ceil(amount_raw: int, ppm: int) -> int:
    """`amount_raw * ppm / 1,000,000`, rounded up."""
    return -(-amount_raw * ppm // PPM)
