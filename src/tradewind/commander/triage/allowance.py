"""How many lines may pass: so many a second, and a burst."""


class Allowance:
    """Counts what does not pass, so that it can be told."""

    def __init__(self, *, per_s: int, burst: int, now_ns: int) -> None:
        self._per_s = per_s
        self._burst_ns = burst * 10**9 // per_s
        self._cost_ns = 10**9 // per_s
        self._free_at_ns = now_ns - self._burst_ns
        self._refused = 0

    def take(self, *, now_ns: int) -> bool:
        """Whether one more may pass now."""
        start = max(self._free_at_ns, now_ns - self._burst_ns)
        if start + self._cost_ns > now_ns:
            self._refused += 1
            return False
        self._free_at_ns = start + self._cost_ns
        return True

    def refused(self) -> int:
        """How many did not pass since the last time this was asked."""
        refused, self._refused = self._refused, 0
        return refused
