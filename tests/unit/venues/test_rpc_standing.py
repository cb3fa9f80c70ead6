"""The arithmetic that ranks endpoints."""

from tradewind.venues.rpc_standing import Standing, clearly_cheaper, known_head

S, MS = 1_000_000_000, 1_000_000


def a_standing(*, latency_ms: int | None = None, head: int | None = None, at_ns: int = 0) -> Standing:
    standing = Standing(rest_s=5)
    if latency_ms is not None:
        standing.told_head(head or 0, latency_ns=latency_ms * MS, now_ns=at_ns)
    return standing


def test_an_endpoint_that_was_never_measured_costs_a_second() -> None:
    assert a_standing().cost_ms(0) == 1000


def test_latency_is_smoothed_by_a_quarter_of_the_newest() -> None:
    standing = a_standing(latency_ms=100)
    standing.told_head(1, latency_ns=500 * MS, now_ns=0)
    assert standing.cost_ms(0) == 200


def test_each_block_behind_beyond_four_costs_a_quarter_of_a_second() -> None:
    standing = a_standing(latency_ms=10)
    standing.blocks_behind = 4
    assert standing.cost_ms(0) == 10
    standing.blocks_behind = 7
    assert standing.cost_ms(0) == 760


def test_a_failure_costs_a_second_and_is_forgotten_after_a_minute() -> None:
    standing = a_standing(latency_ms=10)
    standing.failed(0)
    standing.failed(0)
    assert [standing.cost_ms(at_s * S) for at_s in (0, 59, 60, 120, 900)] == [2010, 2010, 1010, 10, 10]


def test_the_rest_doubles_with_each_failure_in_a_row_up_to_a_minute() -> None:
    standing, rests = a_standing(), []
    for _ in range(6):
        standing.failed(0)
        rests.append(standing.rests_until_ns // S)
    assert rests == [5, 10, 20, 40, 60, 60]
    standing.answered()
    assert not standing.rests(0)
    standing.failed(0)
    assert standing.rests_until_ns == 5 * S


def test_a_hundred_thousand_failures_do_not_break_the_arithmetic() -> None:
    standing = a_standing()
    for _ in range(100_000):
        standing.failed(0)
    assert standing.rests_until_ns == 60 * S


def test_rests_exactly_as_long_as_the_endpoint_asked_for() -> None:
    standing = a_standing()
    standing.failed(0, 17)
    assert (standing.rests(17 * S - 1), standing.rests(17 * S)) == (True, False)
    assert standing.paused_until_ns == 17 * S


def test_a_clock_that_is_set_back_forgets_nothing_and_raises_nothing() -> None:
    standing = a_standing(latency_ms=10)
    standing.failed(1000 * S)
    assert standing.cost_ms(0) == 1010


def test_a_clock_that_is_set_back_by_an_hour_puts_no_endpoint_away_for_an_hour() -> None:
    standing = a_standing()
    standing.failed(3600 * S, 60)
    assert (standing.pause_ns(3600 * S), standing.rests(3600 * S)) == (60 * S, True)
    assert (standing.pause_ns(0), standing.rests(0)) == (0, False)


def test_changing_pays_only_for_a_quarter_and_twenty_milliseconds() -> None:
    assert clearly_cheaper(60, 80)
    assert not clearly_cheaper(61, 80)
    assert not clearly_cheaper(1, 20)
    assert clearly_cheaper(0, 20)
    assert not clearly_cheaper(900, 1000)


def test_the_known_head_is_the_highest_of_two() -> None:
    two = [a_standing(latency_ms=1, head=head) for head in (100, 140)]
    assert known_head(two, 0) == 140


def test_one_endpoint_alone_cannot_raise_the_known_head_of_three() -> None:
    three = [a_standing(latency_ms=1, head=head) for head in (100, 10**15, 101)]
    assert known_head(three, 0) == 101


def test_a_head_that_was_told_long_ago_is_not_known() -> None:
    assert known_head([a_standing(latency_ms=1, head=7)], 30 * S) == 7
    assert known_head([a_standing(latency_ms=1, head=7)], 30 * S + 1) is None
    assert known_head([a_standing()], 0) is None
