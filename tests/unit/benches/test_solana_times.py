"""The parts of a plan are told apart, each side's pairs add up over the lanes, and a missed target is said."""

import itertools

import pytest

from benches import solana_desk
from benches.solana_desk import Marks
from benches.solana_times import PEERS_LANES, Times, against, rows


def test_the_first_beginning_and_the_first_passage_of_a_part_count(monkeypatch: pytest.MonkeyPatch) -> None:
    at_ns = itertools.count(0, 1_000_000)
    monkeypatch.setattr(solana_desk, "perf_counter_ns", lambda: next(at_ns))
    marks = Marks()
    for _ in range(2):
        marks.begin("build")
        marks.begin("submit")
        marks.end("submit")
    marks.end("build")
    assert marks.ms("build", until="submit") == 1
    assert marks.ms("submit") == 1
    assert marks.ms("build") == 6


def test_both_medians_are_told_against_their_target() -> None:
    assert against(20, [10.0, 12.0, 30.0]) == (
        "target: below 20 ms",
        "the median, 12 ms, is 8 ms below it",
        "p99, 30 ms, is 10 ms ABOVE it",
    )


def test_what_reaches_its_target_is_not_below_it() -> None:
    assert against(20, [20.0])[1] == "the median, 20 ms, is 0 ms ABOVE it"


def measured(*, ours_ms: float, peer_ms: float) -> Times:
    times = Times(kit="kit")
    times.tally.add([1], [1])
    times.note(taken=1.0, build=2.0, wallet=1.0, sign=2.0, gate=4.0, jito=3.0, tpu=3.0)
    times.over_tpu = {"stage": [ours_ms], "total": [ours_ms]}
    for part in ("gate", "stage", "total", "handed", "patient"):
        for lane in PEERS_LANES:
            times.pair(part, lane, ours=ours_ms, peer=peer_ms)
    return times


def met(times: Times) -> dict[str, bool | None]:
    return {row.id: row.met for row in rows(times)}


def test_pairs_of_all_lanes_count() -> None:
    times = measured(ours_ms=6, peer_ms=12)
    times.pair("stage", "jito", ours=1, peer=3)
    assert times.paired("stage").ratios == [2, 2, 3]


def test_forty_percent_faster_meets_the_goal_and_a_little_less_does_not() -> None:
    assert met(measured(ours_ms=6, peer_ms=10.1))["P11-stage"] is True
    assert met(measured(ours_ms=6, peer_ms=9.9))["P11-stage"] is False


def test_a_target_is_missed_however_slow_the_peer_is() -> None:
    told = met(measured(ours_ms=21, peer_ms=1_000))
    assert (told["P11-stage"], told["P11-total"]) == (False, True)


def test_every_part_has_its_row() -> None:
    parts = ("build", "wallet", "jito", "tpu", "stage", "total", "total-patient")
    assert list(met(measured(ours_ms=1, peer_ms=2))) == ["P4-gate", *(f"P11-{part}" for part in parts)]
