"""What happened in a slot, kept until its commitment is known, and the block that it makes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tradewind.localnet.solana.entries import Entry
from tradewind.localnet.solana.events import AccountUpdate, SlotEvent, TransactionEvent
from tradewind.localnet.solana.geyser.messages import account_info, entry_update, transaction_info
from tradewind.localnet.solana.geyser.subscription import BlockFilter, Subscribed
from tradewind.localnet.solana.protocol import geyser_pb2 as messages


@dataclass(slots=True)
class Placed:
    """An entry at its place in the slot."""

    entry: Entry
    index: int
    first_transaction: int


Item = AccountUpdate | TransactionEvent | Placed


@dataclass(slots=True)
class Book:
    """What happened in a slot, in order."""

    items: list[Item] = field(default_factory=list)
    end: SlotEvent | None = None
    parent_blockhash: str = ""
    block_time_s: int | None = None

    def of(self, kind: type) -> Iterator[Item]:
        """Those of one kind."""
        return (item for item in self.items if isinstance(item, kind))

    def last_writes(self) -> list[AccountUpdate]:
        """Each account once, as the slot left it."""
        last = {item.pubkey: item for item in self.items if isinstance(item, AccountUpdate)}
        return list(last.values())


def block_meta(book: Book, end: SlotEvent) -> messages.SubscribeUpdateBlockMeta:
    """A block without its contents."""
    meta = messages.SubscribeUpdateBlockMeta(
        slot=end.slot,
        blockhash=end.blockhash,
        parent_slot=end.parent,
        parent_blockhash=book.parent_blockhash,
        executed_transaction_count=sum(1 for _ in book.of(TransactionEvent)),
        entries_count=sum(1 for _ in book.of(Placed)),
    )
    meta.block_height.block_height = end.height
    if book.block_time_s is not None:
        meta.block_time.timestamp = book.block_time_s
    return meta


def block_of(book: Book, end: SlotEvent, asked: BlockFilter, subscribed: Subscribed) -> messages.SubscribeUpdateBlock:
    """A block with those of its contents that were asked for."""
    meta = block_meta(book, end)
    writes = book.last_writes()
    block = messages.SubscribeUpdateBlock(
        slot=meta.slot,
        blockhash=meta.blockhash,
        parent_slot=meta.parent_slot,
        parent_blockhash=meta.parent_blockhash,
        executed_transaction_count=meta.executed_transaction_count,
        entries_count=meta.entries_count,
        updated_account_count=len(writes),
        block_height=meta.block_height,
        block_time=meta.block_time if meta.HasField("block_time") else None,
    )
    for item in book.items:
        if isinstance(item, TransactionEvent) and asked.transactions:
            if not asked.include or asked.include.intersection(item.meta.account_keys):
                block.transactions.append(transaction_info(item))
        elif isinstance(item, Placed) and asked.entries:
            block.entries.append(entry_update(item.entry, item.index, item.first_transaction))
    if asked.accounts:
        chosen = (one for one in writes if not asked.include or one.pubkey in asked.include)
        block.accounts.extend(account_info(one, subscribed.sliced(one.data)) for one in chosen)
    return block
