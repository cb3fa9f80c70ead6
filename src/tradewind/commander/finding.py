"""A finding: what was looked at, the verdict, what was seen, and the remedy."""

from dataclasses import dataclass
from enum import StrEnum

from tradewind.errors import TradewindError


class Verdict(StrEnum):
    """Good; worth a look; wrong."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is given for all but good ones."""

    name: str
    verdict: Verdict
    seen: str
    remedy: str = ""


def good(name: str, seen: str) -> Finding:
    """As it should be."""
    return Finding(name, Verdict.OK, seen)


def warning(name: str, seen: str, remedy: str) -> Finding:
    """Works, but may not be what is wanted."""
    return Finding(name, Verdict.WARNING, seen, remedy)


def wrong(name: str, seen: str, remedy: str) -> Finding:
    """Will not work."""
    return Finding(name, Verdict.WRONG, seen, remedy)


def failed(name: str, error: TradewindError) -> Finding:
    """An error stood in the way of looking."""
    return wrong(name, error.message, error.remedy or "")
