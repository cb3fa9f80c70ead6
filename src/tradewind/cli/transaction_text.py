"""Bytes of transactions as people paste them: hex, base64 or base58."""

import base64
import binascii
import re
from collections.abc import Iterator

from tradewind.errors import InvalidInput

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_HEX = re.compile(r"(0x)?([0-9a-fA-F]{2})*")
# Its digits are not aligned with bytes, so reading it takes time with the square of its length.
_MAX_BASE58 = 1 << 14


def hex_bytes(text: str) -> bytes:
    """Hex with or without 0x."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text.removeprefix("0x"))
    digits = text.removeprefix("0x")
    place = next((at for at, digit in enumerate(digits) if digit not in "0123456789abcdefABCDEF"), None)
    fault = "has an odd number of digits" if place is None else f"holds {digits[place]!r} at digit {place + 1}"
    raise _wrong(f"{fault}, so it is not hex. Write two digits for each byte.")


def solana_bytes(text: str) -> Iterator[bytes]:
    """What the text can mean, the likeliest first; a transaction is too long to be read in two ways by chance."""
    readings = [bytes.fromhex(text.removeprefix("0x"))] if _HEX.fullmatch(text) else []
    if all(digit in _BASE58 for digit in text) and len(text) <= _MAX_BASE58:
        readings.append(_base58(text))
    try:
        readings.append(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        if not readings:
            raise _wrong("is neither base64 nor base58 nor hex. Copy the whole text.") from None
    yield from readings


def _base58(text: str) -> bytes:
    number = 0
    for digit in text:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def _wrong(fault: str) -> InvalidInput:
    return InvalidInput.one("HEX", "bytes_malformed", fault, what="command line")
