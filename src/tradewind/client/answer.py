"""What a reply means: a model, or the error that a problem stands for."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from tradewind.client.call import Call, Reply
from tradewind.errors import (
    Conflict,
    Disposition,
    Fault,
    Forbidden,
    Halted,
    InvalidInput,
    NotFound,
    Refused,
    TooMany,
    TradewindError,
    Unauthorized,
    Unavailable,
)

T = TypeVar("T", bound=BaseModel | None)

_BY_STATUS: Mapping[int, type[TradewindError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Refused,
    503: Unavailable,
}
# The request itself was wrong, before anybody looked at what it asks for.
_WRONG_REQUEST = frozenset({400, 405, 408, 413, 415, 421})


def read(call: Call[T], reply: Reply) -> T:
    """The body of an answer; raises the error of a problem, or Unavailable for what no service of ours says."""
    if reply.status not in call.statuses:
        raise error_of(reply)
    if call.answer is type(None):
        return cast("T", None)
    try:
        return cast("T", cast("type[BaseModel]", call.answer).model_validate_json(reply.text))
    except ValidationError:
        raise _not_ours(reply) from None


def error_of(reply: Reply) -> TradewindError:
    """The error that a reply stands for: by its problem body (RFC 9457), with its faults."""
    try:
        problem = json.loads(reply.text)
        code, detail = str(problem["code"]), str(problem["detail"])
        faults = [Fault(str(f["field"]), str(f["code"]), str(f["message"])) for f in problem.get("faults") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return _not_ours(reply)
    return _error(reply, code, detail, faults, problem)


def _error(reply: Reply, code: str, detail: str, faults: list[Fault], problem: Mapping[str, Any]) -> TradewindError:
    if faults:
        return InvalidInput(faults, what="request")
    if reply.status == 429:
        return TooMany(code, detail, retry_after_s=retry_after_s(reply) or 1)
    if reply.status == 503 and problem.get("disposition") == Disposition.HALT:
        return Halted(code, detail)
    if reply.status in _WRONG_REQUEST:
        return InvalidInput.one("request", code, detail, what="request")
    return _BY_STATUS.get(reply.status, TradewindError)(code, detail)


def may_pass(reply: Reply) -> bool:
    """Whether the same request can have another answer in a moment."""
    if reply.status == 429:
        return True
    if reply.status not in {409, 503}:
        return False
    try:
        return bool(json.loads(reply.text)["disposition"] == Disposition.RETRY)
    except (ValueError, KeyError, TypeError):
        return reply.status == 503


def retry_after_s(reply: Reply) -> float | None:
    """What the service asks to wait, in seconds."""
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def _not_ours(reply: Reply) -> TradewindError:
    return Unavailable(
        "answer_malformed", f"What answers is not a Tradewind service that this client knows (HTTP {reply.status})."
    )
