"""The load counts as accepted what a 202 named, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from benches.intake_load import send

Answer = Callable[[int, dict[str, Any]], web.Response]


@asynccontextmanager
async def api(answer: Answer) -> AsyncIterator[tuple[int, list[dict[str, Any]]]]:
    """A server that gives `answer(n, intent)` to the n-th intent; its port, and what it was sent."""
    got: list[dict[str, Any]] = []

    async def post(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        got.append(await request.json())
        return answer(len(got), got[-1])

    app = web.Application()
    app.router.add_post("/intents", post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1], got
    await runner.cleanup()


def order(port: int, count: int) -> dict[str, Any]:
    return {"port": port, "token": "secret", "intent": {"size": "1.5"}, "count": count, "connections": 3}


def receipt(_: int, intent: dict[str, Any]) -> web.Response:
    return web.json_response({"id": intent["id"]}, status=202)


async def test_every_intent_is_sent_once_with_an_id_of_its_own() -> None:
    async with api(receipt) as (port, got):
        result = await send(order(port, 20))
    assert sorted(result["accepted"]) == sorted(intent["id"] for intent in got)
    assert len(set(result["accepted"])) == len(result["latencies_ms"]) == 20
    assert {intent["size"] for intent in got} == {"1.5"}


async def test_a_refusal_is_not_counted_and_is_shown() -> None:
    def every_other(n: int, intent: dict[str, Any]) -> web.Response:
        return receipt(n, intent) if n % 2 else web.json_response({"code": "too_many"}, status=503)

    async with api(every_other) as (port, _):
        result = await send(order(port, 10))
    assert len(result["accepted"]) == 5
    assert json.loads(result["refused"][0])["code"] == "too_many"


async def test_a_receipt_for_another_intent_is_not_counted() -> None:
    async with api(lambda _n, _intent: web.json_response({"id": "another"}, status=202)) as (port, _):
        result = await send(order(port, 4))
    assert result["accepted"] == []


async def test_connections_are_used_at_the_same_time() -> None:
    together = asyncio.Barrier(3)

    async def post(request: web.Request) -> web.Response:
        async with asyncio.timeout(10):
            await together.wait()
        return receipt(0, await request.json())

    app = web.Application()
    app.router.add_post("/intents", post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    result = await send(order(runner.addresses[0][1], 6))
    await runner.cleanup()
    assert len(result["accepted"]) == 6
