"""Changes single answers of a call, also of those that were asked together through Multicall3's aggregate3.

Layout: aggregate3((address,bool,bytes)[]) returns ((bool,bytes)[]), mds1/multicall.
"""

from collections.abc import Callable
from typing import Any

from tradewind.localnet.abi import encode
from tradewind.localnet.addresses import MULTICALL3

Alter = Callable[[str, str, bytes], bytes]

_AGGREGATE3 = "0x82ad56cb"


def altered(transaction: dict[str, Any], returned_hex: str, alter: Alter) -> str:
    """The hexadecimal answer of an eth_call with every single answer in it passed through `alter`."""
    to = str(transaction.get("to") or "").lower()
    data = str(transaction.get("data") or transaction.get("input") or "0x").lower()
    returned = bytes.fromhex(returned_hex[2:])
    if to != MULTICALL3.lower() or not data.startswith(_AGGREGATE3):
        return f"0x{alter(to, data, returned).hex()}"
    asked = _calls(bytes.fromhex(data[10:]))
    answers = [
        (succeeded, alter(target, inner, content) if succeeded else content)
        for (target, inner), (succeeded, content) in zip(asked, _answers(returned), strict=True)
    ]
    return f"0x{_encoded(answers).hex()}"


def _calls(arguments: bytes) -> list[tuple[str, str]]:
    return [
        (f"0x{arguments[at + 12 : at + 32].hex()}", f"0x{_bytes_at(arguments, at, 64).hex()}")
        for at in _elements(arguments)
    ]


def _answers(returned: bytes) -> list[tuple[bool, bytes]]:
    return [(bool(_word(returned, at)), _bytes_at(returned, at, 32)) for at in _elements(returned)]


def _elements(data: bytes) -> list[int]:
    """Where the tuples of the one dynamic array begin."""
    start = _word(data, 0)
    first = start + 32
    return [first + _word(data, first + 32 * index) for index in range(_word(data, start))]


def _bytes_at(data: bytes, tuple_at: int, offset_at: int) -> bytes:
    start = tuple_at + _word(data, tuple_at + offset_at)
    return data[start + 32 : start + 32 + _word(data, start)]


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 32])


def _encoded(answers: list[tuple[bool, bytes]]) -> bytes:
    # A tuple (bool, bytes) is encoded as its members are.
    tuples = [encode(succeeded, content) for succeeded, content in answers]
    heads, tail_at = b"", 32 * len(tuples)
    for item in tuples:
        heads += encode(tail_at)
        tail_at += len(item)
    return encode(32, len(tuples)) + heads + b"".join(tuples)
