"""How amounts read on a terminal."""

from decimal import Decimal

from tradewind.api.dto import Amount


def amount_text(amount: Amount) -> str:
    """Such as `1,234.5 WETH`; units of an address for a token that is not listed."""
    if amount.decimal is None:
        return f"{amount.raw} of {amount.token}"
    return f"{Decimal(amount.decimal):,f} {amount.symbol}"


def usd_text(value: Decimal | None) -> str:
    """Such as `$1,234.50`; a dash when there is no price."""
    if value is None:
        return "–"
    sign = "-" if value < 0 else ""
    return f"{sign}${abs(value):,.2f}"
