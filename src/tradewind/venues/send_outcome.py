"""What an endpoint said when it was handed a signed transaction. Values, not errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tradewind.errors import Misconfigured
from tradewind.venues.quorum import Said, answer_of
from tradewind.venues.rpc_error import RpcError


class SendAnswer(StrEnum):
    """How the endpoint took it. None of these proves that the transaction can no longer land."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    UNKNOWN = "unknown"
    NONCE_TOO_HIGH = "nonce_too_high"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The answer, and the endpoint's words under a stable code.

    accepted, already_known: it is on its way. nonce_too_low: its nonce is used, perhaps by itself. unknown: nobody
    answered, or not clearly; the same bytes may be sent again. nonce_too_high: an earlier nonce is missing on the
    chain; the same bytes may be sent once it is there. rejected: this endpoint refused it.
    """

    answer: SendAnswer
    tx_hash: str
    code: str
    message: str

    @property
    def on_its_way(self) -> bool:
        """Whether an endpoint has it."""
        return self.answer in (SendAnswer.ACCEPTED, SendAnswer.ALREADY_KNOWN)


_INTERNAL_ERROR = -32603
# Wordings of nitro, geth and anvil. The first that occurs counts: a message may name several things.
_WORDINGS: tuple[tuple[str, SendAnswer, str], ...] = (
    ("already known", SendAnswer.ALREADY_KNOWN, "already_known"),
    ("already imported", SendAnswer.ALREADY_KNOWN, "already_known"),
    (" known transaction", SendAnswer.ALREADY_KNOWN, "already_known"),
    ("alreadyknown", SendAnswer.ALREADY_KNOWN, "already_known"),
    ("already in mempool", SendAnswer.ALREADY_KNOWN, "already_known"),
    ("nonce too low", SendAnswer.NONCE_TOO_LOW, "nonce_too_low"),
    ("old nonce", SendAnswer.NONCE_TOO_LOW, "nonce_too_low"),
    ("nonce has already been used", SendAnswer.NONCE_TOO_LOW, "nonce_too_low"),
    ("nonce too high", SendAnswer.NONCE_TOO_HIGH, "nonce_too_high"),
    ("deadline exceeded", SendAnswer.UNKNOWN, "sequencer_timeout"),
    ("timeout", SendAnswer.UNKNOWN, "sequencer_timeout"),
    ("timed out", SendAnswer.UNKNOWN, "sequencer_timeout"),
    ("try again", SendAnswer.UNKNOWN, "endpoint_busy"),
    ("overloaded", SendAnswer.UNKNOWN, "endpoint_busy"),
    ("busy", SendAnswer.UNKNOWN, "endpoint_busy"),
    ("queue full", SendAnswer.UNKNOWN, "endpoint_busy"),
    ("internal error", SendAnswer.UNKNOWN, "endpoint_error"),
    ("oversized data", SendAnswer.REJECTED, "oversized"),
    ("less than block base fee", SendAnswer.REJECTED, "fee_below_base_fee"),
    ("underpriced", SendAnswer.REJECTED, "underpriced"),
    ("insufficient funds", SendAnswer.REJECTED, "insufficient_funds"),
    ("intrinsic gas", SendAnswer.REJECTED, "gas_limit_wrong"),
    ("gas limit", SendAnswer.REJECTED, "gas_limit_wrong"),
    ("chain id", SendAnswer.REJECTED, "wrong_chain_id"),
)


def judge_send_error(error: RpcError, tx_hash: str) -> SendOutcome:
    """Sort a JSON-RPC error by its wording; an internal error, and what was only put off, is unknown."""
    text = f" {error.rpc_message.lower()}"
    for words, answer, code in _WORDINGS:
        if words in text:
            return SendOutcome(answer, tx_hash, code, error.rpc_message)
    answer = SendAnswer.UNKNOWN if error.rpc_code == _INTERNAL_ERROR else SendAnswer.REJECTED
    return SendOutcome(answer, tx_hash, error.code, error.rpc_message)


def merged(tx_hash: str, said: Sequence[Said[SendOutcome]]) -> SendOutcome:
    """One outcome of several endpoints': the first in the order of SendAnswer.

    So an acceptance wins, then a used nonce, and a refusal counts only when nobody says anything else: what one
    endpoint refuses another may have let in. Raises Misconfigured when no endpoint was of the right chain.
    """
    outcomes = [
        SendOutcome(SendAnswer.UNKNOWN, tx_hash, one.failure.code, one.failure.message)
        if one.failure is not None
        else answer_of(one)
        for one in said
        if not isinstance(one.failure, Misconfigured)
    ]
    if not outcomes:
        raise next(one.failure for one in said if one.failure is not None)
    order = list(SendAnswer)
    return min(outcomes, key=lambda outcome: order.index(outcome.answer))
