"""An exchange on loopback that says exactly what a test lets it say."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web


class Peer:
    """The server's end of one websocket."""

    def __init__(self, socket: web.WebSocketResponse, path: str) -> None:
        self.path = path
        self.pongs: asyncio.Queue[bytes] = asyncio.Queue()
        self._socket = socket
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, *messages: object) -> None:
        """Send messages: a text as it stands, anything else as JSON."""
        for message in messages:
            await self._socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def send_bytes(self, content: bytes) -> None:
        """A frame of a kind that no exchange sends."""
        await self._socket.send_bytes(content)

    async def ping(self, content: bytes) -> None:
        """Ask for a sign of life."""
        await self._socket.ping(content)

    async def heard(self) -> dict[str, object]:
        """The next message of the client."""
        async with asyncio.timeout(5):
            value = json.loads(await self._texts.get())
        assert isinstance(value, dict)
        return value

    async def close(self) -> None:
        """End the connection."""
        await self._socket.close()

    async def listen(self) -> None:
        """Read until the connection ends."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self._texts.put_nowait(message.data)
            elif message.type is WSMsgType.PONG:
                self.pongs.put_nowait(message.data)


class Asked:
    """A request for a snapshot that waits for its answer."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._answer: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()

    def answer(self, body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with JSON, or with a text as it stands."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._answer.set_result(web.Response(text=text, status=status, headers=headers))

    async def answered(self) -> web.Response:
        """What the test decided."""
        return await self._answer


class ExchangeServer:
    """Where connections and requests arrive."""

    def __init__(self) -> None:
        self.port = 0
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._asked: asyncio.Queue[Asked] = asyncio.Queue()

    @property
    def stream_url(self) -> str:
        """For websockets."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        """For requests."""
        return f"http://127.0.0.1:{self.port}"

    async def connected(self) -> Peer:
        """The next connection."""
        async with asyncio.timeout(5):
            return await self._peers.get()

    async def asked(self) -> Asked:
        """The next request for a snapshot."""
        async with asyncio.timeout(5):
            return await self._asked.get()

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        peer = Peer(socket, request.path)
        self._peers.put_nowait(peer)
        await peer.listen()
        return socket

    async def _snapshot(self, request: web.Request) -> web.Response:
        asked = Asked(request.path_qs)
        self._asked.put_nowait(asked)
        return await asked.answered()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ExchangeServer"]:
        """Listen on a free port of loopback."""
        app = web.Application()
        app.router.add_get("/api/v3/depth", self._snapshot)
        app.router.add_get("/{path:.*}", self._websocket)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()
