"""What an endpoint has done lately, and the arithmetic that ranks endpoints by it.

`cost_ms` is how much longer an endpoint makes one wait than a perfect one would, in milliseconds:

    latency_ms                           of its answers to "what is the newest block?", the one question all are asked;
                                         smoothed: a quarter of the newest, three quarters of what was
  + 250 for each block behind            beyond the first four, which gossip explains; 250 ms is a block on Arbitrum
  + 1,000 for each failure               one is forgotten each minute

The cheapest is asked first. One that failed is asked last until its rest is over: `rest_s`, twice as long with each
failure in a row, at most 60 s. One that asked to be left alone (Retry-After) is not asked before that. The one in use
stays in use until another is clearly cheaper: by a quarter and by 20 ms.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tradewind.observability.clock import NS_PER_MS, NS_PER_S

# Until it has been measured an endpoint is thought to be slow, so that nobody's request is spent on finding out.
UNMEASURED_MS = 1_000
BLOCK_MS, BLOCKS_OF_GOSSIP = 250, 4
FAILURE_MS = 1_000
LONGEST_REST_S = 60.0

_FORGET_NS = 60_000_000_000
_RECENT_NS = 30_000_000_000
_CLEARLY_MS = 20


@dataclass(slots=True)
class Standing:
    """The record of one endpoint. Times are nanoseconds of the injected clock."""

    rest_s: float
    latency_ns: int | None = None
    blocks_behind: int = 0
    head: int | None = None
    head_at_ns: int = 0
    failures: int = 0
    failed_at_ns: int = 0
    in_a_row: int = 0
    rests_until_ns: int = 0
    paused_until_ns: int = 0

    def answered(self) -> None:
        """It gave an answer, of whatever content: its rest is over, and the failures before are no longer in a row."""
        self.in_a_row = 0
        self.rests_until_ns = 0

    def told_head(self, head: int, *, latency_ns: int, now_ns: int) -> None:
        """It told its newest block in this time."""
        self.head, self.head_at_ns = head, now_ns
        self.latency_ns = latency_ns if self.latency_ns is None else (3 * self.latency_ns + latency_ns) // 4

    def failed(self, now_ns: int, retry_after_s: float | None = None) -> None:
        """It gave no usable answer: it rests, and is left alone for as long as it asked."""
        self.failures = self.remembered_failures(now_ns) + 1
        self.failed_at_ns = now_ns
        self.in_a_row += 1
        rest_s = min(LONGEST_REST_S, self.rest_s * 2 ** min(self.in_a_row - 1, 16))
        self.rests_until_ns = now_ns + int(rest_s * NS_PER_S)
        if retry_after_s is not None:
            self.paused_until_ns = now_ns + int(retry_after_s * NS_PER_S)
            self.rests_until_ns = self.paused_until_ns

    def remembered_failures(self, now_ns: int) -> int:
        """Failures that still count."""
        return max(0, self.failures - max(0, now_ns - self.failed_at_ns) // _FORGET_NS)

    def rests(self, now_ns: int) -> bool:
        """Whether it is asked last."""
        return _left_ns(self.rests_until_ns, now_ns) > 0

    def pause_ns(self, now_ns: int) -> int:
        """How long it still wants to be left alone."""
        return _left_ns(self.paused_until_ns, now_ns)

    def cost_ms(self, now_ns: int) -> int:
        """See the top of this module."""
        latency_ms = UNMEASURED_MS if self.latency_ns is None else self.latency_ns // NS_PER_MS
        stale_ms = max(0, self.blocks_behind - BLOCKS_OF_GOSSIP) * BLOCK_MS
        return latency_ms + stale_ms + self.remembered_failures(now_ns) * FAILURE_MS


def _left_ns(until_ns: int, now_ns: int) -> int:
    """Time left; none when more is left than was ever given, which is so after the clock was set back."""
    left_ns = until_ns - now_ns
    return left_ns if 0 < left_ns <= LONGEST_REST_S * NS_PER_S else 0


def clearly_cheaper(cost_ms: int, than_ms: int) -> bool:
    """Whether changing endpoints pays: reads of two endpoints in turn may be of two different moments."""
    return cost_ms + _CLEARLY_MS <= than_ms and 4 * cost_ms <= 3 * than_ms


def known_head(standings: Iterable[Standing], now_ns: int) -> int | None:
    """The highest block that was told in the last 30 s; None when there is none.

    Of three or more the second highest, so that one endpoint that makes up a block cannot make all others look behind.
    """
    heads = sorted(
        (s.head for s in standings if s.head is not None and abs(now_ns - s.head_at_ns) <= _RECENT_NS), reverse=True
    )
    if not heads:
        return None
    return heads[1] if len(heads) > 2 else heads[0]
