"""How often one address may ask one region."""

from collections import OrderedDict, deque

from tradewind.localnet.errors import LocalnetError
from tradewind.observability.clock import Clock

_WINDOW_NS = 1_000_000_000


class TooManyRequests(LocalnetError):
    """Asked more often than allowed; `retry_after_ms` says when to ask again."""

    def __init__(self, per_second: int, retry_after_ms: int) -> None:
        # Jito's words and number, which clients look for.
        words = f"Rate limit exceeded. Limit: {per_second} per second for txn requests. "
        super().__init__("too_many_requests", f"{words}Back-off triggered: Retry after {retry_after_ms}ms")
        self.retry_after_ms = retry_after_ms


class RateLimit:
    """At most so many requests in any second; None lets everything pass. Remembers a bounded number of addresses."""

    def __init__(self, per_second: int | None, clock: Clock, *, max_known: int) -> None:
        self._per_second = per_second
        self._clock = clock
        self._max_known = max_known
        self._recent: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def admit(self, region: str, address: str) -> None:
        """Count a request, or raise TooManyRequests."""
        if self._per_second is None:
            return
        now_ns = self._clock.now_ns()
        recent = self._recent.setdefault((region, address), deque())
        self._recent.move_to_end((region, address))
        if len(self._recent) > self._max_known:
            self._recent.popitem(last=False)
        while recent and recent[0] <= now_ns - _WINDOW_NS:
            recent.popleft()
        if len(recent) >= self._per_second:
            wait_ns = recent[0] + _WINDOW_NS - now_ns
            raise TooManyRequests(self._per_second, max(1, -(-wait_ns // 1_000_000)))
        recent.append(now_ns)
