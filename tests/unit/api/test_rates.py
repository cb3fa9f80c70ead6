"""Rates: each token has its own buckets, which fill evenly; a halt is never turned away."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.fake_clock import START_NS, FakeClock
from tests.unit.api.house import open_house
from tradewind.api.rates import Bucket, Rate, Rates
from tradewind.errors import TooMany

NS_PER_S = 1_000_000_000


def test_a_full_bucket_gives_its_burst_and_then_one_for_each_interval() -> None:
    bucket = Bucket(Rate(per_s=50, burst=100), START_NS)
    assert [bucket.take(START_NS) for _ in range(100)] == [0.0] * 100
    assert bucket.take(START_NS) == pytest.approx(0.02)
    # One is there after exactly 20 ms, and not a nanosecond earlier.
    assert bucket.take(START_NS + 19_999_999) > 0
    assert bucket.take(START_NS + 20_000_000) == 0
    assert bucket.take(START_NS + 20_000_000) > 0


@settings(max_examples=200, deadline=None)
@given(
    per_s=st.integers(1, 1_000),
    burst=st.integers(1, 1_000),
    pauses_ns=st.lists(st.integers(0, 2 * NS_PER_S), max_size=60),
)
def test_no_timing_gets_more_out_of_a_bucket_than_its_burst_and_its_pace(
    per_s: int, burst: int, pauses_ns: list[int]
) -> None:
    bucket, now_ns, given_out = Bucket(Rate(per_s, burst), START_NS), START_NS, 0
    for pause_ns in pauses_ns:
        now_ns += pause_ns
        for _ in range(3):
            given_out += bucket.take(now_ns) == 0
        assert given_out <= burst + (now_ns - START_NS) * per_s // NS_PER_S


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = Bucket(Rate(per_s=1, burst=1), START_NS)
    assert bucket.take(START_NS) == 0
    assert bucket.take(START_NS - NS_PER_S) > 0
    assert bucket.take(START_NS) == 0


def test_one_token_cannot_use_up_what_another_has_and_reads_do_not_use_up_writes() -> None:
    rates = Rates(FakeClock(), reads=Rate(1, 1), writes=Rate(1, 1))
    rates.take("a", is_write=True)
    with pytest.raises(TooMany) as caught:
        rates.take("a", is_write=True)
    assert (caught.value.code, caught.value.retry_after_s) == ("rate_exceeded", 1.0)
    rates.take("a", is_write=False)
    rates.take("b", is_write=True)


async def test_requests_beyond_the_rate_are_told_when_to_come_back_and_a_halt_gets_through(tmp_path: Path) -> None:
    rate = {"writes_per_s = 50": "writes_per_s = 2", "writes_burst = 100": "writes_burst = 3"}
    async with open_house(tmp_path, replacements=rate) as house:
        answers = [await house.call("POST", "/intents", data=builders.INTENT_JSON) for _ in range(4)]
        assert [response.status for response, _ in answers] == [202, 202, 202, 429]
        response, problem = answers[-1]
        assert (problem["code"], problem["disposition"]) == ("rate_exceeded", "retry")
        assert response.headers["Retry-After"] == "1"
        assert (await house.call("GET", "/intents"))[0].status == 200
        for _ in range(10):
            assert (await house.call("POST", "/halt", body={"reason": "too much"}))[0].status == 200
        await house.clock.advance(0.5)
        statuses = await asyncio.gather(*(house.call("POST", "/intents", data=builders.INTENT_JSON) for _ in range(2)))
        assert sorted(response.status for response, _ in statuses) == [202, 429]
