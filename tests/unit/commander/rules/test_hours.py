"""Windows of hours by the wall clock of a zone, on days that are as long as others and on those that are not."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tradewind.commander.rules.hours import is_open, span_of
from tradewind.commander.rules.settings import Window

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
# In 2026 Berlin's clocks go forward on 29 March at 01:00 UTC, and back on 25 October at 01:00 UTC.
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)


def utc_ns(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 10**9


def window(opens: str, closes: str, **more: Any) -> Window:
    return Window(opens=opens, closes=closes, **more)


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-01-15T07:59:59", False),
        ("2026-01-15T08:00:00", True),
        ("2026-01-15T15:59:59", True),
        ("2026-01-15T16:00:00", False),
        # In summer the same hours are an hour earlier.
        ("2026-07-15T07:00:00", True),
        ("2026-07-15T15:00:00", False),
    ],
)
def test_hours_are_those_of_the_zone_in_winter_and_in_summer(at: str, open_: bool) -> None:
    assert is_open([window("09:00", "17:00")], BERLIN, now_ns=utc_ns(at)) is open_


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    friday = [window("22:00", "02:00", days=("fri",))]
    for at, open_ in (
        ("2026-01-16T21:59", False),
        ("2026-01-16T22:00", True),
        ("2026-01-17T01:59", True),
        ("2026-01-17T02:00", False),
        ("2026-01-17T22:30", False),
        ("2026-01-16T01:00", False),
    ):
        assert is_open(friday, ZoneInfo("UTC"), now_ns=utc_ns(at)) is open_


@pytest.mark.parametrize(
    ("day", "opens", "closes", "hours"),
    [
        (date(2026, 6, 1), "00:00", "24:00", 24),
        (FORWARD, "00:00", "24:00", 23),
        (BACK, "00:00", "24:00", 25),
        # 02:00 to 03:00 comes twice: from the first 02:30 to the second 02:45.
        (BACK, "02:30", "02:45", 1.25),
        (BACK, "02:00", "03:00", 2),
        # 02:00 to 03:00 is left out: both happen when the clock is set forward.
        (FORWARD, "02:15", "02:45", 0),
        (FORWARD, "01:30", "02:30", 0.5),
        (FORWARD, "02:30", "04:00", 1),
    ],
)
def test_where_the_clock_changes_a_window_opens_and_closes_once(
    day: date, opens: str, closes: str, hours: float
) -> None:
    span = span_of(window(opens, closes), day, BERLIN)
    assert span is not None
    assert (span[1] - span[0]) / 3_600 == hours


def test_the_hour_that_comes_twice_does_not_close_a_window_in_between() -> None:
    start = utc_ns("2026-10-25T00:00")
    opened = [is_open([window("02:00", "02:45")], BERLIN, now_ns=start + m * 60 * 10**9) for m in range(180)]
    assert opened == [True] * 105 + [False] * 75


def test_a_zone_on_the_other_side_of_midnight_has_its_own_day() -> None:
    # Monday 01:00 UTC is Sunday evening in New York.
    at = utc_ns("2026-01-19T01:00")
    assert is_open([window("19:00", "21:00", days=("sun",))], NEW_YORK, now_ns=at)
    assert not is_open([window("19:00", "21:00", days=("mon",))], NEW_YORK, now_ns=at)


def test_without_windows_it_is_always_open() -> None:
    assert is_open([], BERLIN, now_ns=0)
