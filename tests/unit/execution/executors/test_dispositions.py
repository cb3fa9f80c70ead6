"""The table of what each code leads to, and the page that shows it."""

from pathlib import Path

import pytest

from tradewind.errors import Refused, Unavailable
from tradewind.execution.executors.dispositions import (
    DISPOSITIONS,
    Action,
    action_for,
    action_for_error,
    as_markdown,
)

DOCS = Path(__file__).parents[4] / "docs" / "executors.md"


def test_the_page_shows_the_table_as_it_is() -> None:
    assert as_markdown() in DOCS.read_text(), "python -m tradewind.execution.executors.dispositions writes the table"


def test_each_code_has_one_row_and_every_action_is_used() -> None:
    assert {ruling.action for ruling in DISPOSITIONS.values()} == set(Action)
    assert all(code == ruling.code for code, ruling in DISPOSITIONS.items())


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("expired", Action.NEW_ATTEMPT_AFTER_PROOF),
        ("program_error", Action.END_FAILED),
        ("rate_limited", Action.RETRY_SAME_BYTES),
        ("signature_invalid", Action.HALT_WALLET),
        ("wrong_chain", Action.ALARM),
        ("never_heard_of", Action.RETRY_SAME_BYTES),
        (None, Action.RETRY_SAME_BYTES),
    ],
)
def test_an_answer_of_lane_or_chain_leads_to(code: str | None, action: Action) -> None:
    assert action_for(code) is action


def test_an_error_without_a_row_is_judged_by_what_it_says_of_itself() -> None:
    assert action_for_error(Refused("tip_too_high", "The tip is above the cap.")) is Action.END_FAILED
    assert action_for_error(Unavailable("something_away", "Later.")) is Action.RETRY_SAME_BYTES
