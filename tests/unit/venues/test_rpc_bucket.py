"""The allowance of an endpoint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.venues.rpc_bucket import TokenBucket

S = 1_000_000_000


def test_without_a_rate_nothing_is_ever_waited_for() -> None:
    bucket = TokenBucket(None, 0)
    bucket.take(10**9, 0)
    assert bucket.ready_in_ns(0) == 0


def test_holds_a_second_of_requests_and_then_one_after_the_other() -> None:
    bucket = TokenBucket(4, 0)
    for _ in range(4):
        assert bucket.ready_in_ns(0) == 0
        bucket.take(1, 0)
    assert bucket.ready_in_ns(0) == S // 4
    assert bucket.ready_in_ns(S // 4) == 0


def test_a_batch_beyond_the_allowance_is_paid_off_before_the_next_request() -> None:
    bucket = TokenBucket(10, 0)
    bucket.take(30, 0)
    assert bucket.ready_in_ns(0) == 21 * S // 10


@pytest.mark.parametrize("rate", [1, 7, 1000])
def test_a_clock_that_is_set_back_gives_and_takes_nothing(rate: int) -> None:
    bucket = TokenBucket(rate, 10 * S)
    bucket.take(rate, 10 * S)
    assert bucket.ready_in_ns(0) == bucket.ready_in_ns(0)
    assert 0 < bucket.ready_in_ns(0) <= S


@given(rate=st.integers(1, 50), waits_ms=st.lists(st.integers(0, 400), max_size=60))
def test_never_lets_more_through_than_the_rate_and_one_second_of_it(rate: int, waits_ms: list[int]) -> None:
    bucket, now_ns, sent = TokenBucket(rate, 0), 0, 0
    for wait_ms in waits_ms:
        now_ns += wait_ms * 1_000_000
        while bucket.ready_in_ns(now_ns) == 0:
            bucket.take(1, now_ns)
            sent += 1
    assert sent <= rate + rate * now_ns / S + 1e-6


@given(rate=st.integers(1, 1000), owed=st.integers(1, 5000))
def test_is_ready_when_it_says_it_will_be(rate: int, owed: int) -> None:
    bucket = TokenBucket(rate, 0)
    bucket.take(owed, 0)
    assert bucket.ready_in_ns(bucket.ready_in_ns(0)) == 0
