"""Answers the calls of a request body, one by one."""

import json
import logging
from dataclasses import dataclass
from typing import Any

from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc import (
    account_methods,
    chain_methods,
    control_methods,
    history_methods,
    sending_methods,
)
from tradewind.localnet.solana.rpc.answers import Method
from tradewind.localnet.solana.rpc.errors import INTERNAL_ERROR, TooManyRequests, unknown_method
from tradewind.localnet.solana.rpc.params import Params
from tradewind.localnet.strict.json_rpc import Answer, Call, Refusal, envelope, error, ok, read_body

METHODS: dict[str, Method] = {
    **chain_methods.METHODS,
    **account_methods.METHODS,
    **history_methods.METHODS,
    **sending_methods.METHODS,
    **control_methods.METHODS,
}

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes of an answer; `retry_after_s` when it goes with HTTP status 429."""

    content: bytes
    retry_after_s: int | None = None


def answer_body(node: SolanaNode, content: bytes) -> Reply:
    """The answer to a request body, whatever is in it."""
    try:
        body = read_body(content)
    except Refusal as refusal:
        return Reply(_bytes(envelope(None, refusal.answer)))
    retry_after_s: int | None = None
    answers: list[dict[str, Any]] = []
    for item in body.items:
        if not isinstance(item, Call):
            answers.append(envelope(*item))
            continue
        try:
            answer = answer_call(node, item)
        except TooManyRequests as refusal:
            retry_after_s, answer = refusal.retry_after_s, refusal.answer
        if not item.is_notification:
            answers.append(envelope(item.id, answer))
    if not answers:
        return Reply(b"", retry_after_s)
    return Reply(_bytes(answers if body.is_batch else answers[0]), retry_after_s)


def answer_call(node: SolanaNode, call: Call) -> Answer:
    """The answer to one call; TooManyRequests passes through, for it is more than an error object."""
    method = METHODS.get(call.method)
    if method is None:
        return unknown_method().answer
    try:
        return ok(method(node, Params(call.params)))
    except TooManyRequests:
        raise
    except Refusal as refusal:
        return refusal.answer
    except Exception:  # noqa: BLE001 (a fault of this node: the caller learns that much, the log has the rest)
        _LOG.exception("%s failed", call.method)
        return error(INTERNAL_ERROR, "Internal error")


def _bytes(payload: object) -> bytes:
    return json.dumps(payload).encode()
