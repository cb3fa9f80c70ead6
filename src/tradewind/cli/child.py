"""A child process: started on a leash, read until it says that it is ready, logged, stopped by its own id."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Generic, TypeVar

from tradewind.errors import Misconfigured, Unavailable
from tradewind.localnet.anvil import LEASH

T = TypeVar("T")

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
_LINE_LIMIT = 1 << 20


class Child(Generic[T]):
    """A running child. `said` is what `ready` made of the line that announced it. It dies with its parent."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        self._name = name
        self._process = process
        self._log = log
        self._last: deque[str] = deque(maxlen=3)
        self._tees: list[asyncio.Task[None]] = []
        self._ready: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.said: T

    @classmethod
    async def start(
        cls, name: str, argv: Sequence[str | Path], *, log: Path, ready: Callable[[str], T | None]
    ) -> "Child[T]":
        """Returns once a line of its output is one that `ready` accepts; Misconfigured when it ends before that."""
        file = log.open("ab")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *map(str, argv)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            # Ctrl-C is for the parent, which then stops its children in order.
            start_new_session=True,
        )
        child = cls(name, process, file)
        try:
            await child._wait_until_ready(ready, log)
        except BaseException:
            await child.stop()
            raise
        return child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def stop(self) -> int:
        """Ask it to end, insist after a while, and return its exit code."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        code = await self._process.wait()
        await asyncio.gather(*self._tees, return_exceptions=True)
        self._log.close()
        return code

    async def _wait_until_ready(self, ready: Callable[[str], T | None], log: Path) -> None:
        streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream is not None]
        self._tees = [asyncio.create_task(self._tee(stream, ready)) for stream in streams]
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait((self._ready, ended), timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if self._ready.done():
            self.said = self._ready.result()
            ended.cancel()
            return
        if not ended.done():
            ended.cancel()
            raise Unavailable(
                "child_silent", f"{self._name} was not ready within {START_TIMEOUT_S} s.", remedy=_see(log)
            )
        await asyncio.gather(*self._tees, return_exceptions=True)
        said = " ".join(self._last) or "it said nothing"
        raise Misconfigured(
            "child_ended", f"{self._name} ended with exit code {ended.result()}: {said}", remedy=_see(log)
        )

    async def _tee(self, stream: asyncio.StreamReader, ready: Callable[[str], T | None]) -> None:
        while line := await stream.readline():
            self._log.write(line)
            self._log.flush()
            text = line.decode(errors="replace").strip()
            self._last.append(text)
            if not self._ready.done() and (said := ready(text)) is not None:
                self._ready.set_result(said)


def _see(log: Path) -> str:
    return f"Its log is {log}."
