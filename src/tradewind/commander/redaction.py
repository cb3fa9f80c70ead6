"""Takes secrets out of text before it is shown or leaves the machine: keys, tokens, and what URLs hide."""

import json
import re
from typing import Any

from tradewind.settings import redact_url

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s\"'<>\\]+", re.IGNORECASE)
_BYTES = re.compile(r"\[\s*(?:\d{1,3}\s*,\s*){31,63}\d{1,3}\s*\]")
_NAMES = (
    r"(?:private[_-]?key|secret(?:[_-]?key)?|key[_-]?pair|mnemonic|seed[_-]?phrase|passphrase|password|"
    r"api[_-]?key|(?:api|auth|access|bot|bearer)[_-]?token|authorization)"
)
_NAME = re.compile(rf"{_NAMES}$", re.IGNORECASE)
# A quote is closed by its like behind as many backslashes, as JSON within JSON writes it, or by nothing.
_NAMED = re.compile(
    rf"(?is)({_NAMES}\\*[\"']?\s*[:=]\s*)"
    r"(?:(\\*)([\"'])(?:.*?(?<!\\)\2\3|.*)|(?:(?:bearer|basic|digest|token)\s+)?[^\s,;}\"'\\]+)"
)
_BOT = re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}")
_AGE = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
_KEY_LENGTHS = range(32, 65)
HIDDEN = "***"


def redacted(text: str) -> str:
    """The text with `***` in place of secrets. Signatures and addresses, which are public, stay."""
    text = _NAMED.sub(_named, text)
    text = _BYTES.sub(HIDDEN, text)
    text = _BOT.sub(HIDDEN, text)
    text = _AGE.sub(HIDDEN, text)
    return _URL.sub(lambda found: _url(found.group()), text)


def redacted_data(value: Any) -> Any:
    """JSON values with `***` in place of secrets: what has a secret's name, and what is one in any text of it."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(str(name)): _of_name(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return HIDDEN if _is_key(value) else [redacted_data(part) for part in value]
    return value


def redacted_line(line: str) -> str:
    """A line of an engine: its values when it is JSON, or its text."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return redacted(line)
    return json.dumps(redacted_data(found), ensure_ascii=False) if isinstance(found, dict) else redacted(line)


def _of_name(name: str, value: Any) -> Any:
    return HIDDEN if _NAME.search(name) and value is not None else redacted_data(value)


def _is_key(values: "list[Any] | tuple[Any, ...]") -> bool:
    return len(values) in _KEY_LENGTHS and all(type(byte) is int and 0 <= byte < 256 for byte in values)


def _named(found: re.Match[str]) -> str:
    quote = f"{found.group(2)}{found.group(3)}" if found.group(3) else ""
    return f"{found.group(1)}{quote}{HIDDEN}{quote}"


def _url(url: str) -> str:
    try:
        return redact_url(url)
    except ValueError:
        return HIDDEN
