"""The ledger's entries: groups of transactions with a hash, as they travel in shreds.

The node keeps no proof of history, so an entry's hash is taken from its slot and its transactions alone; that of the
entry that ends a slot is the slot's blockhash, as on a real chain.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from solders.hash import Hash

from tradewind.localnet.solana.events import EntryEvent, SlotEvent

# Hashes counted for every entry; the real number depends on the leader's speed.
NUM_HASHES = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; the last one of a slot has no transactions."""

    slot: int
    hash: bytes
    wires: tuple[bytes, ...]


def entry_of(event: EntryEvent) -> Entry:
    """The entry with these transactions."""
    digest = hashlib.sha256(event.slot.to_bytes(8, "little"))
    for wire in event.wires:
        digest.update(hashlib.sha256(wire).digest())
    return Entry(event.slot, digest.digest(), event.wires)


def last_entry_of(event: SlotEvent) -> Entry:
    """The entry that ends a slot."""
    return Entry(event.slot, bytes(Hash.from_string(event.blockhash)), ())


def bincode(entries: Sequence[Entry]) -> bytes:
    """A vector of entries as Agave's bincode writes it: counts and numbers are u64, little-endian."""
    parts = [len(entries).to_bytes(8, "little")]
    for entry in entries:
        parts += [NUM_HASHES.to_bytes(8, "little"), entry.hash, len(entry.wires).to_bytes(8, "little"), *entry.wires]
    return b"".join(parts)
