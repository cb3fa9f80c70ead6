"""Points in time as people write them: ISO 8601, UTC unless they say otherwise."""

from datetime import UTC, datetime, timedelta

from tradewind.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def parse_moment_ns(text: str, field: str, *, what: str) -> int:
    """'2026-11-21' or '2026-11-21T15:00:00Z' in nanoseconds UTC; InvalidInput `time_malformed` otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"'{text[:80]}' is not a point in time. Write 2026-11-21 or 2026-11-21T15:00:00Z."
        raise InvalidInput.one(field, "time_malformed", message, what=what) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not _EPOCH <= moment < _LAST:
        message = f"'{text}' is not between 1970 and 9998. Write a time that the journal can have."
        raise InvalidInput.one(field, "time_malformed", message, what=what)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
