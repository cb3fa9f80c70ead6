"""Time as a dependency: every room is given a clock, so that tests decide what time it is."""

import asyncio
import time
from typing import Protocol

NS_PER_MS = 1_000_000
NS_PER_S = 1_000 * NS_PER_MS


class Clock(Protocol):
    """The time, and waiting."""

    def now_ns(self) -> int:
        """Nanoseconds UTC since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        """Nanoseconds UTC since 1970."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


class Backoff:
    """Growing pauses between tries of one thing: long enough not to hammer, short enough to go on soon."""

    def __init__(self, clock: Clock, *, first_s: float = 0.1, most_s: float = 2.0) -> None:
        self._clock = clock
        self._next_s = first_s
        self._most_s = most_s

    async def pause(self) -> None:
        """Wait, each time half as long again, up to the longest."""
        seconds, self._next_s = self._next_s, min(self._most_s, self._next_s * 1.5)
        await self._clock.sleep(seconds)
