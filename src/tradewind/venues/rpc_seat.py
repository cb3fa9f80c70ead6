"""An endpoint with all that is known of it: its standing, its allowance, and that it is of the right chain."""

import asyncio
from collections.abc import Sequence

import aiohttp

from tradewind.observability.clock import Clock
from tradewind.venues import rpc_answer
from tradewind.venues.rpc_bucket import TokenBucket
from tradewind.venues.rpc_endpoint import Request, RpcEndpoint
from tradewind.venues.rpc_error import EndpointFailure, RpcError
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.rpc_standing import Standing

_WHO_ARE_YOU: tuple[Request, ...] = (("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False)))


class Seat:
    """Asks its endpoint, and believes no answer before the endpoint has shown that it serves the chain.

    That is asked before the first request, after every failure, and whenever a connection was opened: behind the same
    URL there may be another server then.
    """

    def __init__(
        self,
        endpoint: RpcEndpoint,
        *,
        label: str,
        identity: ChainIdentity,
        clock: Clock,
        rest_s: float,
        requests_per_s: float | None,
    ) -> None:
        self.label = label
        self.standing = Standing(rest_s)
        self._endpoint = endpoint
        self._identity = identity
        self._clock = clock
        self._bucket = TokenBucket(requests_per_s, clock.now_ns())
        self._reserved = 0
        self._checked_at: int | None = None
        self._checking = asyncio.Lock()

    def ready_in_ns(self) -> int:
        """How long until it may be asked: its allowance, and the pause it asked for."""
        now_ns = self._clock.now_ns()
        return max(self._bucket.ready_in_ns(now_ns), self.standing.pause_ns(now_ns))

    def reserve(self) -> None:
        """Count a request that is about to be sent, so that others who ask at the same moment see it."""
        self._bucket.take(1, self._clock.now_ns())
        self._reserved += 1

    async def ask(self, session: aiohttp.ClientSession, requests: Sequence[Request], *, as_batch: bool) -> list[object]:
        """The answers in order, an RpcError in place of a failed one; raises EndpointFailure and Misconfigured.

        A batch that is refused as a whole raises RpcError.
        """
        await self.identify(session)
        try:
            answers = await self._send(session, requests, as_batch=as_batch)
        except RpcError:
            self.standing.answered()
            raise
        # No request in the common case: only one that opened a connection finds the check out of date.
        await self.identify(session)
        self.standing.answered()
        return answers

    async def identify(self, session: aiohttp.ClientSession) -> None:
        """Check the chain, unless that was done on this connection; raises Misconfigured for another chain."""
        if self._checked_at == self._endpoint.connections:
            return
        async with self._checking:
            if self._checked_at == self._endpoint.connections:
                return
            chain_id, genesis_hash = await self.who(session)
            self._identity.check(self.label, chain_id, genesis_hash)
            self._checked_at = self._endpoint.connections

    async def who(self, session: aiohttp.ClientSession) -> tuple[int, str]:
        """The chain id and the hash of block 0, as the endpoint tells them; raises Misconfigured for another id."""
        try:
            told, first = await self._send(session, _WHO_ARE_YOU, as_batch=True)
        except RpcError as refusal:
            raise self._untold(refusal) from None
        if isinstance(told, RpcError):
            raise self._untold(told)
        chain_id = rpc_answer.quantity(told, "eth_chainId", bits=64)
        self._identity.check_chain_id(self.label, chain_id)
        if isinstance(first, RpcError):
            raise self._untold(first)
        block = rpc_answer.mapping(first, "block 0")
        if rpc_answer.quantity(block.get("number"), "block 0.number", bits=63) != 0:
            rpc_answer.refuse("block 0", "is another block")
        return chain_id, rpc_answer.hash32(block.get("hash"), "block 0.hash")

    def failed(self, failure: Exception) -> None:
        """It gave no usable answer: it rests, and has to show its chain again."""
        retry_after_s = failure.retry_after_s if isinstance(failure, EndpointFailure) else None
        self.standing.failed(self._clock.now_ns(), retry_after_s)
        self._checked_at = None

    async def _send(
        self, session: aiohttp.ClientSession, requests: Sequence[Request], *, as_batch: bool
    ) -> list[object]:
        counted = min(1, self._reserved)
        self._reserved -= counted
        self._bucket.take(len(requests) - counted, self._clock.now_ns())
        return await self._endpoint.ask(session, requests, as_batch=as_batch)

    def _untold(self, refusal: RpcError) -> EndpointFailure:
        return EndpointFailure(
            "rpc_identity_untold", f"{self.label} does not tell which chain it serves: {refusal.rpc_message[:200]}"
        )
