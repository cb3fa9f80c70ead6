"""`RequestAccepted`: a request that changes something, under its sender's key."""

from uuid import UUID, uuid5

from tradewind.domain.event import NAMESPACE, Event


class RequestAccepted(Event):
    """A request that changes something was taken under its sender's key: the same key never means another request.

    `owner` is the name of the token, `scope` what the request needed, `body_sha256` the digest of its bytes.
    """

    stream = "SYSTEM"
    subject = "request.accepted"

    owner: str
    token_id: str
    scope: str
    key: str
    method: str
    path: str
    body_sha256: str
    intent_id: UUID | None

    @staticmethod
    def event_id(owner: str, key: str) -> UUID:
        """The id of the event for this key of this owner."""
        return uuid5(NAMESPACE, f"request/{owner}/{key}")

    @staticmethod
    def intent_id_of(owner: str, key: str) -> UUID:
        """The id of an intent that was sent under this key without one."""
        return uuid5(NAMESPACE, f"intent of request/{owner}/{key}")
