"""Multicall3's aggregate3: many contract reads in one eth_call, all of the same block.

Layout source: mds1/multicall, `Multicall3.aggregate3((address,bool,bytes)[]) returns ((bool,bytes)[])`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.venues import abi
from tradewind.venues.rpc_answer import refuse

_AGGREGATE3 = bytes.fromhex("82ad56cb")
_HEAD = abi.word(32)
_ALLOWED_TO_FAIL = abi.word(1)
_DATA_OFFSET = abi.word(96)


@dataclass(frozen=True, slots=True)
class Call:
    """One read: the contract and its calldata."""

    target: str
    data: bytes


def encode(calls: Sequence[Call]) -> bytes:
    """Calldata of an aggregate3 whose calls may each fail alone."""
    targets = {call.target: abi.address_word(call.target) for call in calls}
    elements = [
        targets[call.target] + _ALLOWED_TO_FAIL + _DATA_OFFSET + abi.word(len(call.data)) + abi.padded(call.data)
        for call in calls
    ]
    return _AGGREGATE3 + _HEAD + abi.dynamic_array(elements)


def decode(data: bytes, *, count: int, field: str) -> list[bytes | None]:
    """The answer of each call in order; None where the call reverted."""
    words = abi.Words(data, field)
    if words.unsigned(0) != 32 or words.unsigned(1) != count:
        refuse(field, f"is not an array of {count} answers")
    answers: list[bytes | None] = []
    for index in range(count):
        offset = int.from_bytes(data[64 + 32 * index : 96 + 32 * index])
        at = 64 + offset
        if offset > len(data) or at + 96 > len(data):
            refuse(field, f"ends before answer {index}")
        succeeded = int.from_bytes(data[at : at + 32])
        if succeeded > 1 or int.from_bytes(data[at + 32 : at + 64]) != 64:
            refuse(field, f"has a malformed answer {index}")
        answers.append(abi.read_bytes(data, at + 64, field) if succeeded else None)
    return answers
