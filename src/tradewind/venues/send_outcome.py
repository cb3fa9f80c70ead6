"""What an endpoint said when it was handed a signed transaction. Values, not errors."""

from dataclasses import dataclass
from enum import StrEnum

from tradewind.venues.rpc_error import RpcError


class SendAnswer(StrEnum):
    """How the endpoint took it. None of these proves that the transaction can no longer land."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The answer and the endpoint's words.

    accepted, already_known: it is on its way. nonce_too_low: its nonce is used, perhaps by itself. rejected: this
    endpoint refused it. unknown: nobody answered, or not clearly; the same bytes may be sent again.
    """

    answer: SendAnswer
    tx_hash: str
    code: str
    message: str


_KNOWN = ("already known", "transaction already imported", "known transaction", "already in mempool")
_USED_NONCE = ("nonce too low", "old nonce", "nonce has already been used")
_UNCLEAR = ("timeout", "timed out", "deadline exceeded", "internal error", "try again", "overloaded", "busy")
_INTERNAL_ERROR = -32603


def judge_send_error(error: RpcError, tx_hash: str) -> SendOutcome:
    """Sort a JSON-RPC error by the wordings of geth, nitro and anvil; what they do not settle is unknown."""
    text = error.rpc_message.lower()
    if any(words in text for words in _KNOWN):
        answer = SendAnswer.ALREADY_KNOWN
    elif any(words in text for words in _USED_NONCE):
        answer = SendAnswer.NONCE_TOO_LOW
    elif error.rpc_code == _INTERNAL_ERROR or any(words in text for words in _UNCLEAR):
        answer = SendAnswer.UNKNOWN
    else:
        answer = SendAnswer.REJECTED
    return SendOutcome(answer, tx_hash, error.code, error.rpc_message)
