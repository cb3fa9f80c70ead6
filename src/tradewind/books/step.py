"""Decimal texts counted in steps of a tick or a lot, exactly: what is no whole number of steps is refused."""

import re
from dataclasses import dataclass
from decimal import Decimal

from tradewind.books.malformed import Malformed
from tradewind.errors import Misconfigured

# Exchanges write prices and sizes with fewer; a longer text is no number of theirs, and long ones cost time.
_LONGEST = 40
_MOST = 2**63 - 1
_STEP = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class Step:
    """`units` of `10**-decimals`."""

    text: str
    units: int
    decimals: int

    @classmethod
    def of(cls, field: str, text: str) -> "Step":
        """A step from its text; its decimals are those that are written, also when they are zeros."""
        whole, _, fraction = text.partition(".")
        if not _STEP.fullmatch(text) or not int(whole + fraction):
            raise Misconfigured(
                "step_malformed", f"{field}: {text!r} is no plain positive decimal.", remedy='Write it as "0.01".'
            )
        return cls(text, int(whole + fraction), len(fraction))

    def count(self, value: object, field: str) -> int:
        """How many steps `value` is: a decimal text, or an int. Malformed names `field` and the fault."""
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise Malformed(field, "decimal_malformed", f"must be a decimal of at most {_LONGEST} characters")
        whole, _, fraction = _plain(text).partition(".")
        digits = whole + fraction[: self.decimals].ljust(self.decimals, "0")
        if not (digits + fraction).isdecimal() or not digits.isascii() or not fraction.isascii():
            raise Malformed(field, "decimal_malformed", f"must be a plain decimal, not {text!r}")
        steps, rest = divmod(int(digits), self.units)
        if rest or fraction[self.decimals :].strip("0"):
            raise Malformed(field, "step_mismatch", f"{text} is not a whole number of steps of {self.text}")
        if steps > _MOST:
            raise Malformed(field, "number_too_large", f"{text} is more than a book holds")
        return steps


def _plain(text: str) -> str:
    """The same number without an exponent, which JSON allows."""
    if "e" not in text and "E" not in text:
        return text
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    # An exponent of a billion is a short text and a long number.
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) <= _LONGEST else text
