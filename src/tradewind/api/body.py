"""Request bodies: strict JSON in UTF-8, checked before any model sees it."""

import json
import re
from collections.abc import Iterable
from itertools import accumulate
from typing import NoReturn, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from tradewind.domain.model import Model, invalid_input
from tradewind.errors import InvalidInput, Refused

MAX_DEPTH = 16
MAX_ITEMS = 256

# A string that is not closed is taken as one all the same; the parser refuses it.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")

M = TypeVar("M", bound=Model)


async def read_model(request: Request, model: type[M], *, what: str) -> M:
    """The body as a `model`; raises InvalidInput that names each fault, or Refused for another kind of body."""
    _check_content(request)
    text = _decode(await request.body())
    _check_json(text)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise invalid_input(error, what=what) from None


def _check_content(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").lower()
    if media_type.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise Refused(
            "content_type_not_json", "The body is not declared as JSON.", remedy="Send Content-Type: application/json."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(
            "content_encoding_unsupported", "The body is compressed.", remedy="Send it without Content-Encoding."
        )


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("json_not_utf8", f"is not UTF-8 at byte {error.start}.")


def _check_json(text: str) -> None:
    """Refuse what a lenient parser would take in one of several ways."""
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        _refuse("json_too_deep", f"is nested more than {MAX_DEPTH} levels deep.")
    try:
        parsed = json.loads(text, object_pairs_hook=_object_of_different_keys, parse_constant=_refuse_constant)
    except InvalidInput:
        raise
    except json.JSONDecodeError as error:
        _refuse("json_malformed", f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}.")
    except ValueError:
        # Python refuses to convert integers of thousands of digits.
        _refuse("json_malformed", "holds a number with too many digits.")
    # A longer array has at least as many commas.
    if text.count(",") >= MAX_ITEMS and _longest(parsed) > MAX_ITEMS:
        _refuse("json_array_too_long", f"holds an array of more than {MAX_ITEMS} items.")


def _longest(part: object) -> int:
    """The length of the longest array anywhere in `part`, which is at most `MAX_DEPTH` deep."""
    if isinstance(part, list):
        return max(len(part), *map(_longest, part)) if part else 0
    return max(map(_longest, part.values()), default=0) if isinstance(part, dict) else 0


def _depth(text: str) -> int:
    """How deep arrays and objects nest; brackets inside strings do not count."""
    brackets = _NOT_BRACKETS.sub("", _STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _object_of_different_keys(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    seen: dict[str, object] = {}
    for key, value in pairs:
        if key in seen:
            _refuse("json_duplicate_key", f"names the key '{key[:80]}' twice. Keep one of them.")
        seen[key] = value
    return seen


def _refuse_constant(name: str) -> NoReturn:
    _refuse("json_malformed", f"holds {name}, which is not JSON.")


def _refuse(code: str, message: str) -> NoReturn:
    raise InvalidInput.one("(body)", code, message, what="body")
