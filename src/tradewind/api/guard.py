"""Stands before every route: host, origin, token, body size and load. What it lets through may be answered.

It denies by default: a route is protected by existing, and only those of `PUBLIC` need no token.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind.api.limits import Limits
from tradewind.api.problem import InternalError, problem_response
from tradewind.api.token import token_matches
from tradewind.errors import Refused, TradewindError, Unauthorized, Unavailable
from tradewind.observability import events as observe

PUBLIC = frozenset({"/healthz"})
KILL_SWITCH = "/halt"
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Guard:
    """ASGI middleware. Also the place where an error nobody expected becomes a plain 500."""

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str], token_hash: bytes, max_body_bytes: int, limits: Limits
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._token_hash = token_hash
        self._max_body_bytes = max_body_bytes
        self._limits = limits
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex
        answer = _Answer(send, request_id)
        try:
            await self._let_through(scope, receive, answer, request_id)
        except _ClientGone:
            return
        except TradewindError as error:
            await self._explain(error, scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last resort: logged whole, and told as nothing but its id
            observe.request_failed(request_id=request_id, path=scope["path"], failure=error)
            await self._explain(InternalError(), scope, receive, answer)

    async def _let_through(self, scope: Scope, receive: Receive, answer: "_Answer", request_id: str) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        _check_origin(headers)
        if scope["path"] not in PUBLIC or scope["method"] not in _SAFE_METHODS:
            self._check_token(headers)
        with self._place(scope["path"]):
            body = await self._read_body(headers, receive)
            inner = {**scope, "state": {**scope.get("state", {}), "request_id": request_id}}
            if scope["method"] == "HEAD":
                # The server drops the body; everything else of the answer is that of GET.
                inner["method"] = "GET"
            await self._app(inner, _replay(body, receive), answer.send)

    def _check_host(self, headers: Headers) -> None:
        """Only our own names: a page that resolves its name to this machine must not reach the API."""
        named = headers.getlist("host")
        if len(named) != 1 or _without_port(named[0]) not in self._hosts:
            raise Refused(
                "host_not_allowed",
                "The Host header names another machine.",
                remedy="Use the loopback address that the API listens on.",
            )

    def _check_token(self, headers: Headers) -> None:
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized(
                "token_required", "The request carries no token.", remedy="Send Authorization: Bearer <token>."
            )
        if not token_matches(token.strip(), self._token_hash):
            raise Unauthorized("token_wrong", "The token is not the one of this service.")

    @contextmanager
    def _place(self, path: str) -> Iterator[None]:
        """One of a bounded number of places; the kill switch never waits for one."""
        if self._in_flight >= self._limits.requests_in_flight and path != KILL_SWITCH:
            raise Unavailable("too_many_requests_in_flight", "Too many requests are being answered.")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    async def _read_body(self, headers: Headers, receive: Receive) -> bytes:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 18 or int(declared) > self._max_body_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._limits.body_s):
                return await self._read_bounded(receive)
        except TimeoutError:
            raise Refused(
                "body_too_slow", f"The body did not arrive within {self._limits.body_s:g} s.", remedy="Send it again."
            ) from None

    async def _read_bounded(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            body += message.get("body", b"")
            if len(body) > self._max_body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> Refused:
        return Refused("body_too_large", f"The body is larger than {self._max_body_bytes} bytes.")

    async def _explain(self, error: TradewindError, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if answer.started:
            # Half an answer is out; the connection is the only thing left that can say so.
            raise error
        response = problem_response(error, instance=scope["path"], request_id=answer.request_id)
        await response(scope, receive, answer.send)


class _ClientGone(Exception):
    """The client hung up before its request was complete."""


class _Answer:
    """Adds to every answer what all have in common, and remembers whether it began."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            headers["Cache-Control"] = "no-store"
            headers["X-Content-Type-Options"] = "nosniff"
        await self._send(message)


def _check_origin(headers: Headers) -> None:
    """A browser names the page it acts for; only a page that this very address served may ask."""
    own = f"http://{headers['host']}".lower()
    if any(origin.lower() != own for origin in headers.getlist("origin")):
        raise Refused("origin_not_allowed", "Web pages of other origins may not use this API.")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name.lower() if colon and port.isdecimal() else host.lower()


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out the body that was read, then whatever else the server has to say."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
