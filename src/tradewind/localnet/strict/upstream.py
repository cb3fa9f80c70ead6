"""The node behind the strict endpoint, asked by plain JSON-RPC; its errors come back as answers, in nitro's words."""

import itertools
from collections.abc import Sequence
from typing import Any

import aiohttp

from tradewind.localnet.strict.json_rpc import SERVER_ERROR, Answer, error, result_of

Question = tuple[str, Sequence[Any]]

TIMEOUT_S = 60
_OUT_OF_RANGE = "BlockOutOfRangeError"


class UpstreamGone(Exception):
    """The node does not answer at all."""


class Upstream:
    """One kept-alive client of the node; close it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers in order, in one round trip. UpstreamGone when there is no node."""
        if not questions:
            return []
        requests = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
            for method, params in questions
        ]
        answers = {item["id"]: item for item in await self._post(requests)}
        return [_in_nitros_words(answers[request["id"]]) for request in requests]

    async def result(self, method: str, *params: Any) -> Any:
        """The result of one request; Refusal for an error."""
        (answer,) = await self.ask([(method, params)])
        return result_of(answer)

    async def results(self, *questions: Question) -> list[Any]:
        """The results of several requests; Refusal for the first error."""
        return [result_of(answer) for answer in await self.ask(questions)]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, requests: list[dict[str, Any]]) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(limit=0)
            )
        body = requests[0] if len(requests) == 1 else requests
        try:
            async with self._session.post(self.url, json=body) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            raise UpstreamGone(repr(failure)) from failure
        return [answer] if len(requests) == 1 else answer


def _in_nitros_words(answer: dict[str, Any]) -> Answer:
    refused = answer.get("error")
    if refused is None:
        return {"result": answer["result"]}
    if refused["message"].startswith(_OUT_OF_RANGE):
        return error(SERVER_ERROR, "header not found")
    return {"error": refused}
