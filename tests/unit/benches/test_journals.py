"""The journals that intake is compared with behave as ours does, apart from what they leave out."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benches.journals import ForgetfulJournal, Journals, connect_unsynced, kept_as
from tests import builders
from tradewind.bootstrap import service as bootstrap
from tradewind.streaming import journal as journal_module
from tradewind.streaming.journal import Journal, verify_file
from tradewind.streaming.journal_file import connect_writer
from tradewind.streaming.recorded import Recorded

FULL, OFF = 2, 0


def synchronous(connection: sqlite3.Connection) -> int:
    (value,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.close()
    return int(value)


@pytest.fixture
def journal_file(tmp_path: Path) -> Path:
    Journal.open(tmp_path / "data" / "journal.db").close()
    return tmp_path / "data" / "journal.db"


def test_only_the_unsynced_journal_does_not_wait_for_the_disk(journal_file: Path) -> None:
    assert synchronous(connect_writer(journal_file)) == FULL
    assert synchronous(connect_unsynced(journal_file)) == OFF


def in_use() -> tuple[object, object]:
    """What the service would open its journal with, and the journal its file."""
    return vars(bootstrap)["Journal"], vars(journal_module)["connect_writer"]


def test_the_service_gets_the_journal_that_was_asked_for_and_ours_afterwards() -> None:
    with kept_as(Journals.FORGETFUL):
        assert in_use() == (ForgetfulJournal, connect_writer)
    with kept_as(Journals.UNSYNCED):
        assert in_use() == (Journal, connect_unsynced)
    with kept_as(Journals.DURABLE):
        assert in_use() == (Journal, connect_writer)
    assert in_use() == (Journal, connect_writer)


async def test_the_forgetful_journal_leaves_its_file_empty(tmp_path: Path) -> None:
    journal = ForgetfulJournal.open(tmp_path / "journal.db")
    await journal.append([builders.envelope(builders.submitted())])
    assert verify_file(tmp_path / "journal.db").rows == 0


async def test_the_forgetful_journal_answers_as_ours_does(journal_file: Path) -> None:
    ours, forgetful = Journal.open(journal_file), ForgetfulJournal.open(journal_file)
    first, second = builders.an_intent(), builders.an_intent()
    batches = [[builders.envelope(body)] for body in builders.lifecycle(first) + builders.lifecycle(second)]
    batches.append(batches[0])
    seen: dict[str, list[int]] = {"ours": [], "forgetful": []}
    ours.observe(lambda row: seen["ours"].append(row.seq))
    forgetful.observe(lambda row: seen["forgetful"].append(row.seq))
    for batch in batches:
        assert without_hash(await forgetful.append(batch)) == without_hash(await ours.append(batch))
    assert seen["forgetful"] == seen["ours"]
    assert forgetful.head()[0] == ours.head()[0]
    for event_id in (batches[3][0].id, builders.envelope(builders.submitted()).id):
        found = [journal.find(event_id) for journal in (forgetful, ours)]
        assert [without_hash([row]) if row else None for row in found[:1]] == [
            without_hash([row]) if row else None for row in found[1:]
        ]
    questions: tuple[dict[str, Any], ...] = (
        {},
        {"after_seq": 3, "limit": 4},
        {"before_seq": 5},
        {"correlation_id": second.id},
        {"correlation_id": second.id, "after_seq": 9, "before_seq": 12, "descending": True},
        {"types": ["PlanCreated", "IntentSubmitted"], "descending": True, "limit": 3},
        {"correlation_id": builders.an_intent().id},
    )
    for question in questions:
        assert without_hash(forgetful.read(**question)) == without_hash(ours.read(**question)), question
    ours.close()


def without_hash(rows: list[Recorded]) -> list[tuple[int, str]]:
    return [(row.seq, row.envelope.to_json()) for row in rows]
