"""The status of an intent, and which moves between statuses exist."""

from enum import StrEnum


class IntentStatus(StrEnum):
    """Where an intent stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """Whether the intent has ended. Until its transactions are finalized, a reorganisation can take that back."""
        return self not in _OPEN

    def may_become(self, following: "IntentStatus") -> bool:
        """Whether the move is possible."""
        return following in _MOVES[self]

    def moved_to(self, following: "IntentStatus") -> "IntentStatus":
        """The following status; an impossible move raises ImpossibleMove."""
        if not self.may_become(following):
            raise ImpossibleMove(self, following)
        return following


class ImpossibleMove(ValueError):
    """A status was asked to become one that cannot follow it."""

    def __init__(self, status: IntentStatus, following: IntentStatus) -> None:
        super().__init__(f"an intent that is {status} cannot become {following}")
        self.status = status
        self.following = following


_S = IntentStatus
_OPEN = frozenset({_S.PENDING, _S.PROCESSING})
# The chain took back what the end rested on.
_REOPENED = frozenset({_S.PROCESSING})
_MOVES: dict[IntentStatus, frozenset[IntentStatus]] = {
    # Only a planned intent can have filled in part; only an unplanned one can be rejected.
    _S.PENDING: frozenset({_S.PROCESSING, _S.REJECTED, _S.EXPIRED, _S.CANCELLED, _S.FAILED}),
    _S.PROCESSING: frozenset({_S.COMPLETED, _S.PARTIALLY_COMPLETED, _S.FAILED, _S.EXPIRED, _S.CANCELLED}),
    _S.COMPLETED: _REOPENED,
    _S.PARTIALLY_COMPLETED: _REOPENED,
    _S.FAILED: _REOPENED,
    _S.REJECTED: frozenset(),
    _S.EXPIRED: _REOPENED,
    _S.CANCELLED: _REOPENED,
}
