"""How the legs of a trade read on a terminal."""

from collections.abc import Sequence

from tradewind.api.dto import LegShown
from tradewind.cli.amounts import amount_text


def legs_text(legs: Sequence[LegShown], route: str) -> str:
    """The route; a split has a line for each leg."""
    if len(legs) < 2:
        return route
    lines = (
        f"{leg.share_percent} % {leg.route}, pays {amount_text(leg.pays)}, gets {amount_text(leg.gets)}" for leg in legs
    )
    return "\n".join(lines)


def reached_text(reached_percent: str) -> str:
    """How good it is."""
    return f"{reached_percent} % of what any routing can reach"
