"""A JSON-RPC endpoint that misbehaves on demand, for the answers that a real node will not give.

Shipped beside `tradewind.venues.rpc`: each fault here is one that the client must turn into a coded error.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

Request = dict[str, Any]
Fault = Callable[[Any], web.StreamResponse | None]

CHAIN_ID = 42161


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


def silence() -> Fault:
    """No answer, for as long as the caller waits."""
    return lambda _: None


def _each(answer: Callable[[Request], object], status: int = 200) -> Fault:
    def respond(body: Request | list[Request]) -> web.StreamResponse:
        value = [answer(request) for request in body] if isinstance(body, list) else answer(body)
        return web.json_response(value, status=status)

    return respond


class FaultyRpc:
    """`async with FaultyRpc(fault, ...) as endpoint:` gives the faults in order, and the last one for ever.

    eth_chainId is answered properly unless `chain_id` is None; `asked` lists the methods of all other requests.
    """

    def __init__(self, *faults: Fault, chain_id: int | None = CHAIN_ID) -> None:
        self.faults = list(faults)
        self.asked: list[str] = []
        self._chain_id = chain_id
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if isinstance(body, dict) and body["method"] == "eth_chainId" and self._chain_id is not None:
            return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": hex(self._chain_id)})
        self.asked += [item["method"] for item in body] if isinstance(body, list) else [body["method"]]
        response = (self.faults.pop(0) if len(self.faults) > 1 else self.faults[0])(body)
        if response is None:
            await self._stopping.wait()
            raise web.HTTPServiceUnavailable
        return response
