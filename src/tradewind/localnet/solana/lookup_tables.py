"""Address lookup tables, as the Address Lookup Table program stores them.

Source of the layout: solana-address-lookup-table-interface: u32 type (1), u64 deactivation slot, u64 last extended
slot, u8 start index of that extension, option byte and authority key, padding to 56 bytes; then 32 bytes a key.
"""

from collections.abc import Callable

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

LOOKUP_TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
HEADER_BYTES = 56
NEVER = 2**64 - 1

ReadAccount = Callable[[Pubkey], Account | None]


class LookupFailure(Exception):
    """A table cannot be resolved; `err` is Agave's name for the reason."""

    def __init__(self, err: str) -> None:
        super().__init__(err)
        self.err = err


def encode_table(authority: Pubkey, addresses: list[Pubkey], *, extended_slot: int) -> bytes:
    """The data of a live table with these addresses, the last of them added in `extended_slot`."""
    header = (
        (1).to_bytes(4, "little")
        + NEVER.to_bytes(8, "little")
        + extended_slot.to_bytes(8, "little")
        + b"\0"
        + b"\1"
        + bytes(authority)
    )
    return header.ljust(HEADER_BYTES, b"\0") + b"".join(bytes(address) for address in addresses)


def resolve(message: Message | MessageV0, read: ReadAccount, *, slot: int) -> tuple[list[Pubkey], list[Pubkey]]:
    """The writable and the readonly keys that the message loads from its tables, in order; LookupFailure."""
    writable: list[Pubkey] = []
    readonly: list[Pubkey] = []
    if isinstance(message, Message):
        return writable, readonly
    for lookup in message.address_table_lookups:
        keys = _addresses(read(lookup.account_key), slot)
        for indexes, into in ((lookup.writable_indexes, writable), (lookup.readonly_indexes, readonly)):
            for index in bytes(indexes):
                if index >= len(keys):
                    raise LookupFailure("InvalidAddressLookupTableIndex")
                into.append(keys[index])
    return writable, readonly


def _addresses(table: Account | None, slot: int) -> list[Pubkey]:
    if table is None:
        raise LookupFailure("AddressLookupTableNotFound")
    if table.owner != LOOKUP_TABLE_PROGRAM:
        raise LookupFailure("InvalidAddressLookupTableOwner")
    data = table.data
    if len(data) < HEADER_BYTES or data[:4] != b"\1\0\0\0" or (len(data) - HEADER_BYTES) % 32:
        raise LookupFailure("InvalidAddressLookupTableData")
    keys = [Pubkey.from_bytes(data[at : at + 32]) for at in range(HEADER_BYTES, len(data), 32)]
    # What was added in this very slot cannot be used before the next one.
    return keys[: data[20]] if int.from_bytes(data[12:20], "little") == slot else keys
