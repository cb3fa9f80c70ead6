"""The endpoints of one chain: who is asked first, who rests, and which chain they all have to show."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import aiohttp

from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability import events
from tradewind.observability.clock import NS_PER_S, Clock
from tradewind.venues.rpc_endpoint import RpcEndpoint, open_session
from tradewind.venues.rpc_error import EndpointFailure, RpcError
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.rpc_seat import Seat
from tradewind.venues.rpc_standing import clearly_cheaper, known_head

T = TypeVar("T")

_INTERNAL_ERROR = -32603


class RpcPool:
    """Seats, in the order of preference; every answer comes through `ask_best` or `ask_seat`."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        identity: ChainIdentity,
        timeout_s: float,
        clock: Clock,
        rest_s: float,
        requests_per_s: float | None,
        max_answer_bytes: int,
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._timeout_s = timeout_s
        endpoints = [RpcEndpoint(url, clock=clock, max_answer_bytes=max_answer_bytes) for url in urls]
        labels = _distinct([endpoint.label for endpoint in endpoints])
        self.seats = [
            Seat(
                endpoint,
                label=label,
                identity=identity,
                clock=clock,
                rest_s=rest_s,
                requests_per_s=requests_per_s,
            )
            for endpoint, label in zip(endpoints, labels, strict=True)
        ]
        self._in_use = self.seats[0]
        self._trusting = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections, opened when they are first needed."""
        if self._session is None:
            self._session = open_session(self._timeout_s)
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def ask_best(self, question: Callable[[Seat], Awaitable[T]], *, sending: bool = False) -> T:
        """The answer of the best endpoint that has one; raises the first failure when none has.

        An RpcError is an answer, except that "internal error" is tried elsewhere, unless something is being sent.
        """
        await self._know_the_chain()
        untried, failures = self.by_preference(), list[Unavailable | Misconfigured]()
        while untried and (seat := await self._next_ready(untried)) is not None:
            untried.remove(seat)
            try:
                return await question(seat)
            except RpcError as refusal:
                if sending or refusal.rpc_code != _INTERNAL_ERROR or refusal.revert is not None:
                    raise
                failures.append(refusal)
            except (Unavailable, Misconfigured) as failure:
                self.put_to_rest(seat, failure, sending=sending)
                failures.append(failure)
        raise failures[0] if failures else _all_paused(self.seats)

    async def ask_seat(self, question: Callable[[Seat], Awaitable[T]], seat: Seat, *, sending: bool = False) -> T:
        """The answer of this endpoint; its failure puts it to rest and is raised."""
        await self._know_the_chain()
        if await self._next_ready([seat]) is None:
            raise _all_paused([seat])
        try:
            return await question(seat)
        except RpcError:
            raise
        except (Unavailable, Misconfigured) as failure:
            self.put_to_rest(seat, failure, sending=sending)
            raise

    def by_preference(self) -> list[Seat]:
        """The endpoints in the order in which they are asked."""
        if len(self.seats) == 1:
            return list(self.seats)
        now_ns = self._clock.now_ns()
        costs = {seat.label: seat.standing.cost_ms(now_ns) for seat in self.seats}
        ranked = sorted(self.seats, key=lambda seat: (seat.standing.rests(now_ns), costs[seat.label]))
        stays = not self._in_use.standing.rests(now_ns)
        if stays and not clearly_cheaper(costs[ranked[0].label], costs[self._in_use.label]):
            ranked.remove(self._in_use)
            ranked.insert(0, self._in_use)
        self._in_use = ranked[0]
        return ranked

    def put_to_rest(self, seat: Seat, failure: Unavailable | Misconfigured, *, sending: bool = False) -> None:
        """Note a failure. A sending that was not answered in time is none: some chains answer only when it is done."""
        if not (sending and failure.code == "rpc_timeout"):
            seat.failed(failure)
        events.endpoint_failed(url=seat.label, code=failure.code, message=failure.message)

    def note_head(self, seat: Seat, head: int, *, latency_ns: int) -> int:
        """Remember the newest block that an endpoint told; how many blocks it is behind what is known."""
        now_ns = self._clock.now_ns()
        seat.standing.told_head(head, latency_ns=latency_ns, now_ns=now_ns)
        known = known_head((other.standing for other in self.seats), now_ns)
        seat.standing.blocks_behind = 0 if known is None else max(0, known - head)
        return seat.standing.blocks_behind

    async def _next_ready(self, seats: Sequence[Seat]) -> Seat | None:
        """The first that may be asked now, else the one that may soonest, waited for; None beyond the time limit.

        Its request is counted from here on.
        """
        waited_ns = 0
        while True:
            waits = [seat.ready_in_ns() for seat in seats]
            soonest = min(range(len(seats)), key=waits.__getitem__)
            if waits[soonest] == 0:
                ready = seats[waits.index(0)]
                ready.reserve()
                return ready
            waited_ns += waits[soonest]
            if waited_ns > self._timeout_s * NS_PER_S:
                return None
            await self._clock.sleep(waits[soonest] / NS_PER_S)

    async def _know_the_chain(self) -> None:
        """Where no first block is pinned yet, pin the one that most endpoints show.

        Raises Unavailable (endpoints_disagree) when none is shown by more than half of those that answer.
        """
        if self._identity.genesis_hash is not None:
            return
        async with self._trusting:
            if self._identity.genesis_hash is not None:
                return
            told = await asyncio.gather(*(seat.who(self.session) for seat in self.seats), return_exceptions=True)
            shown: list[str] = []
            for seat, one in zip(self.seats, told, strict=True):
                if isinstance(one, tuple):
                    shown.append(one[1])
                elif isinstance(one, Unavailable | Misconfigured):
                    self.put_to_rest(seat, one)
                else:
                    raise one
            if not shown:
                raise next(one for one in told if isinstance(one, BaseException))
            most = max(shown, key=shown.count)
            if 2 * shown.count(most) <= len(shown):
                raise Unavailable(
                    "endpoints_disagree",
                    f"the endpoints of chain {self._identity.chain_id} show different first blocks: "
                    f"{', '.join(sorted(set(shown)))}.",
                    remedy="Set genesis_hash of the chain to the right one.",
                )
            self._identity.trust(most)


def _all_paused(seats: Sequence[Seat]) -> EndpointFailure:
    soonest_s = min(seat.ready_in_ns() for seat in seats) / NS_PER_S
    return EndpointFailure(
        "rpc_rate_limited",
        f"{', '.join(seat.label for seat in seats)} may not be asked for another {soonest_s:.1f} s.",
        retry_after_s=soonest_s,
    )


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels with a number behind those that occur before: two endpoints may differ in a secret part only."""
    return [
        label if label not in labels[:index] else f"{label} ({labels[: index + 1].count(label)})"
        for index, label in enumerate(labels)
    ]
