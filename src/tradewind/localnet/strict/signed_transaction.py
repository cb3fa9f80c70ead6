"""Signed transactions of the types that Arbitrum takes, read from their canonical RLP.

Sources: EIP-155, EIP-2930, EIP-1559, EIP-7702; Ethereum yellow paper, appendices B (RLP) and G (gas); EIP-2028,
EIP-3860 and EIP-7623 (gas of data).
"""

from dataclasses import dataclass

from tradewind.core import keccak256
from tradewind.localnet.strict.json_rpc import SERVER_ERROR, Refusal

# Order of secp256k1; a signature whose s lies in the upper half is another form of a valid one, and is refused.
_HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2

# Type byte: number of fields, the last three being the signature; where the maximal fee stands.
_SET_CODE = 4
_TYPED = {1: (11, 2), 2: (12, 3), _SET_CODE: (13, 3)}
_LEGACY_FIELDS = 9

_TRANSACTION_GAS = 21_000
_CREATION_GAS = 32_000
_INIT_CODE_WORD_GAS = 2
_ZERO_BYTE_GAS, _OTHER_BYTE_GAS = 4, 16
_ACCESS_ADDRESS_GAS, _ACCESS_KEY_GAS = 2_400, 1_900
_AUTHORIZATION_GAS = 25_000
_FLOOR_ZERO_BYTE_GAS, _FLOOR_OTHER_BYTE_GAS = 10, 40

Item = tuple[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What the sequencer looks at. Fees and value are in wei; `to` is empty when a contract is created."""

    kind: int
    chain_id: int | None
    nonce: int
    max_fee_per_gas_wei: int
    gas_limit: int
    to: bytes
    value_wei: int
    data: bytes
    access_addresses: int
    access_keys: int
    authorizations: int
    signing_hash: bytes
    y_parity: int
    r: int
    s: int
    hash: str

    @property
    def cost_wei(self) -> int:
        """The most that it can take from its sender."""
        return self.gas_limit * self.max_fee_per_gas_wei + self.value_wei

    @property
    def intrinsic_gas(self) -> int:
        """The least gas limit with which it may enter a block, before any share for L1."""
        zeros = self.data.count(0)
        others = len(self.data) - zeros
        gas = _TRANSACTION_GAS + _ZERO_BYTE_GAS * zeros + _OTHER_BYTE_GAS * others
        if not self.to:
            gas += _CREATION_GAS + _INIT_CODE_WORD_GAS * -(-len(self.data) // 32)
        gas += _ACCESS_ADDRESS_GAS * self.access_addresses + _ACCESS_KEY_GAS * self.access_keys
        gas += _AUTHORIZATION_GAS * self.authorizations
        return max(gas, _TRANSACTION_GAS + _FLOOR_ZERO_BYTE_GAS * zeros + _FLOOR_OTHER_BYTE_GAS * others)


def read_signed(raw: bytes) -> SignedTransaction:
    """Read one transaction; Refusal in nitro's words for what is none, or of a type that it does not take."""
    if not raw:
        raise _malformed("EOF")
    transaction = _legacy(raw) if raw[0] >= 0xC0 else _typed(raw)
    if not 0 < transaction.s <= _HALF_ORDER or not transaction.r or transaction.y_parity > 1:
        raise Refusal(SERVER_ERROR, "invalid transaction v, r, s values")
    return transaction


def _typed(raw: bytes) -> SignedTransaction:
    if raw[0] not in _TYPED:
        raise Refusal(SERVER_ERROR, "transaction type not supported")
    count, fee_at = _TYPED[raw[0]]
    fields = _list(raw[1:], count)
    access = [_list(entry, 2) for entry, _ in _list(fields[fee_at + 5][0])]
    chain_id, nonce = (_integer(item) for item in fields[:2])
    fee, gas = (_integer(item) for item in fields[fee_at : fee_at + 2])
    value = _integer(fields[fee_at + 3])
    y_parity, r, s = (_integer(item) for item in fields[-3:])
    return SignedTransaction(
        kind=raw[0],
        chain_id=chain_id,
        nonce=nonce,
        max_fee_per_gas_wei=fee,
        gas_limit=gas,
        to=_address(fields[fee_at + 2]),
        value_wei=value,
        data=_text(fields[fee_at + 4]),
        access_addresses=len(access),
        access_keys=sum(len(_list(keys)) for _, (keys, _) in access),
        authorizations=len(_list(fields[fee_at + 6][0])) if raw[0] == _SET_CODE else 0,
        signing_hash=keccak256(raw[:1] + _as_list([encoded for encoded, _ in fields[:-3]])),
        y_parity=y_parity,
        r=r,
        s=s,
        hash=f"0x{keccak256(raw).hex()}",
    )


def _legacy(raw: bytes) -> SignedTransaction:
    fields = _list(raw, _LEGACY_FIELDS)
    nonce, fee, gas = (_integer(item) for item in fields[:3])
    v, r, s = (_integer(item) for item in fields[-3:])
    chain_id = (v - 35) // 2 if v >= 35 else None
    replay_protection = [] if chain_id is None else [_as_integer(chain_id), b"\x80", b"\x80"]
    return SignedTransaction(
        kind=0,
        chain_id=chain_id,
        nonce=nonce,
        max_fee_per_gas_wei=fee,
        gas_limit=gas,
        to=_address(fields[3]),
        value_wei=_integer(fields[4]),
        data=_text(fields[5]),
        access_addresses=0,
        access_keys=0,
        authorizations=0,
        signing_hash=keccak256(_as_list([encoded for encoded, _ in fields[:6]] + replay_protection)),
        y_parity=v - 27 if chain_id is None else (v - 35) % 2,
        r=r,
        s=s,
        hash=f"0x{keccak256(raw).hex()}",
    )


def _list(raw: bytes, count: int | None = None) -> list[Item]:
    """The items of the one list that `raw` is: each with its encoding, and its bytes unless it is a list itself."""
    start, end, is_list = _header(raw, 0)
    if not is_list or end != len(raw):
        raise _malformed("expected one list")
    items: list[Item] = []
    while start < end:
        inner, after, nested = _header(raw, start)
        if after > end:
            raise _malformed("element is larger than containing list")
        items.append((raw[start:after], None if nested else raw[inner:after]))
        start = after
    if count is not None and len(items) != count:
        raise _malformed(f"{len(items)} elements instead of {count}")
    return items


def _header(raw: bytes, at: int) -> tuple[int, int, bool]:
    """Start and end of the payload at `at`, and whether it is a list; only the shortest form is taken."""
    if at >= len(raw):
        raise _malformed("value size exceeds available input length")
    first = raw[at]
    if first < 0x80:
        return at, at + 1, False
    is_list = first >= 0xC0
    short = first - (0xC0 if is_list else 0x80)
    if short <= 55:
        start, size = at + 1, short
        if not is_list and size == 1 and raw[start : start + 1] < b"\x80":
            raise _malformed("non-canonical size information")
    else:
        start = at + 1 + short - 55
        size = int.from_bytes(raw[at + 1 : start])
        if size <= 55 or raw[at + 1] == 0:
            raise _malformed("non-canonical size information")
    if start + size > len(raw):
        raise _malformed("value size exceeds available input length")
    return start, start + size, is_list


def _text(item: Item) -> bytes:
    if item[1] is None:
        raise _malformed("expected input string or byte")
    return item[1]


def _integer(item: Item) -> int:
    content = _text(item)
    if content[:1] == b"\0" or len(content) > 32:
        raise _malformed("non-canonical integer")
    return int.from_bytes(content)


def _address(item: Item) -> bytes:
    content = _text(item)
    if len(content) not in (0, 20):
        raise _malformed("input string of wrong size for an address")
    return content


def _as_integer(value: int) -> bytes:
    content = value.to_bytes((value.bit_length() + 7) // 8)
    return content if len(content) == 1 and content < b"\x80" else bytes([0x80 + len(content)]) + content


def _as_list(encoded: list[bytes]) -> bytes:
    content = b"".join(encoded)
    if len(content) <= 55:
        return bytes([0xC0 + len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([0xF7 + len(size)]) + size + content


def _malformed(what: str) -> Refusal:
    return Refusal(SERVER_ERROR, f"rlp: {what}")
