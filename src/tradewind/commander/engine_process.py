"""One engine: started in a group of its own, read until its end, asked to stop, and killed when it does not."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tradewind.commander.ending import Ending
from tradewind.commander.engine_line import MOST_BYTES
from tradewind.commander.leftover import started_at
from tradewind.errors import Misconfigured
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock

Listener = Callable[[bytes], None]
LAST_LINES = 50
_CHUNK_BYTES = 65_536
# After its end only a grandchild can still hold the pipes.
_DRAIN_S = 5.0


class EngineProcess:
    """A running engine. It holds the writing end of the engine's standard input for as long as it lives."""

    def __init__(self, process: asyncio.subprocess.Process, clock: Clock) -> None:
        self._process = process
        self._clock = clock
        self.started_at_ns = clock.now_ns()
        self.pid_started = started_at(process.pid)
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.last_errors: deque[str] = deque(maxlen=LAST_LINES)
        self._readers: list[asyncio.Task[None]] = []
        self._drain_s = _DRAIN_S

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        clock: Clock,
        on_line: Listener,
        on_error: Listener,
    ) -> "EngineProcess":
        """`on_line` hears each line of its output, `on_error` of its errors. Raises Misconfigured `engine_missing`."""
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Misconfigured(
                "engine_missing", f"{argv[0]} cannot be run: {error.strerror}.", remedy="Install tradewind again."
            ) from None
        made = cls(process, clock)
        made._read(process.stdout, made.last_lines, on_line)
        made._read(process.stderr, made.last_errors, on_error)
        return made

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._process.pid

    async def wait(self) -> Ending:
        """Returns when it has ended and everything that it said was heard. What is left of its group is killed."""
        code = await self._process.wait()
        ran_ns = self._clock.now_ns() - self.started_at_ns
        _, open_still = await asyncio.wait(self._readers, timeout=self._drain_s)
        if open_still:
            # Somebody of the group holds the pipe, so that the group's id cannot be another's.
            self._signal(signal.SIGKILL)
            await asyncio.wait(open_still, timeout=_DRAIN_S)
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
        return Ending(code, ran_ns)

    async def stop(self, *, within_s: float) -> Ending:
        """Ask it to end, and kill its group when it has not after `within_s`."""
        # What cargo started may go on for as long as the engine itself might.
        self._drain_s = within_s
        ended = asyncio.ensure_future(self.wait())
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)
        await asyncio.wait({ended}, timeout=within_s)
        if not ended.done() and self._process.returncode is None:
            self._signal(signal.SIGKILL)
        return await ended

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _read(self, stream: asyncio.StreamReader | None, last: deque[str], heard: Listener) -> None:
        async def read() -> None:
            if stream is None:
                return
            async for line in _lines(stream):
                last.append(line[:2_000].decode(errors="replace"))
                try:
                    heard(line)
                except Exception as error:  # noqa: BLE001 (a pipe that is not read any more stops the engine)
                    observe.part_failed(part="hearing a line of the engine", failure=error)

        self._readers.append(asyncio.create_task(read()))


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Each line without its end; one that is too long comes in parts."""
    rest = b""
    while chunk := await stream.read(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        while len(rest) > MOST_BYTES:
            yield rest[:MOST_BYTES]
            rest = rest[MOST_BYTES:]
        # A flood of lines must not keep others from their turn.
        await asyncio.sleep(0)
    if rest:
        yield rest
