"""The tap passes on what it is given, byte for byte, and knows what it saw and how long that took."""

import asyncio
import json

import aiohttp
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from benches.rpc_tap import Exchange, RequestReader, RpcTap, waited_ns


def request(body: bytes, *, name: str = "Content-Length") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\n" + f"{name}: {len(body)}\r\n\r\n".encode() + body


def exchange(asked_ns: int, answered_ns: int, *calls: dict[str, object]) -> Exchange:
    return Exchange(calls, asked_ns, answered_ns)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=60))
def test_requests_are_found_however_the_bytes_are_cut(cuts: list[int]) -> None:
    bodies = [{"id": 1, "method": "a"}, [{"id": 2, "method": "b" * 3000}, {"id": 3}], {"id": 4, "text": "\r\n\r\n"}]
    names = ("Content-Length", "content-length", "CONTENT-LENGTH")
    stream = b"".join(request(json.dumps(body).encode(), name=name) for body, name in zip(bodies, names, strict=True))
    reader, found = RequestReader(), []
    for cut in cuts:
        found += reader.take(stream[:cut])
        stream = stream[cut:]
    found += reader.take(stream)
    assert found == bodies


def test_overlapping_waits_count_once() -> None:
    """0..10 and 5..20 and 30..40 are thirty nanoseconds of waiting, and one inside another adds nothing."""
    seen = [exchange(30, 40), exchange(0, 10), exchange(5, 20), exchange(6, 8)]
    assert waited_ns(seen, 0, 100) == 30


def test_only_the_wait_inside_the_span_counts() -> None:
    assert waited_ns([exchange(0, 10), exchange(15, 30)], 5, 20) == 10


def test_waiting_for_nothing_takes_no_time() -> None:
    assert waited_ns([], 0, 100) == 0


def test_the_raw_transactions_of_an_exchange_are_known() -> None:
    seen = exchange(
        0, 1, {"method": "eth_chainId", "params": []}, {"method": "eth_sendRawTransaction", "params": ["0x02ff"]}
    )
    assert seen.sent_transactions == [b"\x02\xff"]


async def test_answers_come_through_unchanged_and_are_timed_from_the_request_on() -> None:
    release = asyncio.Event()
    large = "0x" + "ab" * 300_000

    async def answer(http: web.Request) -> web.Response:
        asked = await http.json()
        if asked["method"] == "slow":
            await release.wait()
        return web.json_response({"id": asked["id"], "result": large})

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with RpcTap(runner.addresses[0][1]) as tap, aiohttp.ClientSession() as session:

        async def call(method: str) -> object:
            async with session.post(tap.url, json={"id": 7, "method": method, "params": []}) as response:
                return await response.json()

        assert await call("quick") == {"id": 7, "result": large}
        slow = asyncio.create_task(call("slow"))
        async with asyncio.timeout(10):
            while len(tap.exchanges) < 2:
                await asyncio.sleep(0)
        unanswered = tap.exchanges[1]
        assert unanswered.answered_ns == unanswered.asked_ns
        release.set()
        await slow
    await runner.cleanup()
    quick, slow_one = tap.exchanges
    assert [one.calls[0]["method"] for one in tap.exchanges] == ["quick", "slow"]
    assert quick.asked_ns < quick.answered_ns <= slow_one.asked_ns < slow_one.answered_ns
