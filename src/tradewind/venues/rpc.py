"""JSON-RPC with several endpoints: the first that works answers, and each must be of the expected chain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp

from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability import events
from tradewind.observability.clock import Clock
from tradewind.venues import rpc_answer
from tradewind.venues.rpc_endpoint import Request, RpcEndpoint
from tradewind.venues.rpc_error import RpcError


@dataclass(slots=True)
class _Seat:
    """An endpoint and what is known of it."""

    endpoint: RpcEndpoint
    rests_until_ns: int = 0
    chain_checked: bool = False


class RpcClient:
    """Asks the first endpoint that works, over one kept-alive session.

    An endpoint that failed is asked last for `rest_s` seconds. The chain id of an endpoint is checked before its
    first answer is used. When every endpoint fails, the error of the first is raised.

    Errors: Unavailable with code rpc_unreachable, rpc_timeout, rpc_http_<status>, rpc_malformed, rpc_wrong_id,
    rpc_answer_too_large, rpc_rate_limited; RpcError (code rpc_error) for a JSON-RPC error object, which is an
    answer and is not taken to the next endpoint; Misconfigured with code wrong_chain.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        timeout_s: float,
        clock: Clock,
        max_answer_bytes: int = 64 * 1024 * 1024,
        max_batch: int = 100,
        rest_s: float = 5.0,
    ) -> None:
        if not urls:
            raise Misconfigured("rpc_urls_empty", f"chain {chain_id} has no RPC endpoint.", remedy="Name at least one.")
        self._seats = [_Seat(RpcEndpoint(url, max_answer_bytes=max_answer_bytes)) for url in urls]
        self._chain_id = chain_id
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._clock = clock
        self._max_batch = max_batch
        self._rest_ns = int(rest_s * 1e9)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as they may be shown: secrets in their URLs are left out."""
        return tuple(seat.endpoint.label for seat in self._seats)

    async def connect(self) -> None:
        """Check the chain id of every endpoint; one must answer, and none may be of another chain."""
        failures = [failure for failure in await asyncio.gather(*map(self._try_chain, self._seats)) if failure]
        if len(failures) == len(self._seats):
            raise failures[0]

    async def call(self, method: str, params: Sequence[object] = ()) -> object:
        """The result of one request; a JSON-RPC error is raised as RpcError."""
        (answer,) = await self._ask([(method, params)], as_batch=False)
        if isinstance(answer, RpcError):
            raise answer
        return answer

    async def batch(self, requests: Sequence[Request]) -> list[object]:
        """The results in the order of `requests`, in one round trip (one per `max_batch`).

        Where a request failed, its RpcError stands in place of the result: `result_of` raises it.
        """
        answers: list[object] = []
        for start in range(0, len(requests), self._max_batch):
            answers += await self._ask(requests[start : start + self._max_batch], as_batch=True)
        return answers

    async def _ask(self, requests: Sequence[Request], *, as_batch: bool) -> list[object]:
        failures: list[Unavailable | Misconfigured] = []
        for seat in self._by_preference():
            try:
                if not seat.chain_checked:
                    await self._check_chain(seat)
                return await seat.endpoint.ask(self._open_session(), requests, as_batch=as_batch)
            except RpcError:
                raise
            except (Unavailable, Misconfigured) as failure:
                self._put_to_rest(seat, failure)
                failures.append(failure)
        raise failures[0]

    def _by_preference(self) -> list[_Seat]:
        now_ns = self._clock.now_ns()
        return sorted(self._seats, key=lambda seat: seat.rests_until_ns > now_ns)

    def _put_to_rest(self, seat: _Seat, failure: Unavailable | Misconfigured) -> None:
        seat.rests_until_ns = self._clock.now_ns() + self._rest_ns
        events.endpoint_failed(url=seat.endpoint.label, code=failure.code, message=failure.message)

    async def _try_chain(self, seat: _Seat) -> Unavailable | None:
        try:
            await self._check_chain(seat)
        except Unavailable as failure:
            self._put_to_rest(seat, failure)
            return failure
        return None

    async def _check_chain(self, seat: _Seat) -> None:
        (answer,) = await seat.endpoint.ask(self._open_session(), [("eth_chainId", ())], as_batch=False)
        chain_id = rpc_answer.quantity(result_of(answer), "eth_chainId", bits=64)
        if chain_id != self._chain_id:
            raise Misconfigured(
                "wrong_chain",
                f"{seat.endpoint.label} serves chain {chain_id}, not {self._chain_id}.",
                remedy="Correct rpc_urls of the chain.",
            )
        seat.chain_checked = True

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, auto_decompress=True, trust_env=False)
        return self._session


def result_of(answer: object) -> object:
    """One answer of a batch; an RpcError in its place is raised."""
    if isinstance(answer, RpcError):
        raise answer
    return answer
