"""How endpoints ask to be left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.venues.rpc_pause import asked_to_wait_s, is_rate_limit

# 2015-10-21 07:28:00 UTC, as RFC 9110 writes it in its examples.
DATE, DATE_NS = "Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_480 * 1_000_000_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("86400", 60),
        ("9" * 60, 60),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 65, None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_reads_the_seconds_of_a_retry_after(header: str | None, seconds: float | None) -> None:
    assert asked_to_wait_s(header, 0) == seconds


@pytest.mark.parametrize(("before_s", "seconds"), [(7, 7), (3600, 60), (-7, 0)])
def test_reads_the_date_of_a_retry_after(before_s: int, seconds: float) -> None:
    assert asked_to_wait_s(DATE, DATE_NS - before_s * 1_000_000_000) == seconds


@given(st.text(max_size=80))
def test_no_header_breaks_it(header: str) -> None:
    seconds = asked_to_wait_s(header, DATE_NS)
    assert seconds is None or 0 <= seconds <= 60


@pytest.mark.parametrize(
    ("code", "message", "limited"),
    [
        (-32005, "limit exceeded", True),
        (-32005, "daily request count exceeded, request rate limited", True),
        (429, "Your app has exceeded its compute units per second capacity.", True),
        (-32029, "Too Many Requests", True),
        (-32007, "50/second request limit reached", True),
        (-32000, "project ID request rate exceeded: Rate limit", True),
        (-32005, "query returned more than 10000 results", False),
        (-32000, "nonce too low", False),
        (3, "execution reverted", False),
        (-32000, "intrinsic gas too low", False),
    ],
)
def test_tells_a_rate_limit_from_an_answer_to_the_request(code: int, message: str, limited: bool) -> None:
    assert is_rate_limit(code, message) is limited
