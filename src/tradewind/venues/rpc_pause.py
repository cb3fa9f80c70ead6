"""How an endpoint says that it is asked too often, and how long it wants to be left alone."""

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

# A broken or hostile header must not put an endpoint away for good.
MOST_S = 60.0

_CODES = frozenset({-32005, -32029, 429})
_WORDS = ("rate limit", "ratelimit", "too many requests", "request limit reached", "compute units per second")
# Providers use the code of a rate limit for a question that is too large, which no waiting mends.
_TOO_LARGE = ("query returned more than", "block range", "response size", "result window")


def is_rate_limit(code: int, message: str) -> bool:
    """Whether a JSON-RPC error is about the rate of requests, and so says nothing about the request itself."""
    text = message.lower()
    if any(words in text for words in _TOO_LARGE):
        return False
    return code in _CODES or any(words in text for words in _WORDS)


def asked_to_wait_s(retry_after: str | None, now_ns: int) -> float | None:
    """Seconds from a Retry-After header (RFC 9110: seconds or a date), at most MOST_S; None without a usable one."""
    if retry_after is None or len(retry_after) > 64:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return min(MOST_S, float(text))
    try:
        date = parsedate_to_datetime(text)
        seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now_ns / 1e9
    except (ValueError, OverflowError):
        return None
    return min(MOST_S, max(0.0, seconds)) if math.isfinite(seconds) else None
