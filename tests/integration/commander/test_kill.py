"""Engine and commander are killed, in turn and together, again and again: no orphan, no event lost, none twice."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from tests.integration.commander.test_commands import command, desk, running
from tests.integration.commander.test_hot_reload import envelope
from tradewind.commander.leftover import started_at
from tradewind.streaming.journal import Journal

ROUNDS = 6
TEMPLATE = envelope(7).to_json().replace("00000000-0000-0000-0000-000000000007", "ID")


async def grown(events: Path, lines: int) -> None:
    """Return once the engine has written so many more lines."""
    before = events.read_bytes().count(b"\n") if events.exists() else 0
    async with asyncio.timeout(30):
        while not events.exists() or events.read_bytes().count(b"\n") < before + lines:
            await asyncio.sleep(0.001)


async def gone(pid: int) -> None:
    """Return once there is no such process."""
    async with asyncio.timeout(10):
        while started_at(pid) is not None:
            await asyncio.sleep(0.001)


@pytest.mark.slow
async def test_whatever_is_killed_and_whenever_every_event_is_published_once_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    environment = desk(tmp_path, parameters__stand_in={"stream": TEMPLATE})
    folder = tmp_path / "commander-data/arb/main"
    for round_ in range(ROUNDS):
        async with running(tmp_path, environment) as commander:
            engine = (await command(tmp_path, "status", "arb"))["pid"]
            await grown(folder / "events.jsonl", 1 + 13 * round_)
            if round_ % 3 != 1:
                os.kill(engine, signal.SIGKILL)
            if round_ % 3 != 0:
                commander.kill()
            else:
                await gone(engine)
                await grown(folder / "events.jsonl", 5)
                commander.kill()
            await commander.wait()
        for pid in map(int, (folder / "starts").read_text().split()):
            await gone(pid)
    async with running(tmp_path, environment):
        await grown(folder / "events.jsonl", 5)
        await command(tmp_path, "stop", "arb")
    written = [json.loads(line)["id"] for line in (folder / "events.jsonl").read_text().splitlines() if line]
    journal = Journal.open(folder / "journal.db")
    try:
        published = [str(row.envelope.id) for row in journal.read(limit=100_000)]
    finally:
        journal.close()
    assert len(written) > 13 * ROUNDS
    assert published == written
