"""Disturbed HTTP exchanges: each does what it says, and carries out exactly what it should."""

import asyncio
import json
import time

import aiohttp
import pytest

from tests.integration.localnet.strict_asking import Said, ask, signed
from tests.integration.localnet.strict_desk import SEND, Desk, Expectations
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import transport

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(transport)


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


async def status_is(desk: Desk, status: int, contains: bytes, content_type: str) -> Said:
    nonce = await desk.trader_nonce()
    said = await desk.said(SEND, signed()[0])
    assert (said.status, said.headers["Content-Type"].split(";")[0]) == (status, content_type)
    assert contains in said.body
    # Nothing was carried out.
    assert await desk.trader_nonce() == nonce
    return said


@EXPECT.of(transport.TooManyRequests())
async def too_many_requests(desk: Desk) -> None:
    said = await status_is(desk, 429, b"Too Many", "text/plain")
    assert "Retry-After" not in said.headers


@EXPECT.of(transport.TooManyRequestsUntil(retry_after="Wed, 21 Oct 2026 07:28:00 GMT"))
async def too_many_requests_until(desk: Desk) -> None:
    said = await status_is(desk, 429, b"Too Many", "text/plain")
    assert said.headers["Retry-After"] == "Wed, 21 Oct 2026 07:28:00 GMT"


@EXPECT.of(transport.Unauthorised())
async def unauthorised(desk: Desk) -> None:
    await status_is(desk, 401, b"invalid project id", "application/json")


@EXPECT.of(transport.InternalServerError())
async def internal_server_error(desk: Desk) -> None:
    await status_is(desk, 500, b"Internal Server Error", "application/json")


@EXPECT.of(transport.BadGateway())
async def bad_gateway(desk: Desk) -> None:
    await status_is(desk, 502, b"<html>", "text/html")


@EXPECT.of(transport.ServiceUnavailable())
async def service_unavailable(desk: Desk) -> None:
    await status_is(desk, 503, b"upstream connect error", "text/plain")


@EXPECT.of(transport.HtmlPage())
async def html_page(desk: Desk) -> None:
    await status_is(desk, 200, b"<!DOCTYPE html>", "text/html")


@EXPECT.of(transport.EmptyBody())
async def empty_body(desk: Desk) -> None:
    said = await status_is(desk, 200, b"", "application/json")
    assert said.body == b""


@EXPECT.of(transport.Redirect())
async def redirect(desk: Desk) -> None:
    said = await status_is(desk, 307, b"", "text/plain")
    assert said.headers["Location"] == "http://127.0.0.1:9/elsewhere"


async def is_no_json(said: Said) -> None:
    assert said.status == 200
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        json.loads(said.body)


@EXPECT.of(transport.HalfJson())
async def half_json(desk: Desk) -> None:
    said = await desk.said("eth_chainId")
    await is_no_json(said)
    assert said.body.startswith(b'{"jsonrpc"')


@EXPECT.of(transport.NotUtf8())
async def not_utf8(desk: Desk) -> None:
    said = await desk.said("eth_chainId")
    await is_no_json(said)
    with pytest.raises(UnicodeDecodeError):
        said.body.decode()


@EXPECT.of(transport.FalseGzip())
async def false_gzip(desk: Desk) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await desk.said("eth_chainId")


@EXPECT.of(transport.HugeBody(size_bytes=3_000_001))
async def huge_body(desk: Desk) -> None:
    said = await desk.said("eth_chainId")
    assert len(said.body) > 3_000_000
    assert said.result == "0x" + "0" * 3_000_001


@EXPECT.of(transport.DeepJson(depth=5_000))
async def deep_json(desk: Desk) -> None:
    said = await desk.said("eth_chainId")
    assert said.body.count(b"[") == said.body.count(b"]") == 5_000
    assert b"[" * 5_000 in said.body


@EXPECT.of(transport.CutOff())
async def cut_off(desk: Desk) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await desk.said("eth_chainId")


@EXPECT.of(transport.ConnectionReset())
async def connection_reset(desk: Desk) -> None:
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await desk.said(SEND, signed()[0])
    assert await desk.trader_nonce() == 0


@EXPECT.of(transport.DropAfterReceiving())
async def drop_after_receiving(desk: Desk) -> None:
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await desk.said(SEND, signed()[0])
    assert await desk.trader_nonce() == 1


@EXPECT.of(transport.Delay(seconds=2))
async def delay(desk: Desk) -> None:
    began = time.monotonic()
    sent = asyncio.create_task(desk.told(SEND, signed()[0]))
    await asyncio.sleep(0.2)
    assert await desk.trader_nonce() == 0
    assert await sent == signed()[1]
    assert time.monotonic() - began >= 2


@EXPECT.of(transport.LateAnswer(seconds=3))
async def late_answer(desk: Desk) -> None:
    sent = asyncio.create_task(desk.told(SEND, signed()[0]))
    async with asyncio.timeout(5):
        while await desk.trader_nonce() == 0:
            await asyncio.sleep(0.01)
    assert not sent.done()
    assert await sent == signed()[1]


@EXPECT.of(transport.SlowDrip(interval_s=0.01))
async def slow_drip(desk: Desk) -> None:
    began = time.monotonic()
    said = await desk.said("eth_chainId")
    assert said.result == "0xa4b1"
    assert time.monotonic() - began >= 0.01 * (len(said.body) - 1)


@EXPECT.of(transport.Silence())
async def silence(desk: Desk) -> None:
    with pytest.raises(TimeoutError):
        await ask(desk.strict.url, SEND, signed()[0], timeout_s=0.5)
    assert await desk.trader_nonce() == 0


HELD = transport.Held()


@EXPECT.of(HELD)
async def held(desk: Desk) -> None:
    sent = asyncio.create_task(desk.told(SEND, signed()[0]))
    await HELD.arrived.wait()
    await asyncio.sleep(0.1)
    assert (sent.done(), await desk.trader_nonce()) == (False, 0)
    HELD.release.set()
    assert await sent == signed()[1]
