"""Finds private keys in a file where none belongs: by the names of fields, and by the shape of values."""

import re
from collections.abc import Iterator
from typing import Any

from tradewind.commander.strategy_file.located import Place
from tradewind.domain.base58 import from_base58

_NAMES = re.compile(
    r"private_?key|secret|mnemonic|passphrase|password|seed_phrase|key_?pair|_token$|^token$", re.IGNORECASE
)
_PARTS = 20_000


def secrets_in(data: Any) -> Iterator[Place]:
    """The places of what looks like a key, a passphrase or a token; a file's name may be told."""
    left: list[tuple[Place, Any]] = [((), data)]
    seen = 0
    while left and seen < _PARTS:
        seen += 1
        place, value = left.pop()
        if _is_secret(place, value):
            yield place
        elif isinstance(value, dict):
            left += [((*place, key), part) for key, part in value.items()]
        elif isinstance(value, list):
            left += [((*place, index), part) for index, part in enumerate(value)]


def _is_secret(place: Place, value: Any) -> bool:
    if place and isinstance(place[-1], str) and _NAMES.search(place[-1]) and not place[-1].endswith("_file"):
        return not isinstance(value, dict)
    if isinstance(value, list):
        return len(value) == 64 and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value)
    if isinstance(value, str) and 80 <= len(value) <= 90:
        try:
            return len(from_base58(value)) == 64
        except ValueError:
            return False
    return False
