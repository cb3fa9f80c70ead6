"""One anvil process: started on a port, watched until it listens, stopped; it never outlives its parent."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tradewind.localnet.errors import LocalnetError

LEASH = Path(__file__).with_name("leash.py")
HOST = "127.0.0.1"
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5

_LISTENING = "Listening on "


class Anvil:
    """A running anvil. The thread that started it must live as long as it: Linux ties it to that thread."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, drains: Sequence[asyncio.Task[None]]) -> None:
        self._process = process
        self._drains = drains
        self.port = port

    @classmethod
    async def start(
        cls, binary: Path, *, port: int, chain_id: int, base_fee_wei: int, block_time_s: Decimal | None
    ) -> "Anvil":
        """Start on `port` (0: a free one) without mining by itself, unless `block_time_s` is given."""
        mining = ["--no-mining"] if block_time_s is None else ["--block-time", str(block_time_s)]
        arguments = [
            *("--host", HOST, "--port", str(port), "--chain-id", str(chain_id)),
            # Arbitrum's order is first come, first served, and its headers carry this gas limit.
            *("--order", "fifo", "--gas-limit", str(2**50), "--hardfork", "prague"),
            *("--block-base-fee-per-gas", str(base_fee_wei)),
            *mining,
        ]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(binary), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # An interrupt at the terminal is for us alone: we stop the node when we are done with it.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                bound = await _wait_until_listening(process, port)
        except TimeoutError as error:
            await _end(process)
            raise LocalnetError("anvil_silent", f"anvil did not listen within {START_TIMEOUT_S} s.") from error
        except BaseException:
            await _end(process)
            raise
        streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
        return cls(process, bound, [asyncio.create_task(_drain(stream)) for stream in streams])

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit code, once it ends."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End the process and wait for it."""
        await _end(self._process)
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)


async def _wait_until_listening(process: asyncio.subprocess.Process, port: int) -> int:
    if process.stdout is None or process.stderr is None:
        raise LocalnetError("anvil_failed", "anvil's output cannot be read.")
    last: deque[str] = deque(maxlen=5)
    async for line in process.stdout:
        text = line.decode(errors="replace").strip()
        if text.startswith(_LISTENING):
            return int(text.rsplit(":", 1)[1])
        last.append(text)
    errors = (await process.stderr.read()).decode(errors="replace").strip()
    if "Address already in use" in errors:
        raise LocalnetError(
            "port_in_use",
            f"Port {port} on {HOST} is taken by another program.",
            remedy="Stop that program, or choose another port (0 takes a free one).",
        )
    if "Permission denied" in errors:
        raise LocalnetError(
            "port_not_allowed", f"Port {port} may not be opened by this user.", remedy="Choose a port above 1023."
        )
    raise LocalnetError("anvil_failed", f"anvil did not start: {errors or ' '.join(last)}.")


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
    await process.wait()
