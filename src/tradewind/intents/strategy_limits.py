"""The limits of a strategy, and of reason, that an intent is held against."""

from tradewind.domain.amount import PPM, format_raw, to_raw
from tradewind.domain.intent import Intent
from tradewind.domain.slice import ConsideredSlicing
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import Token
from tradewind.errors import Refused
from tradewind.planning.quoting import BestQuote

# A tolerance is sane up to four times what the trade itself costs: room for the price to move while it lands, and
# not much more to take for whoever sees it coming. Pairs so deep that this would be next to nothing get 1 %.
CEILING_TIMES_COST = 4
CEILING_FLOOR_PPM = 10_000


def check_slippage_cap(intent: Intent, strategy: Strategy) -> None:
    """Refused (slippage_above_strategy_limit) when more is asked for than the strategy allows."""
    asked_ppm, cap_ppm = intent.constraints.max_slippage_ppm, strategy.max_slippage_bps * 100
    if asked_ppm > cap_ppm:
        raise Refused(
            "slippage_above_strategy_limit",
            f"max_slippage of {_percent(asked_ppm)} is above the {_percent(cap_ppm)} that strategy "
            f"'{strategy.name}' allows.",
        )


def check_size_cap(token: Token, amount_raw: int, strategy: Strategy) -> None:
    """Refused (amount_above_strategy_limit) when the whole intent is larger than the strategy allows."""
    cap = strategy.max_amount.get(token.symbol)
    if cap is not None and amount_raw > to_raw(cap, token.decimals):
        raise Refused(
            "amount_above_strategy_limit",
            f"{format_raw(amount_raw, token.decimals, token.symbol)} is more than the {cap} {token.symbol} that "
            f"strategy '{strategy.name}' allows for one intent.",
        )


def check_depth(intent: Intent, best: BestQuote, chosen: ConsideredSlicing, strategy: Strategy) -> int:
    """The most slippage that is sane for this trade, in ppm; `chosen` is what its slices come to.

    Refused: price_impact_too_high, slippage_unreasonable.
    """
    impact_ppm, impact_cap_ppm = chosen.price_impact_ppm, strategy.max_price_impact_bps * 100
    if impact_ppm > impact_cap_ppm:
        raise Refused(
            "price_impact_too_high",
            f"This size moves the price by {_percent(impact_ppm)}; strategy '{strategy.name}' allows "
            f"{_percent(impact_cap_ppm)}, and no number of slices in the window keeps it below that.",
            remedy="Send a smaller amount, or give it more time.",
        )
    cost_ppm = best.route.fee_ppm + impact_ppm
    ceiling_ppm = max(CEILING_FLOOR_PPM, CEILING_TIMES_COST * cost_ppm)
    if intent.constraints.max_slippage_ppm > ceiling_ppm:
        raise Refused(
            "slippage_unreasonable",
            f"max_slippage of {_percent(intent.constraints.max_slippage_ppm)} invites being traded against: fees and "
            f"impact of this trade are {_percent(cost_ppm)}, so at most {_percent(ceiling_ppm)} is accepted.",
        )
    return ceiling_ppm


def _percent(ppm: int) -> str:
    whole, rest = divmod(ppm * 100, PPM)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + " %"
