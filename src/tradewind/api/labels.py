"""Names for what is shown: tokens by symbol and decimals, times as ISO 8601, parts per million as percent."""

from datetime import UTC, datetime
from decimal import Context, Decimal

from tradewind.api.dto import Amount
from tradewind.domain.amount import from_raw
from tradewind.domain.chain import native_decimals
from tradewind.domain.intent import Intent
from tradewind.domain.token_list import TokenList
from tradewind.observability.clock import NS_PER_MS, NS_PER_S

# Twelve digits are more than anybody reads; a price is for people and enters no calculation.
_PRICE = Context(prec=12)


class Labels:
    """Renders the amounts of one intent: its own assets first, then whatever the chain's token list knows."""

    def __init__(self, intent: Intent, tokens: TokenList, native_symbol: str | None) -> None:
        self._own = {spec.asset.address: (spec.asset.symbol, spec.asset.decimals) for spec in intent.assets}
        self._chain_id = intent.chain_id
        self._tokens = tokens
        self._native_symbol = native_symbol

    def amount(self, amount_raw: int, address: str) -> Amount:
        """An amount of the token at `address`."""
        known = self._known(address)
        if known is None:
            return Amount(raw=str(amount_raw), decimal=None, symbol=None, token=address)
        symbol, decimals = known
        return Amount(raw=str(amount_raw), decimal=plain(from_raw(amount_raw, decimals)), symbol=symbol, token=address)

    def native(self, amount_raw: int) -> Amount:
        """An amount of the chain's own coin."""
        return Amount(
            raw=str(amount_raw),
            decimal=plain(from_raw(amount_raw, native_decimals(self._chain_id))),
            symbol=self._native_symbol,
            token=None,
        )

    def name(self, address: str) -> str:
        """The symbol of a token, or its address."""
        known = self._known(address)
        return address if known is None else known[0]

    def _known(self, address: str) -> tuple[str, int] | None:
        token = self._tokens.get(self._chain_id, address)
        return self._own.get(address) or (None if token is None else (token.symbol, token.decimals))


def plain(value: Decimal) -> str:
    """Digits and at most one point, without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(ppm: int) -> str:
    """Parts per million as percent: 500 is "0.05"."""
    return plain(Decimal(ppm).scaleb(-4))


def price(paid: Amount, got: Amount, *, per: str) -> str | None:
    """What one unit of the token at `per` cost in the other; None when either side is unknown or nothing moved."""
    base, quote = (paid, got) if paid.token == per else (got, paid)
    if base.decimal is None or quote.decimal is None or Decimal(base.decimal) == 0:
        return None
    return f"{plain(_PRICE.divide(Decimal(quote.decimal), Decimal(base.decimal)))} {quote.symbol} per {base.symbol}"


def moment(at_ns: int) -> str:
    """Nanoseconds UTC as ISO 8601 with milliseconds, rounded down."""
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // NS_PER_MS:03d}Z"


def milliseconds(duration_ns: int) -> float:
    """A duration for people, to the microsecond."""
    return round(duration_ns / NS_PER_MS, 3)
