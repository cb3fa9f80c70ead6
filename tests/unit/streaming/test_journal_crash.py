"""Real SIGKILLs: whatever was acknowledged is there afterwards, once, and the chain verifies."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tradewind.streaming.journal import Journal, verify_file

KILLS = 15
ROOT = Path(__file__).parents[3]


def run_until_killed(path: Path, *, acknowledgements: int, then_s: float) -> list[tuple[int, str]]:
    """Start the appender, kill it `then_s` after so many acknowledgements; what it had acknowledged by then."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.streaming.appender", str(path), "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child, child.stdout as output:
        lines = [output.readline() for _ in range(acknowledgements + 1)]
        # Not synchronisation: the moment of the kill is what is varied.
        time.sleep(then_s)
        child.send_signal(signal.SIGKILL)
        lines += output.readlines()
    assert child.returncode == -signal.SIGKILL
    assert lines[0] == b"open\n"
    return [(int(seq), event_id) for _, seq, event_id in (line.decode().split() for line in lines[1:])]


def test_every_acknowledged_event_survives_kills_at_random_moments(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.db"
    chance = random.Random(20_251_121)
    acknowledged: dict[str, int] = {}
    for _ in range(KILLS):
        for seq, event_id in run_until_killed(
            path, acknowledgements=chance.randrange(0, 40), then_s=chance.random() * 0.02
        ):
            assert event_id not in acknowledged
            acknowledged[event_id] = seq
        found = verify_file(path)
        assert found.ok, found.fault
        assert found.rows >= len(acknowledged)
    journal = Journal.open(path)
    rows = {str(row.envelope.id): row.seq for row in journal.read(limit=1_000_000)}
    journal.close()
    assert len(rows) == journal.head()[0]
    assert acknowledged.items() <= rows.items()
    assert len(acknowledged) > KILLS * 10


def test_a_process_that_is_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.db"
    run_until_killed(path, acknowledgements=1, then_s=0)
    Journal.open(path).close()
