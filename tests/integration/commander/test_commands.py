"""`tradewind run`, `ps`, `status`, `logs`, `restart` and `stop` as processes, over the stand-in for the engine."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.integration.commander.desk import STAND_IN
from tests.unit.cli.terminal import tradewind
from tests.unit.commander.strategy_files import changed, written
from tradewind.commander.leftover import started_at

SOURCES = str(Path(STAND_IN).parents[3] / "src")


def desk(folder: Path, **changes: Any) -> dict[str, str]:
    """A folder with the file of `arb` and a program that stands in for the engine; the environment for commands."""
    strategies = folder / "configs" / "strategies"
    strategies.mkdir(parents=True)
    written(strategies, changed(**{"parameters__stand_in": {}, "mode": "replay", **changes}))
    engine = folder / "tradewind-engine"
    engine.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {STAND_IN} "$@"\n')
    engine.chmod(0o755)
    return {**os.environ, "PYTHONPATH": SOURCES, "TRADEWIND_ENGINE": str(engine), "COLUMNS": "200"}


@asynccontextmanager
async def running(folder: Path, environment: dict[str, str], *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`tradewind run --json`, once its engine is ready; ended by Ctrl-C when it was not before."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "run", "--strategy", "arb", "--json", *more),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while (state := json.loads(await process.stdout.readline()))["phase"] != "running":
                pass
        assert state["version_in_force"] == 1
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.communicate()


async def command(folder: Path, *arguments: str) -> Any:
    """The JSON that a command answers with."""
    data = ("--data", str(folder / "commander-data"), "--json")
    said = await asyncio.to_thread(tradewind, *arguments, *data)
    assert said.exit_code == 0, said.stderr
    return said.document


async def test_the_life_of_an_instance_from_the_command_line(tmp_path: Path) -> None:
    environment = desk(tmp_path)
    async with running(tmp_path, environment) as commander:
        [instance] = (await command(tmp_path, "ps"))["instances"]
        assert (instance["phase"], instance["commander_pid"]) == ("running", commander.pid)
        status = await command(tmp_path, "status", "arb")
        assert (status["version_in_force"], status["last_crash"]) == (1, None)
        again = await command(tmp_path, "restart", "arb/main")
        assert again["pid"] != instance["pid"]
        assert started_at(instance["pid"]) is None
        said = tradewind("logs", "arb", "--data", tmp_path / "commander-data", "--json").stdout
        events = [json.loads(line)["event"] for line in said.splitlines()]
        assert events == ["engine_ready", "engine_stopped", "engine_ready"]
        stopped = await command(tmp_path, "stop", "arb/main")
        assert stopped["instances"] == [{"instance": "arb/main", "was_running": True, "phase": "stopped"}]
        assert await asyncio.wait_for(commander.wait(), 30) == 0
    assert started_at(again["pid"]) is None
    stopped = await command(tmp_path, "stop", "--all")
    assert stopped["instances"] == [{"instance": "arb/main", "was_running": False, "phase": "stopped"}]


async def test_ctrl_c_stops_every_engine_and_is_a_good_end(tmp_path: Path) -> None:
    environment = desk(tmp_path)
    async with running(tmp_path, environment, "--strategy", "arb/two") as commander:
        async with asyncio.timeout(30):
            while {each["phase"] for each in (await command(tmp_path, "ps"))["instances"]} != {"running"}:
                await asyncio.sleep(0.05)
        pids = [each["pid"] for each in (await command(tmp_path, "ps"))["instances"]]
        commander.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(commander.wait(), 30) == 0
    assert len(pids) == 2
    assert [started_at(pid) for pid in pids] == [None, None]


async def test_a_file_with_mistakes_starts_nothing_and_all_of_them_are_told(tmp_path: Path) -> None:
    environment = desk(tmp_path, mode="livee", chain__rpc=["127.0.0.1"])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "run", "-s", "arb", "--json"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, error = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, said) == (2, b"")
    faults = json.loads(error)["error"]["faults"]
    assert [(fault["field"].partition(": ")[2], fault["code"]) for fault in faults] == [
        ("chain.rpc[0]", "url_malformed"),
        ("mode", "value_not_allowed"),
    ]
    assert not (tmp_path / "commander-data").exists()


async def test_what_is_red_is_told_and_starts_nothing(tmp_path: Path) -> None:
    environment = desk(tmp_path, commander__preflight={"least_free_bytes": 2**50})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "run", "-s", "arb"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, error = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"\xe2\x9c\x98  disk" in said
    assert b"code: preflight_red" in error
    assert not (tmp_path / "commander-data/arb/main/starts").exists()


async def test_private_keys_in_the_environment_keep_it_from_starting(tmp_path: Path) -> None:
    environment = desk(tmp_path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.cli", "run", "-s", "arb", "--json"),
        cwd=tmp_path,
        env={**environment, "WALLET_1": "5JSecret"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, json.loads(error)["error"]["code"]) == (3, "wallet_keys_in_environment")
    assert b"5JSecret" not in error


def test_an_instance_that_was_never_run_is_unknown(tmp_path: Path) -> None:
    for name in ("status", "logs", "stop", "restart"):
        said = tradewind(name, "arb", "--data", tmp_path, "--json")
        assert (said.exit_code, said.error["code"]) == (1, "instance_unknown")
    assert tradewind("status", "Arb!", "--data", tmp_path, "--json").error["code"] == "instance_malformed"
    assert tradewind("ps", "--data", tmp_path).stdout.startswith(f"No strategy was run in {tmp_path} yet")


def test_stop_needs_a_name_or_all_and_run_one_file_for_each(tmp_path: Path) -> None:
    assert tradewind("stop", "--data", tmp_path, "--json").error["code"] == "instances_missing"
    asked = ("run", "-s", "arb", "-s", "sniper", "-c", "x.yaml", "--data", tmp_path, "--json")
    assert tradewind(*asked).error["code"] == "config_count"
    assert tradewind("logs", "arb", "--level", "loud", "--json").error["code"] == "level_unknown"
