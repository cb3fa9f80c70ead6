"""One JSON-RPC endpoint over HTTP: a request out, an answer in, bounded and judged before it is believed."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp

from tradewind.errors import Misconfigured
from tradewind.observability.clock import Clock
from tradewind.venues.rpc_error import EndpointFailure, RpcError
from tradewind.venues.rpc_json import parse_json
from tradewind.venues.rpc_pause import asked_to_wait_s, is_rate_limit

Request = tuple[str, Sequence[object]]

_CHUNK_BYTES = 64 * 1024
# A connection that is opened anew has its chain checked again, which the quiet moments of a service need not cost.
_KEEP_ALIVE_S = 60.0


class RpcEndpoint:
    """Speaks JSON-RPC 2.0 with one URL; raises EndpointFailure for everything that is not an answer."""

    def __init__(self, url: str, *, clock: Clock, max_answer_bytes: int) -> None:
        self.label = redacted(url)
        # Counted by the session that `open_session` made: each new one may lead to another server.
        self.connections = 0
        self._url = url
        self._clock = clock
        self._max_answer_bytes = max_answer_bytes
        self._ids = itertools.count(1)

    async def ask(self, session: aiohttp.ClientSession, requests: Sequence[Request], *, as_batch: bool) -> list[object]:
        """The answers in the order of `requests`: a result, or the RpcError that took its place."""
        ids = [next(self._ids) for _ in requests]
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in zip(ids, requests, strict=True)
        ]
        answer = self._parse(await self._post(session, json.dumps(bodies if as_batch else bodies[0]).encode()))
        if not as_batch:
            return [self._unwrap(answer, ids[0], requests[0][0])]
        if isinstance(answer, dict):
            # Servers answer a batch they refuse as a whole with one error object.
            refusal = self._unwrap({**answer, "id": ids[0]}, ids[0], "a batch of requests")
            raise refusal if isinstance(refusal, RpcError) else self._malformed("one answer to a batch of requests")
        return self._in_order(answer, ids, requests)

    def _in_order(self, answer: object, ids: list[int], requests: Sequence[Request]) -> list[object]:
        if not isinstance(answer, list) or len(answer) != len(ids):
            raise self._malformed("not one answer for each request of a batch")
        by_id: dict[object, object] = {}
        for item in answer:
            number = item.get("id") if isinstance(item, dict) else None
            if not isinstance(number, int) or number in by_id or number not in ids:
                raise self._wrong_id(number)
            by_id[number] = item
        return [self._unwrap(by_id[number], number, method) for number, (method, _) in zip(ids, requests, strict=True)]

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> bytes:
        try:
            async with session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
                trace_request_ctx=self,
            ) as response:
                content = await self._read(response)
                if response.status != 200:
                    self._refuse_status(response, content)
                return content
        except TimeoutError:
            raise EndpointFailure("rpc_timeout", f"{self.label} did not answer in time.") from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise EndpointFailure(
                "rpc_unreachable", f"{self.label} cannot be reached: {type(error).__name__}."
            ) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            content += chunk
            if len(content) > self._max_answer_bytes:
                response.close()
                raise EndpointFailure(
                    "rpc_answer_too_large", f"{self.label} answered with more than {self._max_answer_bytes} bytes."
                )
        return bytes(content)

    def _refuse_status(self, response: aiohttp.ClientResponse, content: bytes) -> None:
        """Raise, unless the body is a JSON-RPC answer that the server chose to give another status."""
        status = response.status
        if status < 500 and status != 429 and content.lstrip()[:1] in (b"{", b"["):
            try:
                answer = parse_json(content)
            except ValueError:
                answer = None
            if isinstance(answer, dict) and "jsonrpc" in answer:
                return
        raise EndpointFailure(
            f"rpc_http_{status}",
            f"{self.label} answered with HTTP status {status}.",
            retry_after_s=asked_to_wait_s(response.headers.get("Retry-After"), self._clock.now_ns()),
        )

    def _parse(self, content: bytes) -> object:
        try:
            return parse_json(content)
        except ValueError:
            start = content[:60].decode("ascii", errors="replace")
            raise self._malformed(f"no JSON but {start!r}") from None

    def _unwrap(self, item: object, number: int, method: str) -> object:
        if not isinstance(item, dict) or item.get("jsonrpc") != "2.0":
            raise self._malformed(f"no JSON-RPC 2.0 object to {method}")
        error = item.get("error")
        if item.get("id") is None and error is not None:
            item = {**item, "id": number}
        if item.get("id") != number or isinstance(item.get("id"), bool):
            raise self._wrong_id(item.get("id"))
        if error is not None:
            return self._error(error, method)
        if "result" not in item:
            raise self._malformed(f"neither a result nor an error to {method}")
        return item["result"]

    def _error(self, error: object, method: str) -> RpcError:
        code = error.get("code") if isinstance(error, dict) else None
        message = error.get("message") if isinstance(error, dict) else None
        if not isinstance(code, int) or isinstance(code, bool) or not isinstance(message, str):
            raise self._malformed(f"an error without code or message to {method}")
        if is_rate_limit(code, message):
            raise EndpointFailure("rpc_rate_limited", f"{self.label} limits the rate of requests: {message[:200]}")
        return RpcError(code, message, _revert_data(error), method=method)

    def _malformed(self, what: str) -> EndpointFailure:
        return EndpointFailure("rpc_malformed", f"{self.label} answered with {what}.")

    def _wrong_id(self, number: object) -> EndpointFailure:
        return EndpointFailure(
            "rpc_wrong_id", f"{self.label} answered with id {str(number)[:40]!r}, which was not asked."
        )


def open_session(timeout_s: float) -> aiohttp.ClientSession:
    """A session that keeps its connections, and tells an endpoint of each new one."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_count_connection)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        connector=aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE_S),
        auto_decompress=True,
        trust_env=False,
        trace_configs=[trace],
    )


async def _count_connection(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceConnectionCreateEndParams
) -> None:
    context.trace_request_ctx.connections += 1


def redacted(url: str) -> str:
    """A URL without what may be secret: user, password, path and query. Raises Misconfigured when it is not HTTP."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise Misconfigured(
            "rpc_url_malformed",
            "an RPC endpoint is not an http or https URL.",
            remedy='Write it as "http://host:port".',
        )
    secret = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{secret}"


def _revert_data(error: object) -> bytes | None:
    """`error.data` as bytes: a hexadecimal string, or an object that holds one (as some nodes answer)."""
    data = error.get("data") if isinstance(error, dict) else None
    if isinstance(data, dict):
        data = data.get("data", data.get("result"))
    if not isinstance(data, str) or not data.startswith("0x"):
        return None
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return None
