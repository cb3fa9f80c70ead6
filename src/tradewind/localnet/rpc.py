"""JSON-RPC to the local node over one kept-alive HTTP connection pool: single calls and batches."""

import itertools
from collections.abc import Sequence
from typing import Any

import aiohttp

from tradewind.localnet.errors import LocalnetError, RpcError

Call = tuple[str, Sequence[Any]]

REQUEST_TIMEOUT_S = 60


class JsonRpc:
    """A client of one node. Close it, or use it as an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, *params: Any) -> Any:
        """The result of one request; RpcError when the node refuses it."""
        answer = await self._post(self._request(method, params))
        return _result(method, answer)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several requests in their order, in one round trip; RpcError for the first that failed."""
        if not calls:
            return []
        requests = [self._request(method, params) for method, params in calls]
        answers = {answer["id"]: answer for answer in await self._post(requests)}
        return [_result(request["method"], answers[request["id"]]) for request in requests]

    async def eth_call(self, to: str, data: str, *, block: str = "latest", sender: str | None = None) -> bytes:
        """What a contract answers to a read; RpcError when it reverts."""
        transaction = {"to": to, "data": data} | ({"from": sender} if sender else {})
        return bytes.fromhex((await self.call("eth_call", transaction, block))[2:])

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    async def _post(self, body: Any) -> Any:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._session.post(self.url, json=body) as response:
                return await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise LocalnetError(
                "chain_unreachable", f"The local chain at {self.url} does not answer: {error!r}."
            ) from error


def _result(method: str, answer: Any) -> Any:
    error = answer.get("error")
    if error is not None:
        raise RpcError(method, error["code"], error["message"], error.get("data"))
    return answer["result"]
