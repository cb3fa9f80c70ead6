"""What a route costs beyond the price that stands before the trade: fees apart from the move of the price."""

from tradewind.core import Route
from tradewind.domain.amount import PPM


def price_impact_ppm(route: Route) -> int:
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
