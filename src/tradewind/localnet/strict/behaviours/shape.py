"""Misbehaviour in the form of JSON-RPC: ids, members and batches that are not as they must be."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from tradewind.localnet.strict.behaviour import Shape


class _EachObject(Shape):
    """Changes every response object."""

    def reshape(self, payload: Any) -> Any:
        return _each(payload, self.change)

    @abstractmethod
    def change(self, answer: dict[str, Any]) -> dict[str, Any]: ...


class _Batch(Shape):
    """Changes the array of a batch; a single answer stays as it is."""

    def reshape(self, payload: Any) -> Any:
        return self.rearrange(payload) if isinstance(payload, list) else payload

    @abstractmethod
    def rearrange(self, answers: list[Any]) -> Any: ...


class WrongId(_EachObject):
    """The answer to a request that nobody made: a number is one million higher."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        number = answer["id"]
        return answer | {"id": number + 1_000_000 if isinstance(number, int) else f"{number}!"}


class StringId(_EachObject):
    """The right id, as text."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"id": str(answer["id"])}


class NullId(_EachObject):
    """The id of a request that could not be read."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"id": None}


class MissingId(_EachObject):
    """No id at all."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return _without(answer, "id")


class MissingVersion(_EachObject):
    """No `jsonrpc` member."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return _without(answer, "jsonrpc")


class OldVersion(_EachObject):
    """JSON-RPC 1.0."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"jsonrpc": "1.0"}


class NeitherResultNorError(_EachObject):
    """An object without an outcome."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return _without(_without(answer, "result"), "error")


class ResultAndError(_EachObject):
    """Both outcomes at once."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"result": None, "error": {"code": -32000, "message": "try again"}} | answer


class ErrorAsText(_EachObject):
    """An error that is a text instead of an object."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return _without(answer, "result") | {"error": "something went wrong"}


class ErrorWithoutCode(_EachObject):
    """An error object that has only a message."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return _without(answer, "result") | {"error": {"message": "something went wrong"}}


class NullResult(_EachObject):
    """Nothing, where there is something."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"result": None} if "result" in answer else answer


class NumbersAsNumbers(_EachObject):
    """Quantities as JSON numbers instead of hexadecimal text."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {key: _leaves(value, _as_number) if key == "result" else value for key, value in answer.items()}


class NotANumber(_EachObject):
    """The literal NaN, which JSON does not have, as the result."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"result": float("nan")} if "result" in answer else answer


class NegativeQuantities(_EachObject):
    """Quantities with a minus sign."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {
            key: _leaves(value, lambda text: f"-{text}" if _is_quantity(text) else text) if key == "result" else value
            for key, value in answer.items()
        }


class HalfBytes(_EachObject):
    """The last hexadecimal digit of every text is missing."""

    def change(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {
            key: _leaves(value, lambda text: text[:-1] if text[:2] == "0x" else text) if key == "result" else value
            for key, value in answer.items()
        }


class BatchInAnotherOrder(_Batch):
    """The answers of a batch backwards, which JSON-RPC allows: the ids tell them apart."""

    def rearrange(self, answers: list[Any]) -> Any:
        return answers[::-1]


class BatchTooShort(_Batch):
    """The last answer of a batch is missing."""

    def rearrange(self, answers: list[Any]) -> Any:
        return answers[:-1]


class BatchTwice(_Batch):
    """Every answer of a batch comes twice."""

    def rearrange(self, answers: list[Any]) -> Any:
        return answers + answers


class BatchAsOne(_Batch):
    """One error object for a whole batch: the endpoint takes none."""

    def rearrange(self, answers: list[Any]) -> Any:
        return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch requests are not supported"}}


def _each(payload: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    return [change(answer) for answer in payload] if isinstance(payload, list) else change(payload)


def _without(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != name}


def _leaves(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_leaves(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _is_quantity(text: str) -> bool:
    return text[:2] == "0x" and 2 < len(text) <= 18


def _as_number(text: str) -> Any:
    return int(text, 16) if _is_quantity(text) else text
