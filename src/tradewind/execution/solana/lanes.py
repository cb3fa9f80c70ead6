"""The lanes of the core as executors know them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable
from typing import Literal, Protocol

from tradewind import core
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.errors import Refused
from tradewind.execution.executors.ports import LaneHealth, Sent, SignedAttempt, Tip
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_S, Clock

_PPM = 1_000_000
# The share of takings is a running mean over about so many sendings.
_MEMORY = 16
_HEALTHY_FROM_PPM = 500_000
# Nobody sends over a lane that is not healthy: it is taken for healthy again this long after it failed last.
_REST_NS = 30 * NS_PER_S
# Ours of the last while: of more than so many no news are awaited at once.
_BUNDLES = 1_000


class CoreLane(Protocol):
    """What every lane of the core offers."""

    @property
    def name(self) -> Literal["rpc", "jito", "tpu"]: ...

    def send(self, transaction: bytes) -> Awaitable[core.SendOutcome]: ...


class SolanaLane:
    """Implements `Lane` over one of the core's."""

    def __init__(self, lane: CoreLane, clock: Clock) -> None:
        self._lane = lane
        self._clock = clock
        self._taken_ppm = _PPM
        self._failed_ns: int | None = None
        self._latency_ms: int | None = None
        self._last = ""

    @property
    def name(self) -> str:
        """`jito`, `tpu` or `rpc`."""
        return self._lane.name

    async def send(self, attempt: SignedAttempt) -> Sent:
        """Hand the bytes over. What the core refuses to send at all is a refusal of the lane."""
        began_ns = self._clock.now_ns()
        try:
            outcome = await self._lane.send(attempt.transaction)
        except core.CoreError as error:
            sent = Sent("refused", self.name, error.code, str(error))
        else:
            sent = Sent(
                kind=outcome.kind,
                lane=outcome.lane,
                code=outcome.code,
                detail=outcome.detail,
                reference=outcome.reference,
                retry_after_ms=outcome.retry_after_ms,
            )
        self._learn(sent, (self._clock.now_ns() - began_ns) // 1_000_000)
        return sent

    async def health(self) -> LaneHealth:
        """As the last sendings went; after a rest it is to be tried again."""
        rested = self._failed_ns is None or self._clock.now_ns() - self._failed_ns >= _REST_NS
        healthy = self._taken_ppm >= _HEALTHY_FROM_PPM or rested
        return LaneHealth(healthy, self._taken_ppm, self._latency_ms, self._last)

    def _learn(self, sent: Sent, latency_ms: int) -> None:
        # A program's refusal says nothing against the lane that told it; that of a key does.
        refused = sent.kind == "refused" and sent.code != "unauthenticated"
        taken = sent.may_have_been_taken or refused
        if not taken:
            self._failed_ns = self._clock.now_ns()
        self._taken_ppm += ((_PPM if taken else 0) - self._taken_ppm) // _MEMORY
        self._latency_ms = latency_ms
        self._last = sent.code or sent.kind


class LeadersLane(SolanaLane):
    """The lane to the leaders, which are shaken hands with before anything is sent."""

    def __init__(self, lane: core.TpuLane, clock: Clock, slots: core.SlotFeed | None = None) -> None:
        super().__init__(lane, clock)
        self._tpu = lane
        self._slots = slots
        self._started: asyncio.Future[None] | None = None

    async def send(self, attempt: SignedAttempt) -> Sent:
        """As any lane; the first sending waits for the handshakes if nobody did before."""
        await self.warm_up()
        return await super().send(attempt)

    async def warm_up(self) -> None:
        """Learn the leaders and shake hands with those to come; once, however often it is asked for."""
        if self._started is None or (self._started.done() and self._started.exception() is not None):
            self._started = asyncio.ensure_future(self._start())
        # What it failed with, sending tells: no leader is connected.
        with contextlib.suppress(core.CoreError):
            await asyncio.shield(self._started)

    async def _start(self) -> None:
        await self._tpu.start(self._slots)


class JitoTips(SolanaLane):
    """Implements `TippingLane`: the tip stands inside the transaction, so that none is paid for what does not trade."""

    def __init__(
        self, lane: core.JitoLane, policy: core.TipPolicy, clock: Clock, stream: core.TipStream | None = None
    ) -> None:
        super().__init__(lane, clock)
        self._jito = lane
        self._policy = policy
        self._stream = stream
        self._floor: core.TipFloor | None = None
        self._bundles: deque[str] = deque(maxlen=_BUNDLES)
        self._heard: dict[str, tuple[str, str]] = {}

    async def send(self, attempt: SignedAttempt) -> Sent:
        """As any lane; the bundle is remembered, so that its news are told from those of others."""
        sent = await super().send(attempt)
        if sent.reference is not None:
            self._bundles.append(sent.reference)
        return sent

    async def follow_news(self) -> None:
        """Say what regions over gRPC tell of our bundles, until cancelled."""
        while True:
            for news in await self._jito.bundle_news():
                if news.bundle_id is None:
                    self._say_region(news)
                elif news.bundle_id in self._bundles:
                    observe.bundle_told(
                        bundle_id=news.bundle_id,
                        region=news.region,
                        kind=news.kind,
                        slot=news.slot,
                        reason=news.reason,
                        detail=news.detail,
                    )

    def _say_region(self, news: core.BundleNews) -> None:
        """Once for each change: a region that refuses its news is asked for them again and again."""
        state = "live" if news.kind == "following" else "down"
        if self._heard.get(news.region) != (state, news.detail):
            self._heard[news.region] = (state, news.detail)
            observe.feed_changed(feed="bundles", state=state, endpoint=news.region, detail=news.detail)

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip:
        """By the plan's profit, the tips that landed lately, and the attempt; Refused when no tip is worth it.

        A profit in another token than SOL says nothing of lamports: its plan pays the policy's least tip, raised by the
        steps of the attempt.
        """
        await self._learn_floor()
        # A trade that is no round trip has no profit to share: the policy's cap bounds its tip.
        profit, floor = 1 << 62, self._floor
        if plan.expected_profit > 0 and plan.input_token == WRAPPED_SOL:
            profit = plan.expected_profit
        elif plan.expected_profit > 0:
            floor = None
        try:
            lamports = self._policy.tip_lamports(profit_lamports=profit, attempt=max(0, attempt - 1), tip_floor=floor)
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None
        if lamports is None:
            raise Refused("tip_not_worth_it", "The share of the profit that may go to a tip is below the least tip.")
        return Tip(self._policy.tip_account(plan.plan_id.int & ((1 << 63) - 1)), lamports)

    async def _learn_floor(self) -> None:
        """As the stream told it; while that is silent, as the page has it; else the last one known, if any."""
        streamed = None if self._stream is None else self._stream.floor()
        if streamed is not None:
            self._floor = streamed
            return
        with contextlib.suppress(core.CoreError):
            self._floor = await self._jito.tip_floor()
