"""What a route costs beyond the price that stands before the trade: fees apart from the move of the price."""

from typing import Literal, Protocol

from tradewind.domain.amount import PPM


class Priced(Protocol):
    """A trade's amounts beside what they would be at the price before it; a path or a split."""

    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def spot_amount_raw(self) -> int: ...
    @property
    def fee_ppm(self) -> int: ...


def price_impact_ppm(route: Priced) -> int:
    """How far the trade itself moves the price against the trader, in millionths, fees not counted.

    exact in:  1 - amount_out / spot_out - fees;  exact out:  1 - spot_in / amount_in - fees.
    Rounding of single units can make it a millionth below zero, which is reported as none.
    """
    spot_raw = route.spot_amount_raw
    if route.exact == "in":
        lost_raw, whole_raw = spot_raw - route.amount_out_raw, spot_raw
    else:
        lost_raw, whole_raw = route.amount_in_raw - spot_raw, route.amount_in_raw
    if whole_raw <= 0:
        return PPM
    return max(0, lost_raw * PPM // whole_raw - route.fee_ppm)
