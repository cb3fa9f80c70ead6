"""Stands before every route: host, origin, token, scope, rate, size and load. What it lets through may be answered.

It denies by default: a route is protected by existing, and only those of `PUBLIC` need no token.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind.api.connection import headers_too_large, malformed
from tradewind.api.idempotency import key_of
from tradewind.api.limits import Limits
from tradewind.api.problem import InternalError, problem_response
from tradewind.api.rates import Rates
from tradewind.api.refusals import Refusals
from tradewind.api.scopes import SAFE_METHODS, Caller, Rule, check_scope, rule_of
from tradewind.api.tokens import Tokens
from tradewind.errors import Refused, TradewindError, Unauthorized, Unavailable
from tradewind.observability import events as observe

PUBLIC = frozenset({"/healthz"})
_READ_METHODS = frozenset({"GET", "HEAD"})


class Guard:
    """ASGI middleware. Also the place where an error nobody expected becomes a plain 500."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        tokens: Tokens,
        rates: Rates,
        refusals: Refusals,
        max_body_bytes: int,
        limits: Limits,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._tokens = tokens
        self._rates = rates
        self._refusals = refusals
        self._max_body_bytes = max_body_bytes
        self._limits = limits
        self._in_flight = 0
        self._streams = 0

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
        _check_framing(scope, headers)
        if len(scope["raw_path"]) + sum(len(name) + len(value) for name, value in headers.raw) > (
            self._limits.header_bytes
        ):
            raise headers_too_large(self._limits)
        self._check_host(headers)
        _check_origin(headers)
        rule = rule_of(scope["method"], scope["path"])
        state = {**scope.get("state", {}), "request_id": request_id}
        if scope["path"] not in PUBLIC or scope["method"] not in _READ_METHODS:
            answer.caller = state["caller"] = self._caller(headers, rule)
            self._check_caller(state["caller"], rule, scope["method"], headers)
        with self._place(rule):
            body = await self._read_body(headers, receive)
            inner = {**scope, "state": state}
            if scope["method"] == "HEAD":
                # The server drops the body; everything else of the answer is that of GET.
                inner["method"] = "GET"
                state["head_only"] = True
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

    def _caller(self, headers: Headers, rule: Rule) -> Caller:
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized(
                "token_required", "The request carries no token.", remedy="Send Authorization: Bearer <token>."
            )
        return self._tokens.caller(token.strip(), locks=not rule.unlimited)

    def _check_caller(self, caller: Caller, rule: Rule, method: str, headers: Headers) -> None:
        if not rule.unlimited:
            self._rates.take(caller.token_id, is_write=method not in SAFE_METHODS)
        check_scope(caller, rule)
        if rule.keyed:
            key_of(headers)

    @contextmanager
    def _place(self, rule: Rule) -> Iterator[None]:
        """One of a bounded number of places, streams having their own; the kill switch never waits for one."""
        if rule.long_lived:
            if self._streams >= self._limits.streams:
                raise Unavailable("too_many_streams", f"{self._limits.streams} streams are open, which is the limit.")
            self._streams += 1
            try:
                yield
            finally:
                self._streams -= 1
            return
        if self._in_flight >= self._limits.requests_in_flight and not rule.unlimited:
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
        self._refusals.note(
            request_id=answer.request_id,
            method=scope["method"],
            path=scope["path"],
            status=response.status_code,
            code=error.code,
            caller=answer.caller,
        )
        if error.code in _ENDS_CONNECTION:
            response.headers["Connection"] = "close"
        await response(scope, receive, answer.send)


class _ClientGone(Exception):
    """The client hung up before its request was complete."""


class _Answer:
    """Adds to every answer what all have in common, and remembers whether it began."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.caller: Caller | None = None
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            headers["Cache-Control"] = "no-store"
            headers["X-Content-Type-Options"] = "nosniff"
        await self._send(message)


# What follows on the connection might have been meant as a part of this request.
_ENDS_CONNECTION = frozenset({"http_malformed", "headers_too_large"})
_VERSIONS = frozenset({"1.0", "1.1"})


def _check_framing(scope: Scope, headers: Headers) -> None:
    """Refuse a request that another reader on the way could have taken for another one."""
    framed_twice = "transfer-encoding" in headers and "content-length" in headers
    target_is_path = scope["path"].startswith(("/", "*")) and "\0" not in scope["path"]
    if framed_twice or not target_is_path or scope["http_version"] not in _VERSIONS:
        raise malformed()


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
