"""The official Yellowstone client of npm, in a Node.js of its own, spoken to in lines of JSON."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tradewind.localnet.packages import ensure_locked, node

FOLDER = Path(__file__).parent / "yellowstone"
PATIENCE_S = 30
_LINE_BYTES = 16 * 1024 * 1024


class YellowstoneClient:
    """`call` and `subscribe` as the package has them; `update()` is the next message of the stream."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._updates: list[Any] = []

    async def call(self, method: str, *args: Any) -> Any:
        """The answer of one of the client's methods."""
        return (await self._order("result", op="call", method=method, args=args))["result"]

    async def subscribe(self, **request: Any) -> None:
        """Open the stream with this request."""
        await self._order("subscribed", op="subscribe", request=request)

    async def write(self, **request: Any) -> None:
        """Another request on the open stream."""
        await self._order("written", op="write", request=request)

    async def update(self) -> Any:
        """The next update."""
        if self._updates:
            return self._updates.pop(0)
        return (await self.answer("update"))["update"]

    async def answer(self, key: str) -> Any:
        """The next line that has this key; updates that come before it are kept."""
        assert self._process.stdout is not None
        while True:
            async with asyncio.timeout(PATIENCE_S):
                line = await self._process.stdout.readline()
            assert line, "the client has ended"
            said = json.loads(line)
            if key in said:
                return said
            assert "update" in said, said
            self._updates.append(said["update"])

    async def _order(self, key: str, **order: Any) -> Any:
        await self.order(**order)
        return await self.answer(key)

    async def order(self, **order: Any) -> None:
        """Give an order, and leave its answer to be read."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()


@asynccontextmanager
async def yellowstone_client(url: str, token: str = "") -> AsyncIterator[YellowstoneClient]:
    """The client, connected."""
    packages = await asyncio.to_thread(ensure_locked, FOLDER, "yellowstone")
    process = await asyncio.create_subprocess_exec(
        node(),
        str(FOLDER / "client.mjs"),
        str(packages),
        url,
        token,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    client = YellowstoneClient(process)
    try:
        await client.answer("connected")
        yield client
    finally:
        if process.stdin is not None:
            process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
