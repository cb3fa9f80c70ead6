"""When a line of the result table counts as met."""

from dataclasses import replace
from typing import Any

import pytest

from benches.row import Row, rounded


def a_row(**changes: Any) -> Row:
    fields: dict[str, Any] = {
        "id": "X1",
        "what": "an operation",
        "input": "an input",
        "ours": 2.0,
        "peer": 20.0,
        "unit": "us",
        "ratio": 10.0,
        "goal": 10.0,
        "answers_compared": 7,
        "answers_equal": 7,
    }
    return Row(**{**fields, **changes})


def test_a_ratio_that_reaches_the_goal_meets_it() -> None:
    assert a_row().met is True


def test_a_ratio_below_the_goal_does_not_meet_it() -> None:
    assert a_row(ratio=9.99).met is False


def test_one_inexact_answer_fails_the_row_however_fast_it_is() -> None:
    row = a_row(ratio=1e9, answers_equal=6)
    assert row.met is False
    assert row.as_json()["notes"][0].startswith("FAILED: 1 of 7 answers are wrong")


def test_one_inexact_answer_fails_a_row_without_a_goal_as_well() -> None:
    assert a_row(goal=None, answers_equal=6).met is False


def test_a_goal_is_not_met_when_no_answer_was_compared() -> None:
    assert a_row(answers_compared=0, answers_equal=0).met is False


def test_a_goal_is_not_met_without_a_ratio() -> None:
    assert a_row(ratio=None, peer=None).met is False


def test_a_row_without_a_goal_is_reported_only() -> None:
    assert a_row(goal=None).met is None


def test_a_ratio_that_cannot_be_fails_the_row() -> None:
    row = a_row(goal=0.8, possible=1.25, ratio=3.4)
    assert row.met is False
    assert row.as_json()["notes"][0].startswith("NOT CREDIBLE")


def test_a_ratio_up_to_what_is_possible_counts() -> None:
    assert a_row(goal=0.8, possible=1.25, ratio=1.25).met is True


def test_results_have_every_field_that_readers_rely_on() -> None:
    assert list(a_row().as_json()) == [
        *("id", "what", "input", "ours", "peer", "unit", "ratio", "goal", "at_most", "met"),
        *("answers_compared", "answers_equal", "notes"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, None), (0.0, 0.0), (1234.56, 1235.0), (0.000123456, 0.0001235), (99999.0, 100000.0)]
)
def test_results_keep_four_significant_digits(value: float | None, shown: float | None) -> None:
    assert rounded(value) == shown


def test_a_goal_for_ours_itself_is_met_by_a_short_time_alone() -> None:
    row = Row(id="X", what="", input="", ours=0.2, unit="us", at_most=0.2, answers_compared=1, answers_equal=1)
    assert row.met is True
    assert replace(row, ours=0.21).met is False
    assert replace(row, goal=10.0, ratio=9.0).met is False
    assert replace(row, answers_equal=0).met is False
