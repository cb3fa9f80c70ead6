"""JSON of an untrusted endpoint: parsed only once its nesting is known to be shallow."""

import json
import re
from itertools import accumulate

# No answer of a node nests deeper than about ten.
MAX_DEPTH = 64

_OPENING = b"[{"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


def parse_json(content: bytes) -> object:
    """The value; ValueError for what is not JSON, not UTF-8, not a number, or nested too deeply.

    The depth is checked first because the parser recurses, and the interpreter's own limit may have been raised
    beyond what the stack bears.
    """
    if sum(content.count(bytes([bracket])) for bracket in _OPENING) > MAX_DEPTH and _depth(content) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    return json.loads(content, parse_constant=_refuse_constant)


def _depth(content: bytes) -> int:
    brackets = _STRING.sub(b"", content).translate(None, _NOT_BRACKETS)
    return max(accumulate(1 if bracket in _OPENING else -1 for bracket in brackets), default=0)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
