"""Base58 of any length, in Bitcoin's alphabet, as Solana's tools write transactions and keys."""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}


def decode_base58(text: str) -> bytes:
    """The bytes; ValueError names the first character that is none of the alphabet's."""
    number = 0
    for place, letter in enumerate(text):
        if letter not in _DIGITS:
            raise ValueError(f"character {place} ({letter!r}) is not of the alphabet")
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base58(data: bytes) -> str:
    """The text of these bytes."""
    number = int.from_bytes(data, "big")
    letters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        letters.append(_ALPHABET[digit])
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + "".join(reversed(letters))
