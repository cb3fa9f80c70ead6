"""An endpoint that passes questions on to a real one, except for those that it answers as the test tells it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web


@dataclass
class Endpoint:
    """`results` are told instead of the truth; `asked` counts each method."""

    url: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@asynccontextmanager
async def before(real_url: str) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    async with aiohttp.ClientSession() as session:

        async def answer(request: web.Request) -> web.Response:
            question = await request.json()
            method = question["method"]
            endpoint.asked[method] = endpoint.asked.get(method, 0) + 1
            if endpoint.status != 200 or endpoint.body is not None:
                return web.Response(status=endpoint.status, headers=endpoint.headers, body=endpoint.body or b"")
            if method in endpoint.results:
                return web.json_response({"jsonrpc": "2.0", "id": question["id"], "result": endpoint.results[method]})
            async with session.post(real_url, json=question) as real:
                return web.Response(
                    status=real.status, body=await real.read(), headers={"Content-Type": "application/json"}
                )

        app = web.Application()
        app.router.add_post("/", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.5, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield endpoint
        finally:
            await runner.cleanup()


def unused_url() -> str:
    """Where nobody listens: port 9 is `discard`."""
    return "http://127.0.0.1:9"
