"""A region of the block engine over HTTP: paths, keys, rate limit, and JSON-RPC in Jito's form."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine import json_api
from tradewind.localnet.solana.block_engine.engine import BlockEngine
from tradewind.localnet.solana.block_engine.json_api import JsonApi
from tradewind.localnet.solana.block_engine.rate_limit import RateLimit, TooManyRequests

_AUTH = "x-jito-auth"
_WELL_KNOWN = ("getBundleStatuses", "getInflightBundleStatuses", "getTipAccounts")
_CLOSE_LAGGED = 1013

# From an error's code to JSON-RPC's number and the HTTP status that goes with it.
_NUMBERS = {
    "parse_error": (json_api.PARSE_ERROR, 400),
    "invalid_request": (json_api.INVALID_REQUEST, 400),
    "method_not_found": (json_api.METHOD_NOT_FOUND, 404),
    "too_many_requests": (json_api.RATE_LIMITED, 429),
    "node_behind": (json_api.NODE_BEHIND, 503),
    "unauthenticated": (json_api.INVALID_REQUEST, 401),
}


class HttpApi:
    """The routes of one region."""

    def __init__(self, engine: BlockEngine, region: str, limit: RateLimit) -> None:
        self._engine = engine
        self._region = region
        self._limit = limit
        self._api = JsonApi(engine, region)
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """The routes, as aiohttp serves them."""
        app = web.Application(client_max_size=self._engine.options.max_body_bytes)
        app.router.add_post("/api/v1/bundles", self._bundles)
        app.router.add_post("/api/v1/transactions", self._transactions)
        for method in _WELL_KNOWN:
            app.router.add_post(f"/api/v1/{method}", self._bundles)
        app.router.add_get("/api/v1/bundles/tip_floor", self._tip_floor)
        app.router.add_get("/api/v1/bundles/tip_stream", self._tip_stream)
        app.on_shutdown.append(self._shut)
        return app

    async def _bundles(self, request: web.Request) -> web.Response:
        def carry_out(number: Any, method: str, params: list[Any]) -> web.Response:
            own_path = request.path.rpartition("/")[2]
            if own_path in _WELL_KNOWN and method != own_path:
                raise LocalnetError("method_not_found", f"Method not found on this path, which serves {own_path}")
            return _answer(number, self._api.answer(method, params))

        return await self._respond(request, carry_out)

    async def _transactions(self, request: web.Request) -> web.Response:
        def carry_out(number: Any, method: str, params: list[Any]) -> web.Response:
            if method != "sendTransaction":
                raise LocalnetError("method_not_found", "Method not found")
            bundle_only = _flag(request, "bundleOnly")
            signature, bundle = self._api.send_transaction(params, bundle_only=bundle_only)
            response = _answer(number, signature)
            response.headers["x-bundle-id"] = bundle
            return response

        return await self._respond(request, carry_out)

    async def _respond(
        self, request: web.Request, carry_out: Callable[[Any, str, list[Any]], web.Response]
    ) -> web.Response:
        number: Any = None
        try:
            self._admit(request)
            body = await _body(request)
            number = body.get("id")
            return carry_out(number, *_call(body))
        except LocalnetError as failure:
            return self._refusal(number, failure)

    async def _tip_floor(self, request: web.Request) -> web.Response:
        return web.Response(body=self._engine.described_tips(), content_type="application/json")

    async def _tip_stream(self, request: web.Request) -> web.StreamResponse:
        try:
            outbox = self._engine.tips.join()
        except LocalnetError as failure:
            return web.Response(status=503, text=str(failure))
        socket = web.WebSocketResponse(heartbeat=30)
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            await socket.send_str(self._engine.described_tips().decode())
            async for message in outbox:
                await socket.send_str(message.decode())
        except LocalnetError as failure:
            await socket.close(code=_CLOSE_LAGGED, message=failure.code.encode())
        except ConnectionError:
            pass
        finally:
            outbox.close()
            self._sockets.discard(socket)
        return socket

    async def _shut(self, _: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close()

    def _admit(self, request: web.Request) -> None:
        key = request.headers.get(_AUTH) or request.query.get("uuid")
        known = self._engine.options.uuids
        if key is not None and known is not None and key not in known:
            raise LocalnetError("unauthenticated", f"the key in {_AUTH} or ?uuid= is not one of this block engine's")
        self._limit.admit(self._region, key or request.remote or "")

    def _refusal(self, number: Any, failure: LocalnetError) -> web.Response:
        code, status = _NUMBERS.get(failure.code, (json_api.INVALID_PARAMS, 400))
        error = {"code": code, "message": failure.message}
        response = web.json_response({"jsonrpc": "2.0", "error": error, "id": number}, status=status)
        if isinstance(failure, TooManyRequests):
            response.headers["Retry-After"] = str(-(-failure.retry_after_ms // 1_000))
        elif failure.code == "too_many_requests":
            response.headers["Retry-After"] = str(self._engine.node.faults.settings.retry_after_s)
        return response


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        content = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise LocalnetError("invalid_request", "the request's body is too large") from error
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise LocalnetError("parse_error", "Parse error: the body is not JSON") from error
    if not isinstance(body, dict):
        raise LocalnetError("invalid_request", "Invalid request: one JSON-RPC object is expected")
    if not isinstance(body.get("id"), str | int | float | None):
        raise LocalnetError("invalid_request", 'Invalid request: "id" must be a string or a number')
    return body


def _call(body: dict[str, Any]) -> tuple[str, list[Any]]:
    method, params = body.get("method"), body.get("params", [])
    if body.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise LocalnetError("invalid_request", 'Invalid request: "jsonrpc" must be "2.0" and "method" a string')
    if not isinstance(params, list):
        raise LocalnetError("invalid_params", 'Invalid params: "params" must be an array')
    return method, params


def _flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "false").lower()
    if text not in ("true", "false"):
        raise LocalnetError("invalid_params", f"?{name}= must be true or false")
    return text == "true"


def _answer(number: Any, result: Any) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "result": result, "id": number})
