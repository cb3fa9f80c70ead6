"""How prices and shares read: exact fractions, shortened for people only here."""

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

from tradewind.cli.pools.tokens import TokenNames

_TEN_DIGITS = Context(prec=10)


def price_text(names: TokenNames, price: tuple[int, int], token_in: str, token_out: str) -> str:
    """Such as `1,617.003 USDC per WETH`, from raw output per raw input."""
    of_in, of_out = names.of(token_in).decimals, names.of(token_out).decimals
    raw = of_in is None or of_out is None
    value = Fraction(*price) * (1 if raw else Fraction(10) ** ((of_in or 0) - (of_out or 0)))
    unit = f"{names.label(token_out)} per {names.label(token_in)}"
    return f"{ten_digits(value)} {'raw ' if raw else ''}{unit}"


def ten_digits(value: Fraction) -> str:
    """Ten digits of it, with thousands separated."""
    short = _TEN_DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{short.normalize(_TEN_DIGITS):,f}"


def percent(ppm: int) -> str:
    """Parts per million as per cent, such as `0.05 %`."""
    return f"{(Decimal(ppm) / 10_000).normalize():f} %"


def shares_percent(parts: list[int]) -> list[str]:
    """Each part of the whole with two decimals; they sum to one hundred."""
    whole = sum(parts)
    exact = [Fraction(part * 10_000, whole) for part in parts]
    units = [int(share) for share in exact]
    by_rest: Callable[[int], Fraction] = lambda place: units[place] - exact[place]  # noqa: E731
    for place in sorted(range(len(parts)), key=by_rest)[: 10_000 - sum(units)]:
        units[place] += 1
    return [f"{unit // 100}.{unit % 100:02d} %" for unit in units]
