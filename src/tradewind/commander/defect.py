"""An error that nobody foresaw: told to the operators with its trace, and to people in words."""

from tradewind.errors import TradewindError
from tradewind.observability import events as observe


def in_words(part: str, error: Exception) -> str:
    """What people are told of a failure of `part`; of one that was foreseen it is its own text, and nothing else is
    told."""
    if isinstance(error, TradewindError):
        return str(error)
    observe.part_failed(part=part, failure=error)
    return f"{part} failed in a way that it should not: {type(error).__name__}: {error}"[:500]


def as_error(part: str, error: Exception) -> TradewindError:
    """The failure as an error that can be shown."""
    if isinstance(error, TradewindError):
        return error
    remedy = "Look at what was said before, and start it again."
    return TradewindError("internal_error", f"{in_words(part, error)}.", remedy=remedy)
