"""A JSON-RPC endpoint that misbehaves on demand, for the answers that a real node will not give.

Shipped beside `tradewind.venues.rpc`: each fault here is one that the client must turn into a coded error.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

Request = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """Bytes put on the connection as they are; then it is closed, unless it stays open in silence."""

    content: bytes
    stays_open: bool = False


Fault = Callable[[Any], web.StreamResponse | Wire | None]

CHAIN_ID = 42161
GENESIS_HASH = "0x" + "9e" * 32


def text(body: str, status: int = 200) -> Fault:
    """Whatever the text is, with this HTTP status."""
    return lambda _: web.Response(text=body, status=status, headers={"Content-Type": "text/html"})


def raw_json(value: object, status: int = 200) -> Fault:
    """This JSON, whatever was asked."""
    return text(json.dumps(value), status)


def result(value: object) -> Fault:
    """A proper answer with this result, or with this result for each request of a batch."""
    return _each(lambda request: {"jsonrpc": "2.0", "id": request["id"], "result": value})


def error(code: object, message: object, data: object = None, status: int = 200) -> Fault:
    """A proper JSON-RPC error object."""
    body = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return _each(lambda request: {"jsonrpc": "2.0", "id": request["id"], "error": body}, status)


def answers(**by_method: object) -> Fault:
    """Proper results by method."""
    return _each(lambda request: {"jsonrpc": "2.0", "id": request["id"], "result": by_method[request["method"]]})


def with_id(number: object) -> Fault:
    """A proper result under an id that was not asked for."""
    return _each(lambda _: {"jsonrpc": "2.0", "id": number, "result": "0x1"})


def half_of_it() -> Fault:
    """JSON that breaks off in the middle, under a matching Content-Length."""
    return text('{"jsonrpc": "2.0", "id": 1, "resu')


def huge(size: int) -> Fault:
    """A proper beginning, then this many bytes."""
    return text('{"jsonrpc": "2.0", "id": 1, "result": "0x' + "0" * size + '"}')


def asked_to_wait(retry_after: str, status: int = 429) -> Fault:
    """A refusal that says when to come back."""
    return lambda _: web.Response(text="slow down", status=status, headers={"Retry-After": retry_after})


def on_the_wire(content: bytes, *, stays_open: bool = False) -> Fault:
    """These bytes instead of an HTTP answer."""
    return lambda _: Wire(content, stays_open)


def zipped(content: bytes) -> Fault:
    """This body, said to be compressed with gzip."""
    return lambda _: web.Response(body=content, headers={"Content-Encoding": "gzip"})


def silence() -> Fault:
    """No answer, for as long as the caller waits."""
    return lambda _: None


def _each(answer: Callable[[Request], object], status: int = 200) -> Fault:
    def respond(body: Request | list[Request]) -> web.Response:
        value = [answer(request) for request in body] if isinstance(body, list) else answer(body)
        return web.json_response(value, status=status)

    return respond


class FaultyRpc:
    """`async with FaultyRpc(fault, ...) as endpoint:` gives the faults in order, and the last one for ever.

    Who asks for the chain is answered properly unless `chain_id` is None. `asked` lists the methods of all other
    requests, `posts` counts everything that came in over HTTP, the chain's identity included.
    """

    def __init__(self, *faults: Fault, chain_id: int | None = CHAIN_ID, genesis_hash: str = GENESIS_HASH) -> None:
        self.faults = list(faults)
        self.asked: list[str] = []
        self.posts = 0
        self.chain_id = chain_id
        self.genesis_hash = genesis_hash
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner
        self._port = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        host, self._port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._runner.cleanup()

    async def restart(self) -> None:
        """Close all connections, and listen again at the same address."""
        await self.__aexit__()
        self._stopping = asyncio.Event()
        await self.__aenter__()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.posts += 1
        if self.chain_id is not None and _asks_who(body):
            return web.json_response([self._identity(item) for item in body])
        self.asked += [item["method"] for item in body] if isinstance(body, list) else [body["method"]]
        response = (self.faults.pop(0) if len(self.faults) > 1 else self.faults[0])(body)
        if isinstance(response, Wire):
            return await self._put_on_the_wire(request, response)
        if response is None:
            await self._stopping.wait()
            raise web.HTTPServiceUnavailable
        return response

    async def _put_on_the_wire(self, request: web.Request, wire: Wire) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        transport.write(wire.content)
        if wire.stays_open:
            await self._stopping.wait()
        transport.close()
        raise ConnectionResetError

    def _identity(self, item: Request) -> Request:
        block = {"number": "0x0", "hash": self.genesis_hash}
        result = hex(self.chain_id or 0) if item["method"] == "eth_chainId" else block
        return {"jsonrpc": "2.0", "id": item["id"], "result": result}


def _asks_who(body: Request | list[Request]) -> bool:
    return isinstance(body, list) and [(item["method"], item["params"]) for item in body] == [
        ("eth_chainId", []),
        ("eth_getBlockByNumber", ["0x0", False]),
    ]
