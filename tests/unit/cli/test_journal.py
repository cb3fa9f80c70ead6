"""`tradewind journal`, on journals that the real writer wrote."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from tests.unit.cli.terminal import tradewind
from tradewind.domain.events import Envelope, IntentEvent, IntentExpired, IntentRejected
from tradewind.streaming.journal import Journal

FIRST, SECOND = UUID(int=1), UUID(int=2)
AT_NS = 1_763_000_000_123_000_000
EVENTS: Sequence[IntentEvent] = (
    IntentRejected(intent_id=FIRST, code="balance_too_low", message="Not enough."),
    IntentExpired(intent_id=SECOND, code="deadline_passed", message="Too late."),
)


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "journal.db"
    opened = Journal.open(path)
    for body in EVENTS:
        await opened.append([Envelope.about_intent(body, at_ns=AT_NS)])
    opened.close()
    return path


def test_an_intact_journal_verifies(journal: Path) -> None:
    said = tradewind("journal", "verify", "--file", journal, "--json")
    assert said.exit_code == 0
    assert (said.document["ok"], said.document["rows"]) == (True, len(EVENTS))


def test_a_changed_row_is_named_and_the_exit_code_is_1(journal: Path) -> None:
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE events SET envelope = replace(envelope, 'Too late.', 'In time.') WHERE seq = 2")
    connection.close()
    said = tradewind("journal", "verify", "--file", journal)
    assert said.exit_code == 1
    assert "Damaged at row 2" in said.stdout


def test_a_missing_journal_is_said_to_be_missing(tmp_path: Path) -> None:
    for command in ("verify", "show"):
        assert tradewind("journal", command, "--file", tmp_path / "no.db", "--json").error["code"] == "journal_missing"


def test_shows_one_json_line_for_each_event_in_order(journal: Path) -> None:
    said = tradewind("journal", "show", "--file", journal, "--json")
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2]
    assert [line["envelope"]["type"] for line in lines] == ["IntentRejected", "IntentExpired"]
    assert lines[0]["envelope"]["body"]["code"] == "balance_too_low"


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        (("--intent", SECOND), [2]),
        (("--type", "IntentRejected"), [1]),
        (("--after", 1), [2]),
        (("--limit", 1), [1]),
        (("--intent", FIRST, "--type", "IntentExpired"), []),
    ],
    ids=str,
)
def test_filters_choose_events(journal: Path, filters: tuple[object, ...], seqs: list[int]) -> None:
    said = tradewind("journal", "show", "--file", journal, "--json", *filters)
    assert [json.loads(line)["seq"] for line in said.stdout.splitlines()] == seqs


def test_an_unknown_event_type_is_refused_with_the_known_ones(journal: Path) -> None:
    said = tradewind("journal", "show", "--file", journal, "--type", "IntentLost")
    assert said.exit_code == 2
    assert "ExecutionCompleted" in said.stderr


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to look at" * 20)
    said = tradewind("journal", "show", "--file", tmp_path / "text.db")
    assert said.exit_code == 2
    assert "file is not a database" in said.stderr
