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
        """Whether nothing can follow."""
        return not _MOVES[self]

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
_MOVES: dict[IntentStatus, frozenset[IntentStatus]] = {
    # Only a planned intent can have filled in part; only an unplanned one can be rejected.
    _S.PENDING: frozenset({_S.PROCESSING, _S.REJECTED, _S.EXPIRED, _S.CANCELLED, _S.FAILED}),
    _S.PROCESSING: frozenset({_S.COMPLETED, _S.PARTIALLY_COMPLETED, _S.FAILED, _S.EXPIRED, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.PARTIALLY_COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
}
