"""Decides what follows the end of an engine: start it again after a pause, leave it, or break the crash loop."""

from collections import deque
from dataclasses import dataclass

from tradewind.commander.ending import Ending, EndingKind
from tradewind.commander.strategy_file.settings import Restart

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class StartAgain:
    """After this pause; `because` says what it waits for, where that is not how it ended."""

    after_ms: int
    because: str = ""


@dataclass(frozen=True, slots=True)
class LeaveIt:
    """It is not started again, and that is in order."""

    because: str


@dataclass(frozen=True, slots=True)
class BreakLoop:
    """It crashes again and again: its wallet is to be halted."""

    because: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Its rule stopped it, and may start it again."""


class RestartPolicy:
    """Counts the crashes of one instance. Pauses double from the first to the longest, and start over after a run
    that lasted as long as the longest pause.
    """

    def __init__(self, settings: Restart) -> None:
        self._settings = settings
        self._crashes: deque[int] = deque(maxlen=settings.most_crashes + 1)
        self._failures = 0

    @property
    def crashes(self) -> int:
        """Those that are still counted."""
        return len(self._crashes)

    def decide(self, ending: Ending, *, now_ns: int) -> StartAgain | LeaveIt | BreakLoop:
        """What follows; `now_ns` is when it ended."""
        settings = self._settings
        if ending.kind is EndingKind.MISCONFIGURED:
            return LeaveIt("it refused its configuration, and would again")
        if ending.kind is EndingKind.FINISHED and settings.policy != "always":
            return LeaveIt("it ended by itself, in good order")
        if settings.policy == "never":
            return LeaveIt("its restart policy is never")
        if ending.kind is EndingKind.CRASHED and self._loops(now_ns):
            seconds = settings.within_ms // 1_000
            return BreakLoop(f"it crashed {len(self._crashes)} times within {seconds} s, the last time {ending}")
        return StartAgain(self._pause_ms(ending))

    def _loops(self, now_ns: int) -> bool:
        while self._crashes and now_ns - self._crashes[0] > self._settings.within_ms * _NS_PER_MS:
            self._crashes.popleft()
        self._crashes.append(now_ns)
        return len(self._crashes) > self._settings.most_crashes

    def _pause_ms(self, ending: Ending) -> int:
        longest = self._settings.longest_pause_ms
        if ending.ran_ns >= longest * _NS_PER_MS:
            self._failures = 0
        # Beyond 2^32 the longest is reached whatever the first is.
        pause = self._settings.first_pause_ms << min(self._failures, 32)
        self._failures += 1
        return min(pause, longest)
