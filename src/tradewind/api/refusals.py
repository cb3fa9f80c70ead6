"""The record of refused requests: whose token, what, and why. It goes to the log, so that it cannot fill the journal.

What was accepted is in the journal: `RequestAccepted`, `KillSwitchEngaged` and `KillSwitchReleased` name the token.
"""

from tradewind.api.rates import Bucket, Rate
from tradewind.api.scopes import SAFE_METHODS, Caller
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock

# Who guesses tokens sends thousands a second; an operator needs to see that it happens, not each try.
RATE = Rate(per_s=10, burst=100)
_OF_TOKENS = frozenset({401, 403})
_OF_WRITES = frozenset({400, 409, 422, 429})
_MAX_PATH = 200


class Refusals:
    """Notes refusals of tokens, and of what would have changed something; the rest nobody has to answer for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bucket = Bucket(RATE, clock.now_ns())
        self._unwritten = 0

    def note(self, *, request_id: str, method: str, path: str, status: int, code: str, caller: Caller | None) -> None:
        """Write one line, or count it when there are too many; the next line says how many were left out."""
        if status not in _OF_TOKENS and (method in SAFE_METHODS or status not in _OF_WRITES):
            return
        if self._bucket.take(self._clock.now_ns()) > 0:
            self._unwritten += 1
            return
        observe.request_refused(
            request_id=request_id,
            method=method[:16],
            path=path[:_MAX_PATH],
            status=status,
            code=code,
            token=None if caller is None else caller.name,
            left_out=self._unwritten,
        )
        self._unwritten = 0
