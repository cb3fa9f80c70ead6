"""Contract ABI words by hand: what the hot path writes and reads, 32 bytes at a time.

Layout source: Solidity documentation, "Contract ABI Specification".
"""

from collections.abc import Sequence

from tradewind.venues.rpc_answer import refuse

_ADDRESS_BITS = 160


def word(value: int) -> bytes:
    """An unsigned integer as one word; OverflowError when it does not fit."""
    return value.to_bytes(32)


def signed_word(value: int) -> bytes:
    """A signed integer as one word, two's complement."""
    return value.to_bytes(32, signed=True)


def address_word(address: str) -> bytes:
    """An address `0x…` as one word."""
    return bytes(12) + bytes.fromhex(address[2:])


def padded(data: bytes) -> bytes:
    """Bytes filled up with zeros to whole words."""
    return data + bytes(-len(data) % 32)


class Words:
    """Reads an ABI answer of an untrusted endpoint, word by word; a wrong shape is refused with the field's name."""

    def __init__(self, data: bytes, field: str, *, count: int | None = None) -> None:
        if count is not None and len(data) != 32 * count:
            refuse(field, f"has {len(data)} bytes instead of {32 * count}")
        self._data = data
        self._field = field

    def unsigned(self, index: int, *, bits: int = 256) -> int:
        """The unsigned integer in a word, below 2**bits."""
        number = int.from_bytes(self._at(index))
        if number >> bits:
            refuse(self._field, f"has a word {index} that does not fit in {bits} bits")
        return number

    def signed(self, index: int, *, bits: int = 256) -> int:
        """The signed integer in a word, of `bits` bits with its sign."""
        number = int.from_bytes(self._at(index), signed=True)
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            refuse(self._field, f"has a word {index} that does not fit in {bits} signed bits")
        return number

    def address(self, index: int) -> str:
        """The address in a word, lower case."""
        return f"0x{self.unsigned(index, bits=_ADDRESS_BITS):040x}"

    def _at(self, index: int) -> bytes:
        raw = self._data[32 * index : 32 * index + 32]
        if len(raw) != 32:
            refuse(self._field, f"ends before its word {index}")
        return raw


def dynamic_array(elements: Sequence[bytes]) -> bytes:
    """The body of an array of dynamic elements: its length, the offsets, the elements (each whole words)."""
    offset = 32 * len(elements)
    heads = []
    for element in elements:
        heads.append(offset.to_bytes(32))
        offset += len(element)
    return b"".join((len(elements).to_bytes(32), *heads, *elements))


def read_bytes(data: bytes, offset: int, field: str) -> bytes:
    """The `bytes` value whose length word stands at `offset`."""
    length = int.from_bytes(data[offset : offset + 32])
    if offset + 32 > len(data) or offset + 32 + length > len(data):
        refuse(field, "ends inside a byte string")
    return data[offset + 32 : offset + 32 + length]


def read_bytes_array(data: bytes, field: str) -> list[bytes]:
    """The single return value `bytes[]`."""
    base = _pointer(data, 0, field)
    count = _count(data, base, field)
    start = base + 32
    return [read_bytes(data, start + _pointer(data, start + 32 * index, field), field) for index in range(count)]


def _pointer(data: bytes, offset: int, field: str) -> int:
    if offset + 32 > len(data):
        refuse(field, "ends before an offset")
    pointer = int.from_bytes(data[offset : offset + 32])
    if pointer > len(data):
        refuse(field, "has an offset beyond its end")
    return pointer


def _count(data: bytes, offset: int, field: str) -> int:
    if offset + 32 > len(data):
        refuse(field, "ends before the length of an array")
    count = int.from_bytes(data[offset : offset + 32])
    if count > (len(data) - offset) // 32:
        refuse(field, "has an array longer than itself")
    return count
