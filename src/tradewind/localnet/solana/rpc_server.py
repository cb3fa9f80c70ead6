"""JSON-RPC over HTTP in front of a node, and its subscriptions over WebSocket on a port of their own."""

import asyncio
from typing import Self

from aiohttp import web

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.dispatch import answer_body
from tradewind.localnet.solana.websocket import Subscriptions

HOST = "127.0.0.1"
# Agave takes 50 kB; batches of account reads are a little larger.
MAX_BODY_BYTES = 1024 * 1024
_SHUTDOWN_S = 0.5
ALLOW_BROWSERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}


class RpcServer:
    """`async with RpcServer(node) as rpc:` serves at `rpc.url` and `rpc.ws_url` until the end.

    `port` 0 takes free ports; otherwise subscriptions are on the next port, where Solana's clients look for them.
    """

    def __init__(self, node: SolanaNode, *, port: int = 0) -> None:
        self._node = node
        self._port = port
        self._runners: list[web.AppRunner] = []
        self._stopping = asyncio.Event()
        self.url = ""
        self.ws_url = ""

    async def __aenter__(self) -> Self:
        try:
            rpc = web.Application(client_max_size=MAX_BODY_BYTES)
            rpc.router.add_post("/{tail:.*}", self._serve)
            rpc.router.add_options("/{tail:.*}", self._preflight)
            rpc.router.add_get("/health", self._health)
            where = await self._listen(rpc, self._port)
            self.url = f"http://{where}"
            pubsub = web.Application()
            pubsub.router.add_get("/{tail:.*}", self._subscribe)
            beside = await self._listen(pubsub, self._port + 1 if self._port else 0)
            self.ws_url = f"ws://{beside}"
        except BaseException:
            await self._close()
            raise
        self._node.addresses |= {"rpc": where, "pubsub": beside}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _close(self) -> None:
        self._stopping.set()
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_S, access_log=None)
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, HOST, port).start()
        except (OSError, OverflowError) as failure:
            raise LocalnetError(
                "port_in_use",
                f"Port {port} on {HOST} cannot be opened: {failure}.",
                remedy="Stop the program that has it, or choose another port (0 takes a free one).",
            ) from failure
        host, taken = runner.addresses[0][:2]
        return f"{host}:{taken}"

    async def _serve(self, request: web.Request) -> web.Response:
        reply = answer_body(self._node, await request.read())
        if reply.retry_after_s is not None:
            headers = ALLOW_BROWSERS | {"Retry-After": str(reply.retry_after_s)}
            return web.Response(status=429, body=reply.content, content_type="application/json", headers=headers)
        return web.Response(body=reply.content, content_type="application/json", headers=ALLOW_BROWSERS)

    async def _preflight(self, _: web.Request) -> web.Response:
        return web.Response(status=204, headers=ALLOW_BROWSERS | {"Access-Control-Allow-Methods": "POST"})

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _subscribe(self, request: web.Request) -> web.WebSocketResponse:
        return await Subscriptions(self._node, self._stopping).serve(request)
