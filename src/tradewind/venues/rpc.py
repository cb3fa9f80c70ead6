"""JSON-RPC with several endpoints: the best one answers, enough of them agree, each must be of the expected chain."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability.clock import Clock
from tradewind.venues import quorum, rpc_answer
from tradewind.venues.quorum import Agreed, Said
from tradewind.venues.rpc_endpoint import Request
from tradewind.venues.rpc_error import EndpointFailure, RpcError
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.rpc_pool import RpcPool
from tradewind.venues.rpc_seat import Seat

T = TypeVar("T")
A = TypeVar("A")
Ask = Callable[[str, Sequence[object]], Awaitable[object]]

# Arbitrum answers a sending only when the transaction is in a block: silence then says nothing about the endpoint.
_SENDING = frozenset({"eth_sendRawTransaction", "eth_sendRawTransactionConditional"})


class RpcClient:
    """Asks the best endpoint over kept-alive connections, and the next one when it fails (rpc_standing ranks them).

    An endpoint whose answer is an error about the request is not to blame, and the answer stands; only "internal
    error" is taken to the next one. When every endpoint fails, the failure of the first is raised.

    Errors: Unavailable with code rpc_unreachable, rpc_timeout, rpc_http_<status>, rpc_malformed, rpc_wrong_id,
    rpc_answer_too_large, rpc_rate_limited, rpc_identity_untold, rpc_behind, endpoints_disagree, quorum_not_reached;
    RpcError (code rpc_error) for a JSON-RPC error object; Misconfigured with code wrong_chain or wrong_genesis.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        timeout_s: float,
        clock: Clock,
        identity: ChainIdentity | None = None,
        quorum_size: int | None = None,
        max_lag_blocks: int = 40,
        requests_per_s: float | None = None,
        max_answer_bytes: int = 64 * 1024 * 1024,
        max_batch: int = 100,
        rest_s: float = 5.0,
        survey_s: float = 5.0,
        timer: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        if not urls:
            raise Misconfigured("rpc_urls_empty", f"chain {chain_id} has no RPC endpoint.", remedy="Name at least one.")
        self.quorum = quorum.quorum_of(quorum_size, len(urls))
        self._pool = RpcPool(
            urls,
            identity=identity or ChainIdentity(chain_id),
            timeout_s=timeout_s,
            clock=clock,
            rest_s=rest_s,
            requests_per_s=requests_per_s,
            max_answer_bytes=max_answer_bytes,
        )
        self._clock = clock
        self._timer = timer
        self._max_lag_blocks = max_lag_blocks
        self._max_batch = max_batch
        self._survey_s = survey_s
        self._asked_others = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as they may be shown: secrets in their URLs are left out."""
        return tuple(seat.label for seat in self._pool.seats)

    async def connect(self) -> None:
        """Check the chain of every endpoint; one must answer, and none may be of another chain."""
        failures = []
        for told in await asyncio.gather(*map(self._identified, self._pool.seats), return_exceptions=True):
            if isinstance(told, Unavailable):
                failures.append(told)
            elif isinstance(told, BaseException):
                raise told
        if len(failures) == len(self._pool.seats):
            raise failures[0]

    async def call(self, method: str, params: Sequence[object] = ()) -> object:
        """The result of one request; a JSON-RPC error is raised as RpcError."""
        return await self._pool.ask_best(lambda seat: self._one(seat, method, params), sending=method in _SENDING)

    async def batch(self, requests: Sequence[Request]) -> list[object]:
        """The results in the order of `requests`, in one round trip (one per `max_batch`).

        Where a request failed, its RpcError stands in place of the result: `result_of` raises it.
        """
        answers: list[object] = []
        for start in range(0, len(requests), self._max_batch):
            answers += await self._part(requests[start : start + self._max_batch])
        return answers

    async def newest(
        self, method: str, params: Sequence[object], read: Callable[[object], T], height: Callable[[T], int]
    ) -> T:
        """The newest block as `read` reads it, of an endpoint that is not too far behind what others told lately.

        Raises Unavailable (rpc_behind) when only such endpoints answer.
        """
        return await self._newest(lambda seat: self._one(seat, method, params), read, height)

    async def newest_with(
        self, requests: Sequence[Request], read: Callable[[list[object]], T], height: Callable[[T], int]
    ) -> T:
        """As `newest`, with other questions to the same endpoint in the same round trip; answers as in `batch`."""
        return await self._newest(lambda seat: seat.ask(self._pool.session, requests, as_batch=True), read, height)

    async def _newest(
        self, ask: Callable[[Seat], Awaitable[A]], read: Callable[[A], T], height: Callable[[T], int]
    ) -> T:
        async def question(seat: Seat) -> T:
            started_ns = self._timer()
            block = read(await ask(seat))
            behind = self._pool.note_head(seat, height(block), latency_ns=self._timer() - started_ns)
            if behind > self._max_lag_blocks:
                raise EndpointFailure(
                    "rpc_behind", f"{seat.label} is at block {height(block)}, {behind} blocks behind what was seen."
                )
            return block

        return await self._pool.ask_best(question)

    async def found(self, question: Callable[[Ask], Awaitable[T | None]]) -> T | None:
        """What the best endpoint has; if that is nothing, what one of the others has, each time another one.

        For what an endpoint may not have yet, or may hide: a missing receipt must not depend on one endpoint alone.
        One that rests is left alone until it has rested: whoever looks again and again would wait for it each time.
        """
        answer = await self._pool.ask_best(lambda seat: question(self._asking(seat)))
        now_ns = self._clock.now_ns()
        others = [seat for seat in self._pool.by_preference()[1:] if not seat.standing.rests(now_ns)]
        if answer is not None or not others:
            return answer
        self._asked_others += 1
        return quorum.answer_of(await self._put(question, others[self._asked_others % len(others)], None))

    async def agreed(self, method: str, params: Sequence[object] = ()) -> Agreed[object]:
        """The answer that a quorum of endpoints gives, whatever the order of keys and the case of hexadecimal digits.

        Raises Unavailable with code endpoints_disagree or quorum_not_reached; with one endpoint, what `call` raises.
        """
        return await self.agree(lambda ask: ask(method, params), what=method, compared=quorum.canonical)

    async def agree(
        self, question: Callable[[Ask], Awaitable[T]], *, what: str, compared: Callable[[T], object] | None = None
    ) -> Agreed[T]:
        """As `agreed`, for a question of several requests to the same endpoint; equal values are the same answer.

        As many as are needed are asked at first, and the others when these do not agree.
        """
        return await self._poll(question, what, compared, quorum.decide)

    async def reached(self, question: Callable[[Ask], Awaitable[int]], *, what: str) -> Agreed[int]:
        """The highest number that a quorum of endpoints has reached, for what only grows; raises as `agreed`."""
        return await self._poll(question, what, None, quorum.reached)

    async def everywhere(
        self, question: Callable[[Ask], Awaitable[T]], *, enough: Callable[[T], bool], sending: bool = False
    ) -> list[Said[T]]:
        """What each endpoint says, all asked at once; after an answer that is `enough` the others are given up."""
        asking = [
            asyncio.create_task(self._put(question, seat, None, sending=sending)) for seat in self._pool.by_preference()
        ]
        said: list[Said[T]] = []
        try:
            for answered in asyncio.as_completed(asking):
                said.append(await answered)
                if said[-1].failure is None and enough(quorum.answer_of(said[-1])):
                    break
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return said

    async def watch(self) -> None:
        """Survey the endpoints again and again, if there are several; never returns."""
        while True:
            if len(self._pool.seats) > 1:
                await self.survey()
            await self._clock.sleep(self._survey_s)

    async def survey(self) -> None:
        """Ask every endpoint that does not rest for its newest block: how long it takes, how far behind it is."""
        now_ns = self._clock.now_ns()
        awake = [seat for seat in self._pool.seats if seat.ready_in_ns() == 0 and not seat.standing.rests(now_ns)]
        await asyncio.gather(*map(self._survey_one, awake))

    async def _survey_one(self, seat: Seat) -> None:
        async def question(seat: Seat) -> None:
            started_ns = self._timer()
            head = rpc_answer.quantity(await self._one(seat, "eth_blockNumber", ()), "eth_blockNumber", bits=63)
            self._pool.note_head(seat, head, latency_ns=self._timer() - started_ns)

        # What went wrong has been noted and reported by the pool.
        with contextlib.suppress(Unavailable, Misconfigured):
            await self._pool.ask_seat(question, seat)

    async def _poll(
        self,
        question: Callable[[Ask], Awaitable[T]],
        what: str,
        compared: Callable[[T], object] | None,
        decide: Callable[[Sequence[Said[T]], int], Agreed[T] | None],
    ) -> Agreed[T]:
        seats, said = self._pool.by_preference(), list[Said[T]]()
        for asked in (seats[: self.quorum], seats[self.quorum :]):
            said += await asyncio.gather(*(self._put(question, seat, compared) for seat in asked))
            if (decided := decide(said, self.quorum)) is not None:
                return decided
        raise quorum.no_agreement(what, said, self.quorum)

    async def _put(
        self,
        question: Callable[[Ask], Awaitable[T]],
        seat: Seat,
        compared: Callable[[T], object] | None,
        *,
        sending: bool = False,
    ) -> Said[T]:
        try:
            answer = await self._pool.ask_seat(lambda seat: question(self._asking(seat)), seat, sending=sending)
        except (Unavailable, Misconfigured) as failure:
            return Said(seat.label, failure=failure)
        return Said(seat.label, answer, answer if compared is None else compared(answer))

    def _asking(self, seat: Seat) -> Ask:
        return lambda method, params: self._one(seat, method, params)

    def _part(self, requests: Sequence[Request]) -> Awaitable[list[object]]:
        return self._pool.ask_best(lambda seat: seat.ask(self._pool.session, requests, as_batch=True))

    async def _one(self, seat: Seat, method: str, params: Sequence[object]) -> object:
        (answer,) = await seat.ask(self._pool.session, [(method, params)], as_batch=False)
        return result_of(answer)

    async def _identified(self, seat: Seat) -> None:
        await self._pool.ask_seat(lambda seat: seat.identify(self._pool.session), seat)


def result_of(answer: object) -> object:
    """One answer of a batch; an RpcError in its place is raised."""
    if isinstance(answer, RpcError):
        raise answer
    return answer
