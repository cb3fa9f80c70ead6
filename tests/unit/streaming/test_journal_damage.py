"""Damage is found before the journal is used, the row is named, and nothing is repaired."""

import hashlib
import random
import shutil
import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from tests import builders
from tradewind.errors import Damaged, Misconfigured
from tradewind.streaming.journal import Journal, Recorded, verify_file

ROWS = 40


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal of 40 rows, closed: the whole of it is in its one file."""
    path = tmp_path / "data" / "journal.db"
    journal = Journal.open(path)
    for _ in range(ROWS // 5):
        await journal.append([builders.envelope(builders.rejected(uuid4())) for _ in range(5)])
    journal.close()
    assert [other.name for other in path.parent.iterdir() if other.stat().st_size] == ["journal.db"]
    return path


def edit(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("statement", "bad_seq"),
    [
        ("UPDATE events SET envelope = replace(envelope, 'balance_too_low', 'balance_too_bad') WHERE seq = 7", 7),
        ("UPDATE events SET hash = substr(hash, 2) || substr(hash, 1, 1) WHERE seq = 9", 9),
        ("UPDATE events SET prev_hash = hash WHERE seq = 3", 3),
        ("UPDATE events SET correlation_id = id WHERE seq = 5", 5),
        ("UPDATE events SET id = correlation_id WHERE seq = 6", 6),
        ("UPDATE events SET type = 'IntentExpired' WHERE seq = 8", 8),
        ("UPDATE events SET subject = replace(subject, 'rejected', 'expired') WHERE seq = 10", 10),
        ("UPDATE events SET occurred_at = occurred_at + 1 WHERE seq = 11", 11),
        ("DELETE FROM events WHERE seq = 12", 12),
        ("DELETE FROM events WHERE seq = 1", 1),
        ("DELETE FROM events WHERE seq = 40", 40),
        ("UPDATE events SET seq = 1000 WHERE seq = 20", 20),
        ("UPDATE head SET seq = 39", ROWS + 1),
        ("DELETE FROM head", ROWS + 1),
    ],
)
def test_an_edited_row_is_named_and_left_alone(path: Path, statement: str, bad_seq: int) -> None:
    edit(path, statement)
    before = fingerprint(path)
    found = verify_file(path)
    assert (found.ok, found.first_bad_seq) == (False, bad_seq)
    with pytest.raises(Damaged) as raised:
        Journal.open(path)
    assert raised.value.code == "journal_damaged"
    assert f"row {bad_seq}:" in str(raised.value)
    assert fingerprint(path) == before


def test_a_chain_forged_from_a_row_onwards_is_found_by_its_head(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        text, prev_hash = connection.execute("SELECT envelope, prev_hash FROM events WHERE seq = 40").fetchone()
        forged = text.replace("balance_too_low", "balance_too_bad")
        digest = hashlib.sha256((prev_hash + forged).encode()).hexdigest()
        connection.execute("UPDATE events SET envelope = ?, hash = ? WHERE seq = 40", (forged, digest))
    connection.close()
    assert not verify_file(path).ok


@pytest.mark.parametrize("kept_percent", [0, 3, 30, 60, 99])
def test_a_truncated_file_is_refused(path: Path, kept_percent: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * kept_percent // 100])
    before = fingerprint(path)
    with pytest.raises((Damaged, Misconfigured)):
        Journal.open(path)
    assert fingerprint(path) == before


def test_flipped_bits_are_found_or_change_nothing(path: Path, tmp_path: Path) -> None:
    journal = Journal.open(path)
    truth = journal.read()
    journal.close()
    content = path.read_bytes()
    chance = random.Random(7)
    found = 0
    for number in range(300):
        flipped = bytearray(content)
        # Every page has its turn.
        page = number * 4096 % len(content)
        flipped[page + chance.randrange(4096)] ^= 1 << chance.randrange(8)
        copy = tmp_path / f"flip{number}" / "journal.db"
        copy.parent.mkdir()
        copy.write_bytes(flipped)
        try:
            journal = Journal.open(copy)
        except (Damaged, Misconfigured):
            found += 1
            assert copy.read_bytes() == bytes(flipped)
        else:
            assert everything_read(journal, truth) == truth
            journal.close()
        shutil.rmtree(copy.parent)
    assert found > 150


def everything_read(journal: Journal, truth: list[Recorded]) -> list[Recorded]:
    """What the table and each index give."""
    assert journal.read(types=["IntentRejected"]) == truth
    assert [row for one in truth for row in journal.read(correlation_id=one.envelope.correlation_id)] == truth
    return journal.read()


def test_garbage_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(Damaged) as raised:
        Journal.open(path)
    assert raised.value.code == "journal_damaged"
