"""A token bucket: how many requests an endpoint is sent per second."""

import math

from tradewind.observability.clock import NS_PER_S

# Rounding must not leave a bucket a hair below one token when its time has come.
_ONE = 1 - 1e-9


class TokenBucket:
    """Holds one second's worth of requests and refills steadily; without a rate it never runs dry.

    A batch takes a token for each of its requests, as providers count them. It may take more than are left: the debt
    is then waited for before the next request.
    """

    def __init__(self, requests_per_s: float | None, now_ns: int) -> None:
        self._rate = requests_per_s
        self._most = max(1.0, requests_per_s or 1.0)
        self._level = self._most
        self._at_ns = now_ns

    def ready_in_ns(self, now_ns: int) -> int:
        """How long until a request may be sent; 0 when one may be now."""
        if self._rate is None:
            return 0
        self._refill(now_ns)
        return 0 if self._level >= _ONE else math.ceil((1 - self._level) / self._rate * NS_PER_S)

    def take(self, requests: int, now_ns: int) -> None:
        """Count requests that are sent now."""
        if self._rate is not None:
            self._refill(now_ns)
            self._level -= requests

    def _refill(self, now_ns: int) -> None:
        # A clock that was set back refills nothing, and takes nothing away.
        elapsed_ns, self._at_ns = max(0, now_ns - self._at_ns), now_ns
        self._level = min(self._most, self._level + elapsed_ns * (self._rate or 0) / NS_PER_S)
