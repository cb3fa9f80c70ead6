"""Whether a window of hours is open, by the wall clock of its time zone: over midnight and over changes of the clock.

Where an hour comes twice a window opens at the first and closes at the second; where a time is left out, what would
happen then happens when the clock is set forward.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tradewind.commander.rules.settings import DAYS, Window

_NS_PER_S = 10**9


def is_open(windows: Sequence[Window], zone: ZoneInfo, *, now_ns: int) -> bool:
    """Whether one of them is; none at all are always open."""
    if not windows:
        return True
    now_s = now_ns // _NS_PER_S
    today = datetime.fromtimestamp(now_s, zone).date()
    # A window may have opened yesterday; the day before, where the clocks of a zone skipped one.
    return any(
        opens_s <= now_s < closes_s
        for window in windows
        for back in range(3)
        if (span := span_of(window, today - timedelta(days=back), zone)) is not None
        for opens_s, closes_s in (span,)
    )


def span_of(window: Window, day: date, zone: ZoneInfo) -> tuple[int, int] | None:
    """From when to when it is open that opens on this day, in seconds UTC; None on other days."""
    if DAYS[day.weekday()] not in window.days:
        return None
    opens, closes = _minutes(window.opens), _minutes(window.closes)
    last = closes if closes > opens else closes + 24 * 60
    return _instant(day, opens, zone, second=False), _instant(day, last, zone, second=True)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _instant(day: date, minutes: int, zone: ZoneInfo, *, second: bool) -> int:
    """When the wall clock shows that time, in seconds UTC."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a wall clock's time, before its zone is known)
    wall = midnight + timedelta(minutes=minutes)
    early, late = (int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if early <= late:
        return late if second else early
    # It is left out. What comes first is before the clock is set forward, what comes last is after it.
    before, after = late, early
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(at_s: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset()
