"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools

START_NS = 1_760_000_000_000_000_000


class FakeClock:
    """`tradewind.observability.clock.Clock` under a test's control; `slept` lists every wait that was asked for."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self._now_ns = now_ns
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()
        self.slept: list[float] = []

    def now_ns(self) -> int:
        """Nanoseconds UTC since 1970, as last set."""
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        """Return once the test has advanced the clock by `seconds`."""
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due_ns = self._now_ns + round(seconds * 1e9)
        heapq.heappush(self._sleepers, (due_ns, next(self._order), wake_up))
        self._changed.set()
        await wake_up

    def asleep(self) -> int:
        """How many are waiting."""
        return sum(not wake_up.done() for _, _, wake_up in self._sleepers)

    async def until_asleep(self, count: int = 1) -> None:
        """Return once at least `count` are waiting."""
        while self.asleep() < count:
            self._changed.clear()
            await self._changed.wait()

    async def advance(self, seconds: float) -> None:
        """Move the time and wake whoever is due, in the order in which they are due."""
        until_ns = self._now_ns + round(seconds * 1e9)
        while self._sleepers and self._sleepers[0][0] <= until_ns:
            due_ns, _, wake_up = heapq.heappop(self._sleepers)
            self._now_ns = due_ns
            if not wake_up.done():
                wake_up.set_result(None)
            await asyncio.sleep(0)
        self._now_ns = until_ns
        await asyncio.sleep(0)
