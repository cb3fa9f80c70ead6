"""Between what people write and what chains count: exact both ways, or refused."""

from decimal import Decimal, localcontext

_DIGITS = 200


def raw_of(amount: Decimal, decimals: int) -> int:
    """`Decimal("1.5")` with 9 decimals is 1500000000. Raises ValueError where a unit would have to be cut."""
    with localcontext() as context:
        context.prec = _DIGITS
        scaled = amount.scaleb(decimals)
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            message = f"{amount} has more than {decimals} decimals. Round it first."
            raise ValueError(message)
        return int(scaled)


def decimal_of(amount_raw: int, decimals: int) -> Decimal:
    """1500000000 with 9 decimals is `Decimal("1.5")`."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(amount_raw).scaleb(-decimals).normalize()
