"""The journal keeps what it acknowledged, once, in order, and chained."""

import asyncio
import hashlib
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests import builders
from tradewind.domain.events import Envelope
from tradewind.errors import Misconfigured, NotFound, Unavailable
from tradewind.streaming import group_commit
from tradewind.streaming.journal import Journal, Recorded, verify_file


def some_envelopes(count: int) -> list[Envelope]:
    return [builders.envelope(builders.rejected(uuid4())) for _ in range(count)]


async def test_gives_back_what_was_appended_in_the_order_of_its_numbers(journal: Journal) -> None:
    envelopes = builders.one_of_each()
    recorded = await journal.append(envelopes)
    assert [row.seq for row in recorded] == list(range(1, len(envelopes) + 1))
    assert [row.envelope for row in journal.read()] == envelopes
    assert journal.read() == recorded


async def test_chains_each_row_to_the_one_before_with_sha256(journal: Journal, journal_path: Path) -> None:
    await journal.append(some_envelopes(3))
    with sqlite3.connect(journal_path) as other:
        rows = other.execute("SELECT envelope, prev_hash, hash FROM events ORDER BY seq").fetchall()
    previous = "0" * 64
    for text, prev_hash, row_hash in rows:
        assert prev_hash == previous
        assert row_hash == hashlib.sha256(previous.encode() + text.encode()).hexdigest()
        previous = row_hash
    assert journal.head() == (3, previous)


async def test_an_event_recorded_before_is_not_written_again(journal: Journal) -> None:
    [first] = await journal.append([builders.envelope(builders.rejected(intent_id := uuid4()))])
    later = builders.envelope(builders.rejected(intent_id), at_ns=builders.START_NS + 5)
    fresh = builders.envelope(builders.expired(uuid4()))
    again, added, twice = await journal.append([later, fresh, fresh])
    assert again == first
    assert again.envelope.occurred_at == builders.START_NS
    assert twice == added
    assert journal.head()[0] == 2


async def test_concurrent_appends_share_commits(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = count_commits(monkeypatch)
    journal = Journal.open(journal_path)
    envelopes = some_envelopes(500)
    answers = await asyncio.gather(*(journal.append([envelope]) for envelope in envelopes))
    journal.close()
    assert sorted(row.seq for [row] in answers) == list(range(1, 501))
    assert len(commits) <= 50, "500 appends that wait together need few commits"


async def test_a_lone_append_is_committed_at_once(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = count_commits(monkeypatch)
    journal = Journal.open(journal_path)
    for envelope in some_envelopes(3):
        await journal.append([envelope])
    journal.close()
    assert len(commits) == 3


def count_commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Watch the writer's own transactions."""
    sizes: list[int] = []
    commit = group_commit.GroupCommit._commit

    def watched(self: group_commit.GroupCommit, batch: list[group_commit._Call]) -> None:
        commit(self, batch)
        sizes.append(len(batch))

    monkeypatch.setattr(group_commit.GroupCommit, "_commit", watched)
    return sizes


async def test_is_on_disk_when_append_returns(journal: Journal, journal_path: Path) -> None:
    for envelope in some_envelopes(20):
        [row] = await journal.append([envelope])
        # A process that dies here leaves exactly these bytes; another connection sees what they hold.
        assert verify_file(journal_path).rows == row.seq


def test_syncs_to_the_disk_before_it_acknowledges(tmp_path: Path) -> None:
    """The system calls themselves: of events appended one after another, each is synced before its own answer."""
    trace = tmp_path / "trace"
    if shutil.which("strace") is None:
        pytest.fail("strace is missing. Get it: apt-get install strace")
    strace = ["strace", "-f", "-e", "trace=fdatasync,fsync,write", "-o", str(trace)]
    child = [sys.executable, "-m", "tests.unit.streaming.appender", str(tmp_path / "data" / "journal.db"), "5"]
    subprocess.run([*strace, *child], check=True, capture_output=True, timeout=120)
    synced, acknowledged = 0, 0
    for line in trace.read_text().splitlines():
        if 'write(1, "open' in line:
            synced = 0
        elif "sync" in line and line.endswith("= 0"):
            synced += 1
        elif 'write(1, "ack ' in line:
            acknowledged += 1
            assert synced >= acknowledged, "an answer before its sync"
    assert acknowledged == 5


async def test_all_of_a_call_is_recorded_or_nothing(journal: Journal) -> None:
    good, bad = some_envelopes(2)
    unreadable = bad.model_copy(update={"type": "NoSuchEvent"})
    with pytest.raises(ValueError, match="NoSuchEvent"):
        await journal.append([good, unreadable])
    assert journal.read() == []


async def test_a_call_that_fails_half_way_leaves_nothing_behind(journal: Journal, journal_path: Path) -> None:
    with sqlite3.connect(journal_path) as other:
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.type = 'IntentExpired' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    other.close()
    [good] = some_envelopes(1)
    with pytest.raises(Unavailable):
        await journal.append([good, builders.envelope(builders.expired(uuid4()))])
    assert (journal.read(), journal.head()[0]) == ([], 0)
    [row] = await journal.append([good])
    assert (row.seq, journal.read()) == (1, [row])


async def test_a_cancelled_append_is_recorded_and_observed_all_the_same(journal: Journal) -> None:
    seen: list[int] = []
    journal.observe(lambda row: seen.append(row.seq))
    first, second = some_envelopes(2)
    task = asyncio.create_task(journal.append([first]))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await journal.append([second])
    assert [row.envelope.id for row in journal.read()] == [first.id, second.id]
    assert seen == [1, 2]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to let a file grow: what a full disk does to SQLite, on demand."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_is_unavailable_and_nothing_is_half_done(journal: Journal, journal_path: Path) -> None:
    await journal.append(some_envelopes(3))
    wal = journal_path.with_name("journal.db-wal")
    refused = some_envelopes(2)
    with files_no_larger_than(wal.stat().st_size + 100), pytest.raises(Unavailable) as raised:
        await journal.append(refused)
    assert raised.value.code == "journal_unavailable"
    assert journal.head()[0] == 3
    assert len(journal.read()) == 3
    recorded = await journal.append(refused)
    assert [row.seq for row in recorded] == [4, 5]
    assert verify_file(journal_path).ok


async def test_refuses_more_waiting_appends_than_it_has_room_for(
    journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING_CALLS", 4)
    journal = Journal.open(journal_path)
    with sqlite3.connect(journal_path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        calls = [asyncio.create_task(journal.append([envelope])) for envelope in some_envelopes(20)]
        # One more turn of the loop: every call has been put in line, or refused.
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
    answers = await asyncio.gather(*calls, return_exceptions=True)
    journal.close()
    codes = [answer.code for answer in answers if isinstance(answer, Unavailable)]
    assert set(codes) == {"journal_busy"}
    assert verify_file(journal_path).rows == len(answers) - len(codes) >= 4


async def test_refuses_to_append_once_closed(journal: Journal) -> None:
    journal.close()
    with pytest.raises(Unavailable) as raised:
        await journal.append(some_envelopes(1))
    assert raised.value.code == "journal_closed"
    journal.close()


async def test_close_writes_what_is_waiting(journal_path: Path) -> None:
    journal = Journal.open(journal_path)
    calls = [asyncio.create_task(journal.append([envelope])) for envelope in some_envelopes(50)]
    await asyncio.sleep(0)
    journal.close()
    answers = await asyncio.gather(*calls)
    assert verify_file(journal_path).rows == len(answers) == 50


def test_creates_its_file_for_its_owner_alone(journal: Journal, journal_path: Path) -> None:
    assert stat.S_IMODE(journal_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal_path.parent.stat().st_mode) == 0o700
    others = {path.name for path in journal_path.parent.iterdir()} - {"journal.db"}
    for name in others:
        assert stat.S_IMODE((journal_path.parent / name).stat().st_mode) == 0o600, name


def test_a_second_opener_is_refused_until_the_first_has_closed(journal: Journal, journal_path: Path) -> None:
    with pytest.raises(Misconfigured) as raised:
        Journal.open(journal_path)
    assert raised.value.code == "journal_in_use"
    assert str(journal_path) in str(raised.value)
    journal.close()
    Journal.open(journal_path).close()


def test_refuses_a_layout_it_does_not_know(journal: Journal, journal_path: Path) -> None:
    journal.close()
    with sqlite3.connect(journal_path) as other:
        other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(Misconfigured) as raised:
        Journal.open(journal_path)
    assert raised.value.code == "journal_version_unknown"


def test_refuses_a_database_that_is_not_a_journal(journal_path: Path) -> None:
    journal_path.parent.mkdir()
    with sqlite3.connect(journal_path) as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    with pytest.raises(Misconfigured) as raised:
        Journal.open(journal_path)
    assert raised.value.code == "journal_unknown"


def test_refuses_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Misconfigured) as raised:
        Journal.open(tmp_path / "file" / "journal.db")
    assert raised.value.code == "journal_unwritable"


def test_a_journal_that_is_not_there_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        verify_file(tmp_path / "journal.db")
    assert raised.value.code == "journal_missing"


async def test_continues_where_it_was_closed(journal_path: Path) -> None:
    journal = Journal.open(journal_path)
    await journal.append(some_envelopes(2))
    head = journal.head()
    journal.close()
    journal = Journal.open(journal_path)
    assert journal.head() == head
    [row] = await journal.append(some_envelopes(1))
    journal.close()
    assert row.seq == 3
    assert verify_file(journal_path).ok


async def test_verifies_while_a_writer_is_at_work(journal: Journal, journal_path: Path) -> None:
    rows = []
    for _ in range(10):
        writing = asyncio.gather(*(journal.append([envelope]) for envelope in some_envelopes(20)))
        found = await asyncio.to_thread(verify_file, journal_path)
        assert found.ok
        rows.append(found.rows)
        await writing
    assert verify_file(journal_path).rows == 200
    assert rows == sorted(rows)


class TestReading:
    @pytest.fixture
    async def recorded(self, journal: Journal) -> list[Recorded]:
        first, second = builders.lifecycle(), builders.lifecycle()
        mixed = [body for pair in zip(first, second, strict=True) for body in pair]
        return await journal.append([builders.envelope(body) for body in mixed])

    def test_by_place(self, journal: Journal, recorded: list[Recorded]) -> None:
        assert journal.read(after_seq=3, limit=4) == recorded[3:7]
        assert journal.read(after_seq=3, before_seq=6) == recorded[3:5]
        assert journal.read(descending=True, limit=3) == recorded[:-4:-1]
        assert journal.read(after_seq=len(recorded)) == []

    def test_by_intent(self, journal: Journal, recorded: list[Recorded]) -> None:
        one = recorded[1].envelope.correlation_id
        assert journal.read(correlation_id=one) == recorded[1::2]

    def test_by_type(self, journal: Journal, recorded: list[Recorded]) -> None:
        types = ["PlanCreated", "IntentValidated"]
        assert journal.read(types=types) == [row for row in recorded if row.envelope.type in types]
        assert journal.read(types=[]) == []
