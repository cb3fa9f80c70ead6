"""What one subscriber asked for: the filters of its last request, and which of them an event passes."""

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.events import AccountUpdate, TransactionEvent
from tradewind.localnet.solana.geyser.account_filters import AccountFilter, bad_filter, read_account_filter, read_keys
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.transaction_filters import TransactionFilter, read_transaction_filter
from tradewind.localnet.solana.protocol import geyser_pb2 as messages

MOST_NAME_BYTES = 128
COMMITMENTS = {messages.PROCESSED: "processed", messages.CONFIRMED: "confirmed", messages.FINALIZED: "finalized"}
_ALWAYS_TOLD = (messages.SLOT_PROCESSED, messages.SLOT_CONFIRMED, messages.SLOT_FINALIZED)
_KINDS = ("accounts", "slots", "transactions", "transactions_status", "blocks", "blocks_meta", "entry")


@dataclass(frozen=True, slots=True)
class BlockFilter:
    """Which parts of each block are wanted."""

    include: frozenset[Pubkey]
    transactions: bool
    accounts: bool
    entries: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The filters by name, the commitment, and the parts of an account's data that are wanted."""

    commitment: str
    accounts: Mapping[str, AccountFilter]
    slots: Mapping[str, tuple[bool, bool]]
    transactions: Mapping[str, TransactionFilter]
    statuses: Mapping[str, TransactionFilter]
    blocks: Mapping[str, BlockFilter]
    blocks_meta: tuple[str, ...]
    entries: tuple[str, ...]
    slices: tuple[tuple[int, int], ...]

    def for_account(self, update: AccountUpdate) -> list[str]:
        """The names of the account filters that it passes."""
        return [name for name, asked in self.accounts.items() if asked.wants(update)]

    def for_slot(self, status: messages.SlotStatus) -> list[str]:
        """The names of the slot filters that want this status."""
        own = {"processed": 0, "confirmed": 1, "finalized": 2}[self.commitment] == status
        return [
            name
            for name, (by_commitment, between) in self.slots.items()
            if (own or not by_commitment) and (between or status in _ALWAYS_TOLD)
        ]

    def for_transaction(self, event: TransactionEvent) -> tuple[list[str], list[str]]:
        """The names of the filters of whole transactions, and of mere statuses, that it passes."""
        whole = [name for name, asked in self.transactions.items() if asked.wants(event)]
        return whole, [name for name, asked in self.statuses.items() if asked.wants(event)]

    def sliced(self, data: bytes) -> bytes:
        """So much of an account's data as was asked for."""
        if not self.slices:
            return data
        return b"".join(data[start : start + length] for start, length in self.slices)


def read_request(request: messages.SubscribeRequest, options: GeyserOptions) -> Subscribed:
    """The filters in a request; LocalnetError `invalid_filter` names the one that is wrong."""
    if request.HasField("from_slot"):
        raise LocalnetError("from_slot_unsupported", "from_slot is not supported")
    for kind in _KINDS:
        _check_names(kind, getattr(request, kind), options)
    if request.commitment not in COMMITMENTS:
        raise bad_filter(f"commitment {request.commitment} is none of PROCESSED, CONFIRMED, FINALIZED")
    return Subscribed(
        commitment=COMMITMENTS[request.commitment],
        accounts={name: read_account_filter(name, asked, options) for name, asked in request.accounts.items()},
        slots={name: (asked.filter_by_commitment, asked.interslot_updates) for name, asked in request.slots.items()},
        transactions=_transactions("transactions", request.transactions, options),
        statuses=_transactions("transactions_status", request.transactions_status, options),
        blocks={name: _block_filter(name, asked, options) for name, asked in request.blocks.items()},
        blocks_meta=tuple(request.blocks_meta),
        entries=tuple(request.entry),
        slices=_slices(request, options),
    )


def _check_names(kind: str, filters: Mapping[str, object], options: GeyserOptions) -> None:
    if len(filters) > options.max_filters_per_kind:
        raise bad_filter(f"{kind} has {len(filters)} filters; at most {options.max_filters_per_kind} are taken")
    for name in filters:
        if len(name.encode()) > MOST_NAME_BYTES:
            raise bad_filter(f"{kind}: a name is longer than {MOST_NAME_BYTES} bytes: {name[:32]!r}...")


def _transactions(
    kind: str, asked: Mapping[str, messages.SubscribeRequestFilterTransactions], options: GeyserOptions
) -> dict[str, TransactionFilter]:
    return {name: read_transaction_filter(f"{kind}.{name}", one, options) for name, one in asked.items()}


def _block_filter(name: str, asked: messages.SubscribeRequestFilterBlocks, options: GeyserOptions) -> BlockFilter:
    if asked.HasField("cuckoo_account_include"):
        raise bad_filter(f"blocks.{name}: cuckoo filters are not understood here; list the accounts")
    return BlockFilter(
        include=read_keys(asked.account_include, f"blocks.{name}.account_include", options),
        # Transactions are in unless they are declined, the rest only when asked for.
        transactions=asked.include_transactions if asked.HasField("include_transactions") else True,
        accounts=asked.include_accounts,
        entries=asked.include_entries,
    )


def _slices(request: messages.SubscribeRequest, options: GeyserOptions) -> tuple[tuple[int, int], ...]:
    asked = request.accounts_data_slice
    if len(asked) > options.max_data_slices:
        raise bad_filter(f"{len(asked)} data slices; at most {options.max_data_slices} are taken")
    end = 0
    for place, one in enumerate(asked):
        if place and one.offset < asked[place - 1].offset:
            raise bad_filter("data slices out of order")
        if one.offset < end:
            raise bad_filter("data slices overlapped")
        end = one.offset + one.length
    return tuple((one.offset, one.length) for one in asked)
