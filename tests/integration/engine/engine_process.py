"""The built engine as a process of its own, told what a commander tells it, and read line by line."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

from tradewind.domain.events import Envelope

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "target" / "debug" / "tradewind-engine"


class EngineProcess:
    """Start, tell, wait for a line, stop; the folder keeps what survives."""

    def __init__(self, config: dict[str, Any], *, config_path: Path) -> None:
        self.config = config
        self.config_path = config_path
        self.lines: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._input: int | None = None

    async def start(self, *arguments: str) -> None:
        """Write the configuration and start the process on it."""
        self.write()
        read_end, self._input = os.pipe()
        self._process = await asyncio.create_subprocess_exec(
            str(ENGINE),
            *("--strategy", self.config["strategy"], "--config", str(self.config_path), *arguments),
            stdin=read_end,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 22,
        )
        os.close(read_end)
        self._reading = asyncio.create_task(self._read())

    def write(self) -> None:
        """Put the configuration in place as a commander does: whole, by renaming."""
        beside = self.config_path.with_suffix(".new")
        beside.write_text(json.dumps(self.config))
        beside.rename(self.config_path)

    async def until(self, event: str, *, after: int = 0, timeout_s: float = 60, **fields: Any) -> dict[str, Any]:
        """The first line of this event, not before line `after`, with these fields."""

        def found() -> dict[str, Any] | None:
            for line in self.lines[after:]:
                if line["event"] == event and all(line.get(name) == value for name, value in fields.items()):
                    return line
            return None

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: found() is not None or self._ended())
        line = found()
        assert line is not None, f"The engine did not say {event}: {self.lines[-8:]}"
        return line

    def said(self, event: str) -> list[dict[str, Any]]:
        """Every line of this event so far."""
        return [line for line in self.lines if line["event"] == event]

    async def terminate(self) -> int:
        """SIGTERM; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self.exit_code()

    async def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self.exit_code()

    def close_input(self) -> None:
        """As when whoever started it dies."""
        if self._input is not None:
            os.close(self._input)
            self._input = None

    async def exit_code(self) -> int:
        """Wait for its end."""
        assert self._process is not None
        async with asyncio.timeout(60):
            code = await self._process.wait()
        if self._reading is not None:
            await self._reading
        self.close_input()
        return code

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of its events of one type, from its folder. Each event there is one that the stream takes."""
        path = Path(self.config["folder"]) / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            Envelope.from_json(line)
        return [event["body"] for event in map(json.loads, lines) if event["type"] == kind]

    def envelopes(self) -> list[dict[str, Any]]:
        """Its events as they were written."""
        path = Path(self.config["folder"]) / "events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def _ended(self) -> bool:
        return self._reading is not None and self._reading.done()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while text := await self._process.stdout.readline():
            async with self._news:
                self.lines.append(json.loads(text))
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()
