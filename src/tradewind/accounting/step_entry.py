"""One confirmed step as accounts see it, and what it is worth in reference US dollars.

Every amount in dollars is rounded to 18 decimals, half to even, when it is first computed; sums of them are exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from uuid import UUID

from tradewind.domain.amount import PPM, from_raw
from tradewind.domain.chain import native_decimals
from tradewind.domain.fill import Fill, StepOutcome
from tradewind.domain.plan import BlockRef, Exact, StepKind
from tradewind.domain.reference_price import ReferencePrice

# Wide enough that only the rounding to `_USD_UNIT` ever rounds.
WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)
_USD_UNIT = Decimal(1).scaleb(-18)

Decimals = Mapping[tuple[int, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """A step that the chain included. Amounts in smallest units; `prices` as the plan knew them, by token."""

    intent_id: UUID
    plan_id: UUID
    step: int
    attempt: int
    seq: int
    confirmed_at_ns: int
    strategy_id: UUID
    wallet: str
    chain_id: int
    kind: StepKind
    exact: Exact
    outcome: StepOutcome
    token_in: str
    token_out: str
    quoted_in_raw: int
    quoted_out_raw: int
    simulated_in_raw: int | None
    simulated_out_raw: int | None
    fill: Fill | None
    fee_ppm: int
    fee_raw: int
    locked_raw: int
    block: BlockRef
    tx_hash: str
    nonce: int | None
    code: str | None
    prices: Mapping[str | None, ReferencePrice]

    @property
    def slippage_bps(self) -> Decimal | None:
        """How much worse than quoted it was filled, in hundredths of a percent to two decimals; below zero: better."""
        if self.fill is None:
            return None
        if self.exact is Exact.OUT:
            lost, quoted = self.fill.amount_in_raw - self.quoted_in_raw, self.quoted_in_raw
        else:
            lost, quoted = self.quoted_out_raw - self.fill.amount_out_raw, self.quoted_out_raw
        if quoted == 0:
            return None
        return WIDE.divide(Decimal(lost * 10_000), Decimal(quoted)).quantize(Decimal("0.01"), context=WIDE)

    def value_usd(self, decimals: Decimals) -> Decimal | None:
        """What the fill moved: the stable side's amount if there is one; else what was given, at its price.

        One value for both sides, so that no profit comes from two prices that disagree. None when neither is known.
        """
        if self.fill is None:
            return None
        sides = ((self.fill.token_in, self.fill.amount_in_raw), (self.fill.token_out, self.fill.amount_out_raw))
        priced = [(self.prices[token], raw) for token, raw in sides if token in self.prices]
        for price, raw in sorted(priced, key=lambda side: not side[0].stable):
            places = decimals.get((self.chain_id, price.token or ""))
            if places is not None:
                return to_usd(raw, places, price.usd)
        return None

    def pool_fee_usd(self, decimals: Decimals) -> Decimal | None:
        """What the pools kept: the route's fee of the value. It is in the fill already, and no cost beside it."""
        value = self.value_usd(decimals)
        return None if value is None else rounded_usd(WIDE.divide(value * self.fee_ppm, Decimal(PPM)))

    def gas_usd(self) -> Decimal | None:
        """The transaction's fee at the native coin's price; None when that is not known."""
        price = self.prices.get(None)
        return None if price is None else to_usd(self.fee_raw, native_decimals(self.chain_id), price.usd)


def to_usd(amount_raw: int, decimals: int, price_usd: Decimal) -> Decimal:
    """The value of an amount."""
    return rounded_usd(WIDE.multiply(from_raw(amount_raw, decimals), price_usd))


def rounded_usd(value: Decimal) -> Decimal:
    """To 18 decimals, half to even."""
    return value.quantize(_USD_UNIT, context=WIDE)
