"""What an engine and its commander say, on its way to the triage; and the buttons that come back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.commander.telling import Telling
from tradewind.commander.triage.triaging import Actions


class Alerting:
    """Of one instance, with the receivers that its file named when it was started."""

    def __init__(
        self, settings: StrategySettings, folder: InstanceFolder, parts: SupervisorParts, telling: Telling
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._parts = parts
        self._telling = telling
        self._triage: Callable[[EngineLine], None] = lambda _: None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Lines go to the receivers meanwhile."""
        if self._parts.triaging is None:
            yield
            return
        actions = Actions(halt=self._halt, status=self._status)
        async with self._parts.triaging(self._settings, self._folder, actions) as hear:
            self._triage = hear
            yield

    def heard(self, folder: InstanceFolder, line: EngineLine) -> None:
        """A line of the engine."""
        self._triage(line)
        self._parts.on_line(folder, line)

    def alert(self, event: str, message: str) -> None:
        """The commander's own word about the engine."""
        self._triage(EngineLine(self._parts.clock.now_ns(), "error", event, message))

    async def _halt(self) -> str:
        wallet = self._settings.commander.wallet
        if wallet is None:
            return f"{self._folder.name} names no wallet to halt."
        await self._parts.halt(self._settings, "asked for by a button of an alert")
        return f"The wallet {wallet} of {self._folder.name} is halted."

    async def _status(self) -> str:
        state = self._telling.state
        in_force, flying = state.version_in_force or "–", len(state.in_flight)
        return (
            f"{self._folder.name} is {state.phase.value}: {state.because}. Configuration {in_force} is in force, "
            f"{flying} in flight, {state.restarts} restarts, {state.errors} errors."
        )
