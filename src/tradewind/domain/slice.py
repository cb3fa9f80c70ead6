"""A slice: the part of an intent that one plan carries out, and when; and why there are as many as there are."""

from enum import StrEnum

from tradewind.domain.amount import Raw
from tradewind.domain.model import Model
from tradewind.domain.plan import Exact


class Slice(Model):
    """`amount_raw` is exact: what comes out of an acquisition, or goes into a disposal.

    It is planned at `not_before_ns` (nanoseconds UTC) or later; 0 is at once. `limit_raw` is its part of what the whole
    could have cost at worst in one transaction, by the quote that the intent was accepted on: the most that may go in,
    or the least that must come out, whatever is quoted later. None: the only slice, which is planned on that quote.
    """

    index: int
    exact: Exact
    token_in: str
    token_out: str
    amount_raw: Raw
    not_before_ns: int = 0
    limit_raw: Raw | None = None


class ConsideredSlicing(Model):
    """What a number of slices would come to, in smallest units of the token that the intent is paid with or sold for.

    `trade_raw` is what all slices together take (acquiring) or give (disposing) when `remaining_ppm` of each one's
    move of the price is still there when the next one comes, `interval_ms` later; `gas_raw` is the gas of all.
    """

    slices: int
    interval_ms: int
    remaining_ppm: int
    trade_raw: Raw
    gas_raw: Raw
    price_impact_ppm: int


class SlicingDecision(Model):
    """How many slices, and what was weighed. `counted_in` is the token of the amounts."""

    chosen: int
    counted_in: str
    recovery_half_life_ms: int
    considered: tuple[ConsideredSlicing, ...]


class SliceOutcome(StrEnum):
    """How a slice ended."""

    FILLED = "filled"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
