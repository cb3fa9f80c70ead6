"""How the legs of a trade read on a terminal."""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.api.dto import LegShown
from tradewind.cli.amounts import amount_text

_REACHED_LITTLE_PERCENT = 90


def legs_text(legs: Sequence[LegShown], route: str) -> str:
    """The route; a split has a line for each leg."""
    if len(legs) < 2:
        return route
    lines = (
        f"{leg.share_percent} % {leg.route}, pays {amount_text(leg.pays)}, gets {amount_text(leg.gets)}" for leg in legs
    )
    return "\n".join(lines)


def reached_text(reached_percent: str) -> str:
    """How good it is. A small trade between pools that disagree reaches little of a bound that counts their gain."""
    reached = f"{reached_percent} % of what any routing can reach"
    if Decimal(reached_percent) >= _REACHED_LITTLE_PERCENT:
        return reached
    return f"{reached} (pools disagree, and trading between them counts in that)"
