"""Misbehaviour of the HTTP exchange: statuses, bodies that are no JSON, broken and slow connections."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field

from aiohttp import web

from tradewind.localnet.strict.behaviour import Exchange, Proceed, Transport

_CHUNK_BYTES = 1 << 20
_JSON = {"Content-Type": "application/json"}


class _Fixed(Transport):
    """Answers without carrying the request out."""

    status = 200
    text = ""
    content_type = "text/plain"

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        return web.Response(status=self.status, text=self.text, headers=self.headers(), content_type=self.content_type)

    def headers(self) -> dict[str, str]:
        return {}


class TooManyRequests(_Fixed):
    """HTTP 429 that does not say when to come back."""

    status = 429
    text = "Too Many Requests"


@dataclass
class TooManyRequestsUntil(_Fixed):
    """HTTP 429 with Retry-After, in seconds or as a date."""

    retry_after: str = "1"
    status = 429
    text = "Too Many Requests"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": self.retry_after}


class Unauthorised(_Fixed):
    """HTTP 401: the provider does not take the key any more."""

    status = 401
    text = '{"error": "invalid project id"}'
    content_type = "application/json"


class InternalServerError(_Fixed):
    """HTTP 500 with a JSON body that is not JSON-RPC."""

    status = 500
    text = '{"message": "Internal Server Error"}'
    content_type = "application/json"


class BadGateway(_Fixed):
    """HTTP 502 with the page of a proxy."""

    status = 502
    text = "<html><head><title>502 Bad Gateway</title></head></html>"
    content_type = "text/html"


class ServiceUnavailable(_Fixed):
    """HTTP 503."""

    status = 503
    text = "upstream connect error or disconnect/reset before headers"


class HtmlPage(_Fixed):
    """HTTP 200 with a web page: a captive portal, or a challenge for people."""

    text = "<!DOCTYPE html><html><title>Just a moment...</title></html>"
    content_type = "text/html"


class EmptyBody(_Fixed):
    """HTTP 200 with no body at all."""

    content_type = "application/json"


class Redirect(_Fixed):
    """HTTP 307 to another place, where the same request would be sent again."""

    status = 307

    def headers(self) -> dict[str, str]:
        return {"Location": "http://127.0.0.1:9/elsewhere"}


class HalfJson(Transport):
    """The first half of the answer, as if it were all of it."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        content = await exchange.body()
        return web.Response(body=content[: len(content) // 2], headers=_JSON)


class NotUtf8(Transport):
    """The answer with bytes in it that are no text."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        return web.Response(body=(await exchange.body())[:-1] + b', "note": "\xff\xfe"}', headers=_JSON)


class FalseGzip(Transport):
    """Says that the answer is compressed, which it is not."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        return web.Response(body=await exchange.body(), headers=_JSON | {"Content-Encoding": "gzip"})


@dataclass
class HugeBody(Transport):
    """A proper beginning, then `size_bytes` of zeros."""

    size_bytes: int = 80 * _CHUNK_BYTES

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        response = web.StreamResponse(headers=_JSON)
        await response.prepare(exchange.request)
        await response.write(b'{"jsonrpc": "2.0", "id": 1, "result": "0x')
        for start in range(0, self.size_bytes, _CHUNK_BYTES):
            await response.write(b"0" * min(_CHUNK_BYTES, self.size_bytes - start))
        await response.write(b'"}')
        return response


@dataclass
class DeepJson(Transport):
    """An array in an array in an array, `depth` times."""

    depth: int = 100_000

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        nested = b"[" * self.depth + b"]" * self.depth
        return web.Response(body=b'{"jsonrpc": "2.0", "id": 1, "result": ' + nested + b"}", headers=_JSON)


class CutOff(Transport):
    """Promises the whole answer by Content-Length, sends half of it and closes."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        content = await exchange.body()
        response = web.StreamResponse(headers=_JSON | {"Content-Length": str(len(content))})
        await response.prepare(exchange.request)
        await response.write(content[: len(content) // 2])
        if exchange.request.transport is not None:
            exchange.request.transport.close()
        return response


class ConnectionReset(Transport):
    """Resets the connection; nothing is carried out."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        return _reset(exchange)


class DropAfterReceiving(Transport):
    """Carries the request out, and resets the connection instead of answering."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        await exchange.body()
        return _reset(exchange)


@dataclass
class Delay(Transport):
    """Waits `seconds` before it does anything."""

    seconds: float = 0.5

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        await _until(exchange.stopping, self.seconds)
        return await proceed()


@dataclass
class LateAnswer(Transport):
    """Carries the request out at once, and waits `seconds` before it says so."""

    seconds: float = 0.5

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        await exchange.body()
        await _until(exchange.stopping, self.seconds)
        return await proceed()


@dataclass
class SlowDrip(Transport):
    """Sends the answer byte by byte, `interval_s` apart."""

    interval_s: float = 0.05

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        content = await exchange.body()
        response = web.StreamResponse(headers=_JSON)
        await response.prepare(exchange.request)
        for byte in content:
            await response.write(bytes([byte]))
            await _until(exchange.stopping, self.interval_s)
        return response


class Silence(Transport):
    """Takes the request, carries nothing out, and never answers."""

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        await exchange.stopping.wait()
        return _reset(exchange)


@dataclass
class Held(Transport):
    """Holds each request until `release` is set, then carries it out; `arrived` is set when one is held."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        self.arrived.set()
        ends = [asyncio.create_task(event.wait()) for event in (self.release, exchange.stopping)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        return await proceed() if self.release.is_set() else _reset(exchange)


def _reset(exchange: Exchange) -> web.StreamResponse:
    connection = exchange.request.transport
    if connection is not None:
        # Lingering for no time makes the kernel send RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.abort()
    return web.Response(status=503)


async def _until(stopping: asyncio.Event, seconds: float) -> None:
    """Pause, but not beyond the end of the endpoint."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
