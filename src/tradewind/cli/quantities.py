"""What people type for sizes, slippage and time, made into exact values; anything ambiguous is refused."""

import re
from decimal import Decimal

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from tradewind.domain.amount import parse_decimal
from tradewind.errors import InvalidInput

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TIME = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def parse_slippage(text: str, option: str = "--slippage") -> Decimal:
    """'0.5%' or '50bps' as a fraction. A bare number is refused: 0.5 could mean half of everything."""
    for unit, shift in (("%", -2), ("bps", -4)):
        if text.endswith(unit):
            return _decimal(text.removesuffix(unit).strip(), option).scaleb(shift)
    message = f"'{text}' has no unit. Write a percentage such as 0.5%, or basis points such as 50bps."
    raise InvalidInput.one(option, "unit_missing", message, what="command line")


def parse_duration_ms(text: str, option: str = "--within") -> int:
    """'30s', '5m', '2h', '1d' or '500ms' in milliseconds."""
    match = _TIME.fullmatch(text)
    if match is None:
        message = f"'{text}' is not a time. Write a whole number and a unit: 30s, 5m, 2h, 1d or 500ms."
        raise InvalidInput.one(option, "time_malformed", message, what="command line")
    return int(match.group(1)) * _UNITS_MS[match.group(2)]


def parse_size(text: str) -> tuple[str, Decimal]:
    """('amount', 1.5) for '1.5', and ('percentage', 25) for '25%'."""
    if text.endswith("%"):
        return "percentage", _decimal(text.removesuffix("%").strip(), "AMOUNT")
    return "amount", _decimal(text, "AMOUNT")


def _decimal(text: str, field: str) -> Decimal:
    try:
        return parse_decimal(text)
    except (PydanticCustomError, ValidationError) as error:
        message = error.message() if isinstance(error, PydanticCustomError) else str(error)
        raise InvalidInput.one(field, "amount_malformed", message, what="command line") from None
