"""Takes the node's events once, and gives each subscriber what it wants, when its commitment is reached."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.entries import Entry, entry_of, last_entry_of
from tradewind.localnet.solana.events import AccountUpdate, EntryEvent, NodeEvent, SlotEvent, TransactionEvent
from tradewind.localnet.solana.geyser.books import Book, Item, Placed, block_meta, block_of
from tradewind.localnet.solana.geyser.messages import (
    SLOT_STATUS,
    account_info,
    entry_update,
    slot_update,
    transaction_info,
    transaction_status,
)
from tradewind.localnet.solana.geyser.subscription import Subscribed
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.outbox import Outbox
from tradewind.localnet.solana.protocol import geyser_pb2 as messages
from tradewind.observability.clock import NS_PER_S, Clock

_EVENTS_WAITING = 100_000
# Slots that never get final (dead ones, and those that the node forgets) are let go after so many.
_SLOTS_KEPT = 512


@dataclass(eq=False, slots=True)
class Subscriber:
    """One stream: its filters (None before the first request) and what it is still to be told."""

    outbox: Outbox[messages.SubscribeUpdate]
    subscribed: Subscribed | None = None


class Hub:
    """All subscribers of one server."""

    def __init__(self, node: SolanaNode, clock: Clock) -> None:
        self.subscribers: list[Subscriber] = []
        self._node = node
        self._clock = clock
        self._books: dict[int, Book] = {}
        self._blockhashes: dict[int, str] = {}
        self._events = node.subscribe(_EVENTS_WAITING)
        self._task = asyncio.create_task(self._follow(), name="geyser-follow")

    async def close(self) -> None:
        """End every stream."""
        self._events.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for subscriber in self.subscribers:
            subscriber.outbox.close()

    def tell(self, subscriber: Subscriber, names: Iterable[str], **update: object) -> None:
        """Queue an update for one subscriber, under the names of its filters."""
        message = messages.SubscribeUpdate(filters=names, **update)  # type: ignore[arg-type]
        now_ns = self._clock.now_ns()
        message.created_at.seconds, message.created_at.nanos = divmod(now_ns, NS_PER_S)
        subscriber.outbox.offer(message)

    async def _follow(self) -> None:
        try:
            async for event in self._events:
                self._heard(event)
        except LocalnetError as failure:
            # The server itself fell behind the node: better no stream than one with a hole.
            for subscriber in self.subscribers:
                subscriber.outbox.fail(failure)

    def _heard(self, event: NodeEvent) -> None:
        match event:
            case AccountUpdate() | TransactionEvent():
                self._happened(event)
            case EntryEvent():
                self._entry(entry_of(event))
            case SlotEvent():
                self._slot(event)

    def _happened(self, item: AccountUpdate | TransactionEvent | Placed) -> None:
        slot = item.entry.slot if isinstance(item, Placed) else item.slot
        self._books.setdefault(slot, Book()).items.append(item)
        for subscriber in self._at("processed"):
            self._give(subscriber, item)

    def _entry(self, entry: Entry) -> None:
        book = self._books.setdefault(entry.slot, Book())
        before = [item.entry for item in book.items if isinstance(item, Placed)]
        self._happened(Placed(entry, len(before), sum(len(one.wires) for one in before)))

    def _slot(self, event: SlotEvent) -> None:
        match event.status:
            case "created":
                self._tell_slot(event, messages.SLOT_FIRST_SHRED_RECEIVED)
            case "completed":
                self._entry(last_entry_of(event))
            case "processed":
                self._end(event)
                self._give_block(event.slot, "processed")
            case "confirmed" | "finalized":
                self._give_slot(event.slot, event.status)
            case "dead":
                self._books.pop(event.slot, None)
        self._tell_slot(event, SLOT_STATUS[event.status])
        if event.status == "finalized":
            self._books.pop(event.slot, None)

    def _end(self, event: SlotEvent) -> None:
        book = self._books.setdefault(event.slot, Book())
        slot = self._node.chain.slot(event.slot)
        book.end = event
        book.block_time_s = slot.unix_timestamp_s if slot is not None else None
        book.parent_blockhash = self._blockhashes.get(event.parent) or (str(slot.previous_blockhash) if slot else "")
        self._blockhashes[event.slot] = event.blockhash
        for kept in (self._books, self._blockhashes):
            for old in [slot for slot in kept if slot < event.slot - _SLOTS_KEPT]:
                del kept[old]

    def _tell_slot(self, event: SlotEvent, status: messages.SlotStatus) -> None:
        for subscriber in self.subscribers:
            if subscriber.subscribed is not None and (names := subscriber.subscribed.for_slot(status)):
                self.tell(subscriber, names, slot=slot_update(event, status))

    def _at(self, commitment: str) -> list[Subscriber]:
        return [
            one for one in self.subscribers if one.subscribed is not None and one.subscribed.commitment == commitment
        ]

    def _give_slot(self, number: int, commitment: str) -> None:
        book = self._books.get(number)
        listeners = self._at(commitment)
        if book is None or not listeners:
            return
        # Of an account that was written several times, only the last state is told at these levels.
        last = {(item.pubkey, item.write_version) for item in book.last_writes()}
        for item in book.items:
            if isinstance(item, AccountUpdate) and (item.pubkey, item.write_version) not in last:
                continue
            for subscriber in listeners:
                self._give(subscriber, item)
        self._give_block(number, commitment)

    def _give(self, subscriber: Subscriber, item: Item) -> None:
        subscribed = subscriber.subscribed
        assert subscribed is not None  # noqa: S101 (chosen by its commitment)
        match item:
            case AccountUpdate():
                if names := subscribed.for_account(item):
                    info = account_info(item, subscribed.sliced(item.data))
                    update = messages.SubscribeUpdateAccount(account=info, slot=item.slot, is_startup=False)
                    self.tell(subscriber, names, account=update)
            case TransactionEvent():
                whole, statuses = subscribed.for_transaction(item)
                if whole:
                    info_ = messages.SubscribeUpdateTransaction(transaction=transaction_info(item), slot=item.slot)
                    self.tell(subscriber, whole, transaction=info_)
                if statuses:
                    self.tell(subscriber, statuses, transaction_status=transaction_status(item))
            case Placed():
                if subscribed.entries:
                    entry = entry_update(item.entry, item.index, item.first_transaction)
                    self.tell(subscriber, subscribed.entries, entry=entry)

    def _give_block(self, number: int, commitment: str) -> None:
        book = self._books.get(number)
        if book is None or book.end is None:
            return
        for subscriber in self._at(commitment):
            subscribed = subscriber.subscribed
            assert subscribed is not None  # noqa: S101 (chosen by its commitment)
            for name, asked in subscribed.blocks.items():
                self.tell(subscriber, [name], block=block_of(book, book.end, asked, subscribed))
            if subscribed.blocks_meta:
                self.tell(subscriber, subscribed.blocks_meta, block_meta=block_meta(book, book.end))
