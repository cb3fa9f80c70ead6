"""Endpoints' wordings for a transaction they do not take."""

import pytest

from tradewind.venues.rpc_error import RpcError
from tradewind.venues.send_outcome import SendAnswer, judge_send_error


@pytest.mark.parametrize(
    ("code", "message", "answer"),
    [
        (-32000, "already known", SendAnswer.ALREADY_KNOWN),
        (-32003, "transaction already imported", SendAnswer.ALREADY_KNOWN),
        (-32003, "nonce too low", SendAnswer.NONCE_TOO_LOW),
        (-32000, "nonce too low: address 0xAb, tx: 3 state: 5", SendAnswer.NONCE_TOO_LOW),
        (-32000, "Nonce too low", SendAnswer.NONCE_TOO_LOW),
        (-32000, "context deadline exceeded", SendAnswer.UNKNOWN),
        (-32603, "Transaction confirmation timeout", SendAnswer.UNKNOWN),
        (-32603, "something odd", SendAnswer.UNKNOWN),
        (-32003, "Insufficient funds for gas * price + value", SendAnswer.REJECTED),
        (-32003, "max fee per gas less than block base fee", SendAnswer.REJECTED),
        (-32000, "nonce too high", SendAnswer.REJECTED),
        (-32000, "oversized data", SendAnswer.REJECTED),
        (-32602, "Failed to decode transaction", SendAnswer.REJECTED),
    ],
)
def test_sorts_what_endpoints_say(code: int, message: str, answer: SendAnswer) -> None:
    outcome = judge_send_error(RpcError(code, message, None, method="eth_sendRawTransaction"), "0xab")
    assert (outcome.answer, outcome.tx_hash, outcome.message) == (answer, "0xab", message)
