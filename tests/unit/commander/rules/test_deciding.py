"""A rule decides: by thresholds, hold times, hours and rests; it never flaps, and the unknown changes nothing."""

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.commander.rules.rule_files import rule
from tradewind.commander.rules.deciding import Deciding, Decision
from tradewind.commander.rules.measured import Measured, unknown

S = 10**9
# A Thursday, 10:00 UTC.
BASE_NS = 1_768_471_200 * S


def looks(values: list[int | None], *, every_s: int = 1, **changes: Any) -> list[Decision]:
    """What is decided when the spread has these values, one after the other."""
    deciding = Deciding(rule(**changes))
    return [
        deciding.look(
            {"spread.wind": unknown("gone") if value is None else Measured(value)},
            now_ns=BASE_NS + number * every_s * S,
        )
        for number, value in enumerate(values)
    ]


def runs(values: list[int | None], **changes: Any) -> list[bool]:
    return [decision.run for decision in looks(values, **changes)]


def test_it_starts_above_one_threshold_and_stops_below_another_that_lasts() -> None:
    values: list[int | None] = [0, 4_999, 5_000, *[2_000] * 70, *[900] * 29, 1_001, *[1_000] * 31]
    said = runs(values, cooldown_s=1, run_at_least_s=1)
    assert said == [False, False, *[True] * (1 + 70 + 29 + 1 + 30), False]


def test_what_is_not_known_neither_starts_nor_stops_and_says_so() -> None:
    said = looks([None, 9_000, *[None] * 100], cooldown_s=1, run_at_least_s=1)
    assert [decision.run for decision in said] == [False, *[True] * 101]
    assert said[0].because == (
        "spread.wind unknown (gone); not known, so it waits: starts when spread.wind ≥ 5,000 ppm"
    )
    assert "unknown (gone); not known, so it goes on" in said[-1].because


def test_the_unknown_breaks_a_hold_time() -> None:
    stop = {"any": [{"measure": "spread.wind", "at_most_ppm": 1000, "for_s": 3}]}
    said = runs([9_000, 1, 1, 1, None, 1, 1, 1, 1], stop_when=stop, run_at_least_s=1)
    assert said == [*[True] * 8, False]


def test_all_needs_every_condition_and_any_needs_one() -> None:
    conditions = [{"measure": "spread.wind", "at_least_ppm": 10}, {"measure": "launches.pump", "at_least_per_min": 3}]
    for kind, one_unknown, both in (("all", False, True), ("any", True, True)):
        deciding = Deciding(rule(start_when={kind: conditions}, stop_when=None, windows=[WHOLE], cooldown_s=1))
        measures = {"spread.wind": Measured(11), "launches.pump": unknown("silent")}
        assert deciding.look(measures, now_ns=BASE_NS).run is one_unknown
        deciding = Deciding(rule(start_when={kind: conditions}, stop_when=None, windows=[WHOLE], cooldown_s=1))
        measures["launches.pump"] = Measured(3)
        assert deciding.look(measures, now_ns=BASE_NS).run is both


WHOLE = {"opens": "00:00", "closes": "24:00"}


def test_it_stops_when_its_hours_are_over_and_does_not_start_before_them() -> None:
    hours = [{"opens": "10:00", "closes": "10:01"}]
    said = looks([9_000] * 62, windows=hours, run_at_least_s=1, cooldown_s=1)
    assert [decision.run for decision in said] == [*[True] * 60, False, False]
    assert said[-1].because == "outside its hours (10:00–10:01 UTC)"


def test_hours_alone_are_a_rule() -> None:
    hours = [{"opens": "10:00", "closes": "10:01"}]
    said = runs([None] * 61, windows=hours, start_when=None, stop_when=None, run_at_least_s=1)
    assert said == [*[True] * 60, False]


def test_it_does_not_start_while_what_stops_it_is_true() -> None:
    stop = {"any": [{"measure": "spread.wind", "at_least_ppm": 50_000}]}
    assert runs([60_000, 60_000, 6_000], stop_when=stop) == [False, False, True]


@given(
    values=st.lists(st.one_of(st.none(), st.sampled_from([0, 999, 1_000, 3_000, 5_000, 9_000])), max_size=120),
    least_s=st.integers(1, 20),
    rest_s=st.integers(1, 20),
    for_s=st.integers(0, 5),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_market_does_it_runs_and_rests_for_as_long_as_the_rule_says(
    values: list[int | None], least_s: int, rest_s: int, for_s: int
) -> None:
    start = {"any": [{"measure": "spread.wind", "at_least_ppm": 5_000, "for_s": for_s}]}
    stop = {"any": [{"measure": "spread.wind", "at_most_ppm": 1_000, "for_s": for_s}]}
    said = runs(values, start_when=start, stop_when=stop, run_at_least_s=least_s, cooldown_s=rest_s)
    changes = [at for at in range(1, len(said)) if said[at] != said[at - 1]]
    if said and said[0]:
        changes = [0, *changes]
    for first, second in itertools.pairwise(changes):
        assert second - first >= (least_s if said[first] else rest_s)
    for at in changes:
        # Nothing changes by a value that is not known, nor by one that has not lasted.
        held = values[max(0, at - for_s) : at + 1]
        assert len(held) == for_s + 1
        assert all(value is not None and (value >= 5_000 if said[at] else value <= 1_000) for value in held)
