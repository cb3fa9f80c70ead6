"""Lockout: a token whose secret was guessed wrong too often is not listened to for a while.

It is per token. The sender's address says nothing on loopback, and a lockout of all tokens would be a way to stop
everybody. Kept in memory: 2^256 secrets need no memory over restarts, and an operator may want a way to end it.
"""

from dataclasses import dataclass

from tradewind.errors import TooMany
from tradewind.observability.clock import NS_PER_S, Clock

BAD_TRIES = 5
FIRST_S = 30
LONGEST_S = 3_600


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    lock_s: int = FIRST_S
    until_ns: int = 0


class Lockout:
    """Counts wrong secrets of known tokens; others are not counted, so that memory stays bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: dict[str, _Tries] = {}

    def check(self, token_id: str) -> None:
        """Raises TooMany while the token is locked."""
        tries = self._tries.get(token_id)
        if tries is None:
            return
        left_ns = tries.until_ns - self._clock.now_ns()
        # A clock that was set back must not lock for longer than a lock can last.
        if 0 < left_ns <= LONGEST_S * NS_PER_S:
            raise TooMany(
                "token_locked",
                "The secret of this token was wrong too often.",
                retry_after_s=left_ns / NS_PER_S,
                remedy="Wait, or make another token: the others work.",
            )

    def wrong(self, token_id: str) -> None:
        """The secret was wrong once more. From the fifth time on each locks, for twice as long as the one before."""
        tries = self._tries.setdefault(token_id, _Tries())
        tries.wrong += 1
        if tries.wrong >= BAD_TRIES:
            tries.until_ns = self._clock.now_ns() + tries.lock_s * NS_PER_S
            tries.lock_s = min(LONGEST_S, tries.lock_s * 2)

    def right(self, token_id: str) -> None:
        """The secret was right: what went before is forgotten."""
        self._tries.pop(token_id, None)
