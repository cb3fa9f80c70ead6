"""The chain of slots: heights, blockhashes and commitment levels, and how to go back to an earlier slot."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.events import SlotEvent, SlotStatus, TransactionEvent
from tradewind.localnet.solana.options import NodeOptions

Commitment = Literal["processed", "confirmed", "finalized"]


@dataclass(slots=True)
class Slot:
    """One block. `blockhash` is what it registers when it is complete; `undo` is what its writes replaced."""

    number: int
    parent: int
    height: int
    blockhash: Hash
    previous_blockhash: Hash
    unix_timestamp_s: int
    transactions: list[TransactionEvent] = field(default_factory=list)
    undo: dict[Pubkey, Account | None] = field(default_factory=dict)
    told: set[SlotStatus] = field(default_factory=set)


class Chain:
    """The live slots, oldest first; the last one is being built."""

    def __init__(self, options: NodeOptions, genesis_hash: Hash, unix_timestamp_s: int) -> None:
        self._options = options
        self._genesis_hash = genesis_hash
        self._forks = 0
        first = Slot(
            number=options.first_slot,
            parent=options.first_slot - 1,
            height=options.first_height,
            blockhash=self._hash(options.first_slot),
            previous_blockhash=genesis_hash,
            unix_timestamp_s=unix_timestamp_s,
        )
        self._slots = [first]
        self._root = first.number
        self._heights = {first.blockhash: first.height}
        self._landed: dict[Signature, TransactionEvent] = {}
        self.transaction_count = 0
        self.extend(unix_timestamp_s)

    @property
    def current(self) -> Slot:
        """The slot that is being built."""
        return self._slots[-1]

    @property
    def complete(self) -> Slot:
        """The newest complete slot."""
        return self._slots[-2]

    @property
    def oldest(self) -> Slot:
        """The oldest slot that is still remembered."""
        return self._slots[0]

    def at(self, commitment: Commitment) -> Slot:
        """The newest slot of a commitment level."""
        return self._slots[self._index(commitment)]

    def slot(self, number: int) -> Slot | None:
        """A live slot by its number."""
        index = bisect_left(self._slots, number, key=lambda slot: slot.number)
        return self._slots[index] if index < len(self._slots) and self._slots[index].number == number else None

    def newest_first(self) -> Iterator[Slot]:
        """Every remembered slot."""
        return reversed(self._slots)

    def after(self, commitment: Commitment) -> list[Slot]:
        """The slots that are newer than the newest one of this level, oldest first."""
        return self._slots[self._index(commitment) + 1 :]

    def level(self, number: int) -> Commitment:
        """How firm a live slot is."""
        for commitment in ("finalized", "confirmed"):
            if number <= self.at(commitment).number:
                return commitment
        return "processed"

    def ancestors(self, limit: int = 512) -> list[tuple[int, Hash]]:
        """Numbers and hashes of the complete slots, newest first."""
        return [(slot.number, slot.blockhash) for slot in reversed(self._slots[-limit - 1 : -1])]

    # Blockhashes

    def last_valid_height(self, blockhash: Hash) -> int | None:
        """The last block height at which the blockhash is good; None for one that is unknown."""
        height = self._heights.get(blockhash)
        return None if height is None else height + self._options.blockhash_valid_blocks

    # Transactions

    def landed(self, signature: Signature) -> TransactionEvent | None:
        """A transaction in a live slot."""
        return self._landed.get(signature)

    def land(self, event: TransactionEvent) -> None:
        """Put an executed transaction into the current slot."""
        self.current.transactions.append(event)
        self._landed[event.signature] = event
        self.transaction_count += 1

    # Growing and shrinking

    def extend(self, unix_timestamp_s: int) -> Slot:
        """Complete the current slot and begin the next one."""
        return self._begin(self.current.number + 1, unix_timestamp_s)

    def drop(self, slots: int) -> list[Slot]:
        """Forget the newest slots, the current one first; `resume` must follow. LocalnetError beyond the root."""
        behind = len(self.after("finalized"))
        if not 1 <= slots <= behind:
            raise LocalnetError(
                "rollback_past_root", f"{slots} slots cannot be rolled back: {behind} of them are not finalized."
            )
        dropped = self._slots[-slots:][::-1]
        del self._slots[-slots:]
        for slot in dropped:
            self._heights.pop(slot.blockhash, None)
            for event in slot.transactions:
                self._landed.pop(event.signature, None)
        return dropped

    def resume(self, number: int, unix_timestamp_s: int) -> Slot:
        """Begin a slot on top of what is left after `drop`."""
        self._forks += 1
        return self._begin(number, unix_timestamp_s)

    def untold(self, commitment: Commitment) -> list[Slot]:
        """The slots that have this level and were not told to have it, oldest first."""
        newest = self.at(commitment).number
        untold: list[Slot] = []
        for slot in reversed(self._slots):
            if commitment in slot.told:
                break
            if slot.number <= newest:
                untold.append(slot)
        return untold[::-1]

    def reach(self, status: SlotStatus, slot: Slot) -> SlotEvent | None:
        """The event of a slot reaching a status for the first time."""
        if status in slot.told:
            return None
        slot.told.add(status)
        return SlotEvent(
            slot.number, slot.parent, status, slot.height, str(slot.blockhash), self.at("finalized").number
        )

    def _begin(self, number: int, unix_timestamp_s: int) -> Slot:
        parent = self._slots[-1]
        slot = Slot(
            number=number,
            parent=parent.number,
            height=parent.height + 1,
            blockhash=self._hash(number),
            previous_blockhash=parent.blockhash,
            unix_timestamp_s=max(parent.unix_timestamp_s, unix_timestamp_s),
        )
        self._heights[parent.blockhash] = parent.height
        self._slots.append(slot)
        self._root = self.at("finalized").number
        self._forget_old()
        return slot

    def _forget_old(self) -> None:
        while len(self._slots) > self._options.history_slots:
            old = self._slots.pop(0)
            self._heights.pop(old.blockhash, None)
            for event in old.transactions:
                self._landed.pop(event.signature, None)

    def _index(self, commitment: Commitment) -> int:
        newest = len(self._slots) - 1
        if commitment == "processed":
            return newest
        # What was finalized once stays so, also on a fork that is shorter.
        root = bisect_left(self._slots, self._root, key=lambda slot: slot.number)
        if commitment == "confirmed":
            return max(root, newest - self._options.confirmed_after)
        return max(root, newest - self._options.finalized_after)

    def _hash(self, number: int) -> Hash:
        seed = bytes(self._genesis_hash) + number.to_bytes(8, "little") + self._forks.to_bytes(8, "little")
        return Hash(hashlib.sha256(seed).digest())
