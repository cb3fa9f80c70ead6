"""Keeps the state of one instance, and tells it: to its file, and to whoever shows it."""

import os
from collections.abc import Callable
from typing import Any

from tradewind.commander.ending import Ending
from tradewind.commander.engine_process import EngineProcess
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.instance_state import InstanceState, Phase, RuleSeen, write_state
from tradewind.commander.strategy_file.reading import StrategyFile
from tradewind.errors import TradewindError
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock


class Telling:
    """One method for each thing that can be told. A disk that is full does not stop what is told of."""

    def __init__(
        self, folder: InstanceFolder, file: StrategyFile, clock: Clock, on_state: Callable[[InstanceState], None]
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._on_state = on_state
        self.state = InstanceState(
            strategy=folder.name.strategy,
            instance=folder.name.instance,
            phase=Phase.CHECKING,
            because="begins",
            mode=file.settings.mode,
            file=str(file.path),
            commander_pid=os.getpid(),
            updated_at_ns=clock.now_ns(),
        )

    def begin(self) -> None:
        """A commander has the instance. Raises Misconfigured `folder_unwritable`."""
        write_state(self._folder, self.state)
        self._show()

    def tell(self, phase: Phase, because: str) -> None:
        """Where it stands."""
        self._change(phase=phase, because=because)

    def note(self, because: str) -> None:
        """Why it stands there."""
        self._change(because=because)

    def starting(self, version: int, because: str) -> None:
        """A configuration is written, and the engine is about to be started."""
        self._change(
            phase=Phase.STARTING, because=because, version_written=version, version_in_force=None, in_flight=[]
        )

    def started(self, process: EngineProcess) -> None:
        """It has a process."""
        self._change(pid=process.pid, pid_started=process.pid_started, started_at_ns=process.started_at_ns)

    def ready(self, version: int | None) -> None:
        """It called itself ready."""
        self._change(phase=Phase.RUNNING, because="ready", version_in_force=version)

    def written(self, version: int) -> None:
        """A changed configuration is written."""
        self._change(version_written=version, reload_fault=None)

    def in_force(self, version: int) -> None:
        """The engine works by it."""
        self._change(version_in_force=version, reload_fault=None)

    def reload_fault(self, fault: str | None) -> None:
        """A changed configuration is not in force, and why."""
        self._change(reload_fault=fault)

    def in_flight(self, attempts: list[dict[str, Any]]) -> None:
        """What is signed and not proven yet."""
        self._change(in_flight=attempts)

    def counted(self, *, lines: int, warnings: int, errors: int) -> None:
        """What it said so far; written with the next change."""
        self.state = self.state.model_copy(update={"lines": lines, "warnings": warnings, "errors": errors})

    def crashes(self, count: int) -> None:
        """Those that are still counted."""
        self._change(crashes=count)

    def restarting(self) -> None:
        """One more start."""
        self._change(restarts=self.state.restarts + 1)

    def rule(self, seen: RuleSeen) -> None:
        """What its rule says."""
        self._change(rule=seen)

    def ended(self, ending: Ending) -> None:
        """Its process is gone."""
        self._change(pid=None, pid_started=None, last_ending=str(ending))

    def _change(self, **changes: Any) -> None:
        self.state = self.state.model_copy(update={**changes, "updated_at_ns": self._clock.now_ns()})
        try:
            write_state(self._folder, self.state)
        except TradewindError as error:
            observe.record_lost(what="instance state", code=error.code, message=str(error))
        self._show()

    def _show(self) -> None:
        try:
            self._on_state(self.state)
        except Exception as error:  # noqa: BLE001 (whoever shows it must not end what is shown)
            observe.part_failed(part="showing the state", failure=error)
