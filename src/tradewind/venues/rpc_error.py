"""What an RPC endpoint can do wrong, as errors with stable codes, and the revert data it may carry."""

from dataclasses import dataclass

from tradewind.errors import Unavailable

_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_MAX_REASON_BYTES = 1024
_REVERTED = "execution reverted"
# Solidity documentation, "Panic via assert and error via require".
_PANICS = {
    0x00: "generic panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "enum out of range",
    0x22: "storage byte array badly encoded",
    0x31: "pop from an empty array",
    0x32: "array index out of range",
    0x41: "too much memory",
    0x51: "call of an uninitialised function",
}


class EndpointFailure(Unavailable):
    """The endpoint gave no usable answer. `retry_after_s` is how long it asked to be left alone, if it did."""

    def __init__(self, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


class RpcError(Unavailable):
    """The endpoint answered a request with a JSON-RPC error object: `rpc_code`, `rpc_message`, `data`."""

    def __init__(self, rpc_code: int, rpc_message: str, data: bytes | None, *, method: str) -> None:
        super().__init__("rpc_error", f"{method} was answered with error {rpc_code}: {rpc_message[:300]}")
        self.rpc_code = rpc_code
        self.rpc_message = rpc_message
        self.data = data
        self.method = method

    @property
    def revert(self) -> "Revert | None":
        """The contract's refusal, when this error reports one (code 3, or revert data, or geth's wording)."""
        says_so = self.rpc_message.startswith(_REVERTED)
        if self.rpc_code != 3 and self.data is None and not says_so:
            return None
        revert = Revert.from_data(self.data or b"")
        if revert.reason is None and says_so:
            # Some nodes leave the data out and put the text behind the message.
            reason = self.rpc_message.removeprefix(_REVERTED).removeprefix(":").strip()
            return Revert(reason[:_MAX_REASON_BYTES] or None, revert.data)
        return revert


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a contract refused: its reason text, or None when it gave none; `data` is the untouched revert data."""

    reason: str | None
    data: bytes

    @classmethod
    def from_data(cls, data: bytes) -> "Revert":
        """Decode `Error(string)` and `Panic(uint256)`; anything else becomes the hexadecimal of its data."""
        if not data:
            return cls(None, data)
        text = _error_string(data) or _panic(data)
        return cls(text or f"0x{data[:_MAX_REASON_BYTES].hex()}", data)


def _error_string(data: bytes) -> str | None:
    if data[:4] != _ERROR_STRING or len(data) < 68 or int.from_bytes(data[4:36]) != 32:
        return None
    length = int.from_bytes(data[36:68])
    if length > _MAX_REASON_BYTES or len(data) < 68 + length:
        return None
    text = data[68 : 68 + length].decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text) or None


def _panic(data: bytes) -> str | None:
    if data[:4] != _PANIC or len(data) != 36:
        return None
    number = int.from_bytes(data[4:])
    return f"panic 0x{number:02x}: {_PANICS.get(number, 'unknown')}"
