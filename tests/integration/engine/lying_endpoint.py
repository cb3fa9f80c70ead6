"""An endpoint of the same chain that tells another height than there is, or refuses what it is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web


class LyingEndpoint:
    """Passes requests on, save those of a method that it refuses; the heights and slots that it tells are higher."""

    def __init__(self, url: str, *, by: int, refuses: str) -> None:
        self._url = url
        self._by = by
        self._refuses = refuses
        self._session = aiohttp.ClientSession()
        self.url = ""
        self.reverts = False

    async def serve(self, request: web.Request) -> web.Response:
        """One question of JSON-RPC."""
        question = await request.json()
        if question["method"] == self._refuses:
            error = {"code": -32601, "message": "Method not found"}
            return web.json_response({"jsonrpc": "2.0", "id": question["id"], "error": error})
        async with self._session.post(self._url, json=question) as response:
            answer = await response.json()
        if question["method"] in {"getBlockHeight", "getSlot"} and "result" in answer:
            answer["result"] += self._by
        if self.reverts and question["method"] == "getSignatureStatuses":
            answer["result"]["value"] = [_reverted(answer["result"]) for _ in question["params"][0]]
        return web.json_response(answer)

    async def close(self) -> None:
        """Let go of its connections."""
        await self._session.close()


def _reverted(result: dict[str, Any]) -> dict[str, Any]:
    err = {"InstructionError": [0, {"Custom": 1}]}
    return {"slot": result["context"]["slot"], "confirmations": 1, "err": err, "confirmationStatus": "confirmed"}


@asynccontextmanager
async def lying_endpoint(url: str, *, by: int = 0, refuses: str = "") -> AsyncIterator[LyingEndpoint]:
    """In front of this endpoint, on a port of its own; without `by` it is honest, and without `refuses` it answers."""
    endpoint = LyingEndpoint(url, by=by, refuses=refuses)
    app = web.Application()
    app.router.add_post("/", endpoint.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    endpoint.url = f"http://{host}:{port}"
    try:
        yield endpoint
    finally:
        await runner.cleanup()
        await endpoint.close()
