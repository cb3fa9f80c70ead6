"""Reads the parameters of a request: by place, with a configuration object last, as Agave's methods take them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.domain.base58 import from_base58
from tradewind.localnet.solana.chain import Commitment
from tradewind.localnet.solana.rpc.errors import invalid_params

U64_MAX = 2**64 - 1
COMMITMENTS: dict[str, Commitment] = {
    "processed": "processed",
    "confirmed": "confirmed",
    "finalized": "finalized",
}
_NAMES = {str: "a string", int: "a number", bool: "a boolean", list: "an array", dict: "an object"}

T = TypeVar("T", str, int, bool, list[Any], dict[str, Any])


class Config:
    """The configuration object of a request; absent and null are the same."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        """Whether it is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        """A string, when it is there."""
        return _typed(self._values.get(name), str, name)

    def flag(self, name: str) -> bool:
        """A boolean; False when it is not there."""
        return bool(_typed(self._values.get(name), bool, name))

    def number(self, name: str) -> int | None:
        """An unsigned number of 64 bits, when it is there."""
        return _unsigned(self._values.get(name), name)

    def items(self, name: str) -> list[Any]:
        """An array; empty when it is not there."""
        return _typed(self._values.get(name), list, name) or []

    def inner(self, name: str) -> "Config":
        """An object within; empty when it is not there."""
        return Config(_typed(self._values.get(name), dict, name) or {})

    def commitment(self, name: str = "commitment", default: Commitment = "finalized") -> Commitment:
        """The commitment level."""
        text = self.text(name)
        if text is None:
            return default
        if (level := COMMITMENTS.get(text)) is None:
            raise invalid_params(
                f"Invalid params: unknown variant `{text}`, expected one of `processed`, `confirmed`, `finalized`."
            )
        return level

    def pubkey(self, name: str) -> Pubkey | None:
        """An address, when it is there."""
        text = self.text(name)
        return None if text is None else pubkey(text)


class Params:
    """The parameters of a request, by place."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def at_most(self, count: int) -> None:
        """Refuse more parameters than the method knows."""
        if len(self._values) > count:
            raise invalid_params(f"Invalid params: expected at most {count} elements, got {len(self._values)}.")

    def text(self, index: int, name: str) -> str:
        """A string that must be there."""
        return _required(_typed(self._at(index), str, name), name)

    def number(self, index: int, name: str) -> int:
        """An unsigned number of 64 bits that must be there."""
        return _required(_unsigned(self._at(index), name), name)

    def maybe_number(self, index: int, name: str) -> int | None:
        """An unsigned number of 64 bits."""
        return _unsigned(self._at(index), name)

    def items(self, index: int, name: str) -> list[Any]:
        """An array that must be there."""
        return _required(_typed(self._at(index), list, name), name)

    def maybe_items(self, index: int, name: str) -> list[Any]:
        """An array; empty when it is not there."""
        return _typed(self._at(index), list, name) or []

    def config(self, index: int) -> Config:
        """The configuration object; nothing may follow it."""
        self.at_most(index + 1)
        return Config(_typed(self._at(index), dict, "config") or {})

    def object(self, index: int) -> dict[str, Any]:
        """An object; empty when it is not there."""
        return _typed(self._at(index), dict, "config") or {}

    def is_object(self, index: int) -> bool:
        """Whether an object stands in this place."""
        return isinstance(self._at(index), dict)

    def is_text(self, index: int) -> bool:
        """Whether a string stands in this place."""
        return isinstance(self._at(index), str)

    def pubkey(self, index: int, name: str = "pubkey") -> Pubkey:
        """An address that must be there."""
        return pubkey(self.text(index, name))

    def pubkeys(self, index: int, name: str, *, most: int) -> list[Pubkey]:
        """Addresses that must be there."""
        return pubkeys(self.items(index, name), name, most=most)

    def signature(self, index: int) -> Signature:
        """A signature that must be there."""
        return signature(self.text(index, "signature"))

    def _at(self, index: int) -> Any:
        return self._values[index] if index < len(self._values) else None


def pubkey(text: str) -> Pubkey:
    """An address from its text."""
    return Pubkey.from_bytes(_fixed(text, 32))


def pubkeys(items: Sequence[Any], name: str, *, most: int) -> list[Pubkey]:
    """Addresses from their texts."""
    if len(items) > most:
        raise invalid_params(f"Too many inputs provided; max {most}")
    return [pubkey(_required(_typed(item, str, name), name)) for item in items]


def signature(text: str) -> Signature:
    """A signature from its text."""
    return Signature.from_bytes(_fixed(text, 64))


def blockhash(text: str) -> Hash:
    """A blockhash from its text."""
    return Hash.from_bytes(_fixed(text, 32))


def _fixed(text: str, size: int) -> bytes:
    try:
        # Longer text cannot be of this size, and would only take time to decode.
        content = from_base58(text) if len(text) <= 2 * size else b""
    except ValueError as error:
        raise invalid_params("Invalid param: Invalid") from error
    if len(content) != size:
        raise invalid_params("Invalid param: WrongSize")
    return content


def _typed(value: Any, kind: type[T], name: str) -> T | None:
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid_params(f"Invalid params: invalid type for `{name}`, expected {_NAMES[kind]}.")
    return value


def _unsigned(value: Any, name: str) -> int | None:
    number = _typed(value, int, name)
    if number is not None and not 0 <= number <= U64_MAX:
        raise invalid_params(f"Invalid params: invalid value for `{name}`, expected an unsigned number of 64 bits.")
    return number


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise invalid_params(f"Invalid params: missing `{name}`.")
    return value
