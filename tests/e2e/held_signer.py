"""A signer's socket behind which chosen requests are held until the test lets them go: a queue that fell behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class HeldSigner:
    """Passes lines between a client's socket and the real one; `held` operations wait for `release`."""

    def __init__(self, front: Path, back: Path, held: str) -> None:
        self._front = front
        self._back = back
        self._held = held
        self.arrived = asyncio.Event()
        self.release = asyncio.Event()
        self.answers: list[dict[str, object]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        line = await reader.readline()
        held = bool(line) and json.loads(line)["op"] == self._held
        if held:
            self.arrived.set()
            await self.release.wait()
        signer_reader, signer_writer = await asyncio.open_unix_connection(str(self._back))
        signer_writer.write(line)
        await signer_writer.drain()
        answer = await signer_reader.readline()
        signer_writer.close()
        if held:
            # The client has long gone; what the signer did with its request is what matters.
            self.answers.append(json.loads(answer))
        writer.write(answer)
        writer.close()


@asynccontextmanager
async def holding(folder: Path, operation: str) -> AsyncIterator[HeldSigner]:
    """Stand in front of `folder`/signer.sock as `folder`/held.sock."""
    held = HeldSigner(folder / "held.sock", folder / "signer.sock", operation)
    server = await asyncio.start_unix_server(held.serve, str(folder / "held.sock"))
    try:
        yield held
    finally:
        held.release.set()
        server.close()
