"""Amounts as flat words of 32 bytes, as the batch calls of the core take and give them."""

from collections.abc import Iterable

WORD = 32
REFUSED = 2**256 - 1


def pack(amounts: Iterable[int]) -> bytes:
    """One word each, little end first."""
    return b"".join(amount.to_bytes(WORD, "little") for amount in amounts)


def unpack(words: bytes) -> list[int | None]:
    """None where there is no answer."""
    values = (int.from_bytes(words[at : at + WORD], "little") for at in range(0, len(words), WORD))
    return [None if value == REFUSED else value for value in values]
