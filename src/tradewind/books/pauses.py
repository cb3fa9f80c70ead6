"""Pauses between tries that grow while tries follow on each other, and begin anew after a quiet time."""

from tradewind.observability.clock import Backoff, Clock


class Pauses:
    """The pauses of one thing that is tried again and again; times in seconds."""

    def __init__(self, clock: Clock, *, first_s: float, most_s: float, quiet_s: float) -> None:
        self._clock = clock
        self._first_s = first_s
        self._most_s = most_s
        self._quiet_s = quiet_s
        self._last_ns: int | None = None
        self._backoff = self._anew()

    async def pause(self, *, first_is_free: bool = False) -> None:
        """Wait before a try; `first_is_free`: not when there was none for the quiet time."""
        quiet = self._last_ns is None or self._clock.now_ns() - self._last_ns >= self._quiet_s * 1e9
        if quiet:
            self._backoff = self._anew()
        if not (quiet and first_is_free):
            await self._backoff.pause()
        self._last_ns = self._clock.now_ns()

    def _anew(self) -> Backoff:
        return Backoff(self._clock, first_s=self._first_s, most_s=self._most_s)
