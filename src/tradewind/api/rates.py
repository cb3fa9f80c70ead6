"""Rates: how often each token may ask. A bucket of tries for each, that fills again at an even pace."""

from dataclasses import dataclass

from tradewind.errors import TooMany
from tradewind.observability.clock import NS_PER_S, Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once after a pause."""

    per_s: int
    burst: int


class Bucket:
    """One bucket. It counts in billionths of a try, so that no rounding lets one through too early or too late."""

    def __init__(self, rate: Rate, now_ns: int) -> None:
        self._rate = rate
        self._filled = rate.burst * NS_PER_S
        self._at_ns = now_ns

    def take(self, now_ns: int) -> float:
        """Take one: 0 if there was one, or else the seconds until there will be."""
        # A clock that goes back fills nothing and takes nothing away.
        passed_ns = max(0, now_ns - self._at_ns)
        self._at_ns = now_ns
        self._filled = min(self._rate.burst * NS_PER_S, self._filled + passed_ns * self._rate.per_s)
        if self._filled >= NS_PER_S:
            self._filled -= NS_PER_S
            return 0.0
        return (NS_PER_S - self._filled) / (self._rate.per_s * NS_PER_S)


class Rates:
    """A bucket for the reads and one for the writes of every token that has asked."""

    def __init__(self, clock: Clock, *, reads: Rate, writes: Rate) -> None:
        self._clock = clock
        self._reads, self._writes = reads, writes
        self._buckets: dict[tuple[str, bool], Bucket] = {}

    def take(self, token_id: str, *, is_write: bool) -> None:
        """Raises TooMany when the token has asked too often."""
        now_ns = self._clock.now_ns()
        rate = self._writes if is_write else self._reads
        bucket = self._buckets.get((token_id, is_write))
        if bucket is None:
            bucket = self._buckets[token_id, is_write] = Bucket(rate, now_ns)
        if (wait_s := bucket.take(now_ns)) > 0:
            what = "writes" if is_write else "reads"
            raise TooMany(
                "rate_exceeded",
                f"This token may send {rate.per_s} {what} a second, and {rate.burst} at once.",
                retry_after_s=wait_s,
                remedy="Slow down. A halt is never turned away.",
            )
