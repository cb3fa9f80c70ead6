"""Untrusted RPC answers into values: every function checks type and range, and names the field it refuses."""

from typing import NoReturn

from tradewind import core
from tradewind.errors import Unavailable


def refuse(field: str, fault: str) -> NoReturn:
    """Raise Unavailable (rpc_malformed) that names the field and what is wrong with it."""
    raise Unavailable("rpc_malformed", f"the endpoint's answer is not usable: {field} {fault}.")


def quantity(value: object, field: str, *, bits: int = 256) -> int:
    """An unsigned integer from `0x…`, below 2**bits."""
    text = _hex_digits(value, field)
    if not text or len(text) > 64:
        refuse(field, f"is not a quantity: {_shown(value)}")
    number = int(text, 16)
    if number >> bits:
        refuse(field, f"does not fit in {bits} bits")
    return number


def data(value: object, field: str, *, size: int | None = None) -> bytes:
    """Bytes from `0x…`, of exactly `size` when given."""
    text = _hex_digits(value, field)
    if len(text) % 2:
        refuse(field, "has half a byte")
    raw = bytes.fromhex(text)
    if size is not None and len(raw) != size:
        refuse(field, f"has {len(raw)} bytes instead of {size}")
    return raw


def hash32(value: object, field: str) -> str:
    """A 32 byte hash as lower-case `0x…`."""
    return f"0x{data(value, field, size=32).hex()}"


def address(value: object, field: str) -> str:
    """An address in its EIP-55 form; the endpoint's own letter case is not looked at."""
    return core.to_checksum_address(f"0x{data(value, field, size=20).hex()}")


def mapping(value: object, field: str) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        refuse(field, f"is not an object: {_shown(value)}")
    return value


def sequence(value: object, field: str, *, at_most: int | None = None) -> list[object]:
    """A JSON array."""
    if not isinstance(value, list):
        refuse(field, f"is not an array: {_shown(value)}")
    if at_most is not None and len(value) > at_most:
        refuse(field, f"has {len(value)} entries, more than {at_most}")
    return value


def flag(value: object, field: str) -> bool:
    """True from `0x1`, false from `0x0`, as receipts write their status."""
    number = quantity(value, field)
    if number > 1:
        refuse(field, f"is neither 0 nor 1: {number}")
    return number == 1


def integer(value: object, field: str, *, bits: int = 64) -> int:
    """An unsigned integer that is written as a number, below 2**bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
        refuse(field, f"is not an integer from 0 to 2^{bits} - 1: {_shown(value)}")
    return value


_DIGITS = frozenset("0123456789abcdefABCDEF")


def _hex_digits(value: object, field: str) -> str:
    if not isinstance(value, str) or value[:2] != "0x" or not _DIGITS.issuperset(value[2:]):
        refuse(field, f"is not a hexadecimal string: {_shown(value)}")
    return value[2:]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
