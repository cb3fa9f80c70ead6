"""The BotCommander: runs several instances of several strategies at once, and ends them together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tradewind.commander.defect import as_error
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState
from tradewind.commander.rules.admission import Admission
from tradewind.commander.strategy_file.reading import StrategyFile
from tradewind.commander.supervisor import Supervisor
from tradewind.commander.supervisor_parts import SupervisorParts
from tradewind.errors import InvalidInput, TradewindError

MOST_INSTANCES = 64


@dataclass(frozen=True, slots=True)
class Order:
    """One instance to run, by a file that was read and is right; with an `admission` only while that lets it."""

    name: InstanceName
    file: StrategyFile
    admission: Admission | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run of one instance ended: its last state, or the error that kept it from running."""

    name: InstanceName
    state: InstanceState
    error: TradewindError | None = None


class BotCommander:
    """`await run()` returns when every instance has ended; `stop` ends them all. None waits for another."""

    def __init__(self, orders: Sequence[Order], *, root: Path, parts: SupervisorParts) -> None:
        names = [order.name for order in orders]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            message = "is asked for twice. Give each instance a name of its own."
            raise InvalidInput.one(str(twice), "instance_twice", message, what="instances")
        if not 0 < len(orders) <= MOST_INSTANCES:
            message = f"are {len(orders)}. Run 1 to {MOST_INSTANCES} with one commander."
            raise InvalidInput.one("instances", "instances_out_of_range", message, what="instances")
        self._supervisors = {
            order.name: Supervisor(order.file, InstanceFolder(root, order.name), parts, admission=order.admission)
            for order in orders
        }

    @property
    def states(self) -> list[InstanceState]:
        """Of every instance, as they were ordered."""
        return [supervisor.state for supervisor in self._supervisors.values()]

    def stop(self, *, by: str) -> None:
        """Ask every instance to end in good order."""
        for supervisor in self._supervisors.values():
            supervisor.stop(by=by)

    async def run(self) -> list[Outcome]:
        """How each ended, as they were ordered."""
        running = [asyncio.create_task(self._one(name)) for name in self._supervisors]
        try:
            return list(await asyncio.gather(*running))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _one(self, name: InstanceName) -> Outcome:
        supervisor = self._supervisors[name]
        try:
            return Outcome(name, await supervisor.run())
        except Exception as error:  # noqa: BLE001 (the others trade on, whatever failed with this one)
            return Outcome(name, supervisor.state, as_error(str(name), error))
