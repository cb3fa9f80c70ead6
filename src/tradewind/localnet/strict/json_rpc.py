"""JSON-RPC 2.0 as a server speaks it: requests are read strictly, answers and errors have their exact form.

An answer here is what stands beside `jsonrpc` and `id`: `{"result": ...}` or `{"error": {"code", "message"}}`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tradewind.venues.rpc_json import parse_json

Answer = dict[str, Any]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
SERVER_ERROR = -32000
REJECTED = -32003

# Geth's own limit of one batch.
MAX_BATCH = 1000


class Refusal(Exception):
    """A request that is answered with an error object."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.answer = error(code, message, data)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `id` is given back as it came; a notification has none and gets no answer."""

    method: str
    params: Sequence[Any] = ()
    id: object = field(default=None, compare=False)
    is_notification: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What a client posted: its calls in order; in place of what is none, the answer that refuses it."""

    items: tuple[Call | tuple[object, Answer], ...]
    is_batch: bool

    @property
    def calls(self) -> list[Call]:
        """The calls alone."""
        return [item for item in self.items if isinstance(item, Call)]


def ok(result: object) -> Answer:
    """A successful answer."""
    return {"result": result}


def error(code: int, message: str, data: object = None) -> Answer:
    """An error object; `data` only when there is some."""
    return {"error": {"code": code, "message": message} | ({} if data is None else {"data": data})}


def result_of(answer: Answer) -> Any:
    """The result; an error is raised as Refusal."""
    if (refused := answer.get("error")) is not None:
        raise Refusal(refused["code"], refused["message"], refused.get("data"))
    return answer["result"]


def envelope(number: object, answer: Answer) -> dict[str, Any]:
    """The whole object that answers a request with this id."""
    return {"jsonrpc": "2.0", "id": number, **answer}


def read_body(content: bytes) -> Body:
    """The calls of a request body; Refusal for what cannot be answered item by item."""
    try:
        value = parse_json(content)
    except ValueError:
        raise Refusal(PARSE_ERROR, "parse error") from None
    if not isinstance(value, list):
        return Body((_read_item(value),), is_batch=False)
    if not value:
        raise Refusal(INVALID_REQUEST, "empty batch")
    if len(value) > MAX_BATCH:
        raise Refusal(INVALID_REQUEST, "batch too large")
    return Body(tuple(_read_item(item) for item in value), is_batch=True)


def _read_item(value: object) -> Call | tuple[object, Answer]:
    if not isinstance(value, dict):
        return None, error(INVALID_REQUEST, "invalid request")
    number = value.get("id")
    if isinstance(number, (dict, list, bool)):
        return None, error(INVALID_REQUEST, "invalid request")
    if value.get("jsonrpc") != "2.0" or not isinstance(value.get("method"), str):
        return number, error(INVALID_REQUEST, "invalid request")
    params = value.get("params")
    params = [] if params is None else params
    if not isinstance(params, list):
        return number, error(INVALID_PARAMS, "non-array args")
    return Call(value["method"], params, number, is_notification="id" not in value)
