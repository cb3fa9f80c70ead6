"""A commander with real child processes: a file, a folder, and the stand-in for the engine."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.unit.commander.strategy_files import changed, written
from tradewind.commander.engine_binary import EngineCommand
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.supervisor import Supervisor
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.localnet.anvil import LEASH
from tradewind.observability.clock import SystemClock

STAND_IN = Path(__file__).with_name("engine_stand_in.py")
COMMAND = EngineCommand((sys.executable, "-I", "-S", str(STAND_IN)), "the stand-in")
FAST = {"first_pause_ms": 1, "longest_pause_ms": 2, "most_crashes": 3, "within_ms": 60_000, "policy": "on-failure"}


class Desk:
    """One instance of `arb`; `states` has every state that was told."""

    def __init__(self, folder: Path, *, name: str = "arb", **changes: Any) -> None:
        self.states: list[InstanceState] = []
        self.halts: list[tuple[str, str]] = []
        self._news = asyncio.Event()
        self.root = folder / "data"
        self.folder = InstanceFolder(self.root, InstanceName.parse(name))
        changes.setdefault("commander__restart", FAST)
        changes.setdefault("commander__stop_within_ms", 5_000)
        self.file = written(folder, changed(**changes))

    def parts(self, **changes: Any) -> SupervisorParts:
        """As the command line makes them, with the stand-in for the engine."""
        usual: dict[str, Any] = {
            "clock": SystemClock(),
            "command": COMMAND,
            "environment": os.environ,
            "halt": self._halt,
            "leash": (sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
            "on_state": self._told,
            "wish_every_s": 0.01,
        }
        return SupervisorParts(**{**usual, **changes})

    def supervisor(self, **changes: Any) -> Supervisor:
        """Of this instance."""
        return Supervisor(read_strategy_file(self.file), self.folder, self.parts(**changes))

    @asynccontextmanager
    async def running(self, **changes: Any) -> Any:
        """The supervisor with an engine that is ready; stopped at the end."""
        supervisor = self.supervisor(**changes)
        run = asyncio.create_task(supervisor.run())
        await self.until(lambda state: state.phase == "running")
        try:
            yield supervisor
        finally:
            supervisor.stop(by="the test")
            await asyncio.wait_for(run, 30)

    async def until(self, holds: Callable[[InstanceState], bool], *, within_s: float = 30) -> InstanceState:
        """The first state from now on, the last one included, for which it holds."""
        async with asyncio.timeout(within_s):
            while not (self.states and holds(self.states[-1])):
                self._news.clear()
                await self._news.wait()
        return self.states[-1]

    def starts(self) -> list[int]:
        """The process ids of the engines that were started."""
        path = self.folder.path / "starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def rewrite(self, **changes: Any) -> None:
        """Change the user's file."""
        changes.setdefault("commander__restart", FAST)
        written(self.file.parent, changed(**changes))

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of this event in the log."""
        lines = [json.loads(line) for line in self.folder.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    async def _halt(self, settings: StrategySettings, reason: str) -> None:
        self.halts.append((str(settings.commander.wallet), reason))

    def _told(self, state: InstanceState) -> None:
        self.states.append(state)
        self._news.set()
