"""`tradewind run` whose output nobody reads any more: the engines are read, watched and obeyed as before."""

import asyncio
import os
import sys
from pathlib import Path

from tests.integration.commander.test_commands import command, desk
from tests.unit.cli.terminal import tradewind


def read_until(reading: int, wanted: bytes) -> None:
    """Returns when that was read, or the end."""
    said = b""
    while wanted not in said and (chunk := os.read(reading, 4_096)):
        said += chunk


async def test_an_engine_goes_on_when_nobody_reads_what_its_commander_says(tmp_path: Path) -> None:
    # Each change of its state is told in a line that nearly fills a pipe.
    environment = desk(tmp_path, parameters__stand_in={"in_flight": [{"id": "x" * 60_000}]})
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "run", "--strategy", "arb", "--json"),
        cwd=tmp_path,
        env=environment,
        stdout=writing,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        await asyncio.wait_for(asyncio.to_thread(read_until, reading, b"running"), 60)
        await command(tmp_path, "restart", "arb/main")
        said = tradewind("logs", "arb", "--data", tmp_path / "commander-data", "--json").stdout
        assert said.count('"engine_ready"') == 2
        stopped = await command(tmp_path, "stop", "arb/main")
        assert stopped["instances"][0]["phase"] == "stopped"
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(reading)
