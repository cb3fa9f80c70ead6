"""Hears an engine: keeps every line, and acts on those that mean something to the commander."""

import asyncio
from collections.abc import Callable
from typing import Any

from tradewind.commander.engine_line import EngineLine, parse_line
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.log_file import LogFile
from tradewind.commander.telling import Telling
from tradewind.observability.clock import Clock

_MOST_ATTEMPTS = 256


class Listening:
    """Of one life of an engine."""

    def __init__(
        self,
        folder: InstanceFolder,
        telling: Telling,
        heard: Callable[[InstanceFolder, EngineLine], None],
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._telling = telling
        self._heard = heard
        self._clock = clock
        self._log = LogFile(folder.log)
        self._errors = LogFile(folder.errors)
        self._lines = telling.state.lines
        self._warned = telling.state.warnings
        self._failed = telling.state.errors
        self.ready = asyncio.Event()

    def line(self, raw: bytes) -> None:
        """A line of its standard output."""
        self._log.write(raw)
        line = parse_line(raw, now_ns=self._clock.now_ns())
        self._count(line)
        self._act(line)
        self._heard(self._folder, line)

    def error(self, raw: bytes) -> None:
        """A line of its standard error: a panic, or what cargo says while it builds."""
        self._errors.write(raw)
        line = parse_line(raw, now_ns=self._clock.now_ns(), level="warning")
        self._heard(self._folder, line)

    def close(self) -> None:
        """The engine has ended."""
        self._log.close()
        self._errors.close()

    def _count(self, line: EngineLine) -> None:
        self._lines += 1
        self._warned += line.level == "warning"
        self._failed += line.level == "error"
        self._telling.counted(lines=self._lines, warnings=self._warned, errors=self._failed)

    def _act(self, line: EngineLine) -> None:
        match line.event:
            case "engine_ready":
                self.ready.set()
                self._telling.ready(_version(line.fields))
            case "config_in_force":
                if (version := _version(line.fields)) is not None:
                    self._telling.in_force(version)
            case "config_refused":
                said = [str(line.fields.get(name, "")) for name in ("field", "fault", "remedy")]
                version = _version(line.fields)
                self._telling.reload_fault(f"the engine refused version {version}: {said[0]}: {said[1]} {said[2]}")
            case "in_flight":
                attempts = line.fields.get("attempts", line.fields.get("plans"))
                if isinstance(attempts, list):
                    named = [{"id": attempt} if isinstance(attempt, str) else attempt for attempt in attempts]
                    kept = [attempt for attempt in named if isinstance(attempt, dict)][:_MOST_ATTEMPTS]
                    if kept != self._telling.state.in_flight:
                        self._telling.in_flight(kept)


def _version(fields: dict[str, Any]) -> int | None:
    version = fields.get("version")
    return version if type(version) is int else None
