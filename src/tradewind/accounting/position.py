"""A strategy's position in one token, at average cost: what it bought less what it sold since its first trade.

A strategy starts with nothing. What it sells beyond what it bought (out of what its wallet held before) makes the
position negative, entered at the price of the sale; buying it back realises the difference, as selling does for what
was bought. So no cost is ever made up for holdings that nobody told the price of.
"""

from dataclasses import dataclass
from decimal import Decimal

from tradewind.accounting.step_entry import WIDE, rounded_usd

ZERO = Decimal(0)


@dataclass(slots=True)
class Position:
    """`raw` units entered for `cost_usd` together (below zero: sold, and received). `unknown`: partly without price."""

    raw: int = 0
    cost_usd: Decimal = ZERO
    unknown: bool = False

    def trade(self, delta_raw: int, value_usd: Decimal | None) -> Decimal | None:
        """Buy (above zero) or sell (below) for `value_usd`; the profit that this realises, None when it is not known.

        Closing `c` of `p` units takes the part c/p of the cost with it, rounded to 18 decimals, half to even:
        `realised = -(signed value of what is closed + its part of the cost)`. Closing all takes all of the cost.
        """
        if delta_raw == 0:
            return ZERO
        closed = min(abs(delta_raw), abs(self.raw)) if (delta_raw < 0) != (self.raw < 0) else 0
        if value_usd is None:
            self._move_unpriced(delta_raw, closed)
            return None
        value = value_usd if delta_raw > 0 else -value_usd
        closing = _part(value, closed, abs(delta_raw))
        realised = self._close(closed, closing) if closed else ZERO
        opened = abs(delta_raw) - closed
        if opened:
            self.raw += opened if delta_raw > 0 else -opened
            self.cost_usd += value - closing
        return realised

    def _close(self, closed: int, value: Decimal) -> Decimal | None:
        cost = _part(self.cost_usd, closed, abs(self.raw))
        was_unknown = self.unknown
        self.raw += -closed if self.raw > 0 else closed
        self.cost_usd -= cost
        if self.raw == 0:
            self.cost_usd, self.unknown = ZERO, False
        return None if was_unknown else -(value + cost)

    def _move_unpriced(self, delta_raw: int, closed: int) -> None:
        if closed:
            self.cost_usd -= _part(self.cost_usd, closed, abs(self.raw))
        self.raw += delta_raw
        # What is left of it was all entered at known prices when some was only closed.
        self.unknown = abs(delta_raw) > closed or (self.unknown and self.raw != 0)
        if self.raw == 0 or abs(delta_raw) > closed:
            self.cost_usd = ZERO


def _part(amount: Decimal, part: int, whole: int) -> Decimal:
    if part == whole:
        return amount
    return rounded_usd(WIDE.divide(WIDE.multiply(amount, Decimal(part)), Decimal(whole)))
