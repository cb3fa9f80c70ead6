"""What a node tells its subscribers: slots, accounts, transactions and the entries before they are executed."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from solders.pubkey import Pubkey
from solders.signature import Signature

# Agave's JSON form of a TransactionError: a name, or an object with one key.
TransactionErr: TypeAlias = str | dict[str, object]

SlotStatus = Literal["created", "completed", "processed", "confirmed", "finalized", "dead"]


@dataclass(frozen=True, slots=True)
class SlotEvent:
    """A slot reached a status. `processed` comes with the block complete, after all of its account updates."""

    slot: int
    parent: int
    status: SlotStatus
    height: int
    blockhash: str
    root: int


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """An account after a write. A closed one has no lamports and no data. `write_version` only grows."""

    slot: int
    write_version: int
    pubkey: Pubkey
    lamports: int
    owner: Pubkey
    data: bytes
    executable: bool
    rent_epoch: int
    txn_signature: Signature | None


@dataclass(frozen=True, slots=True)
class InnerInstruction:
    """An instruction that a program called; its indexes point into the transaction's account list."""

    program_id_index: int
    accounts: bytes
    data: bytes
    stack_height: int


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """What a token account of a transaction held, in the mint's base units."""

    account_index: int
    mint: Pubkey
    owner: Pubkey
    program_id: Pubkey
    amount_raw: int
    decimals: int


@dataclass(frozen=True, slots=True)
class TransactionMeta:
    """What came of a transaction. Balances (lamports) stand in the order of `account_keys`, loaded ones last."""

    err: TransactionErr | None
    fee_lamports: int
    compute_units_consumed: int
    log_messages: tuple[str, ...]
    account_keys: tuple[Pubkey, ...]
    pre_balances: tuple[int, ...]
    post_balances: tuple[int, ...]
    pre_token_balances: tuple[TokenBalance, ...] = ()
    post_token_balances: tuple[TokenBalance, ...] = ()
    inner_instructions: tuple[tuple[int, tuple[InnerInstruction, ...]], ...] = ()
    loaded_writable: tuple[Pubkey, ...] = ()
    loaded_readonly: tuple[Pubkey, ...] = ()
    return_data: tuple[Pubkey, bytes] | None = None


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """A transaction that was executed, at its place in the slot; `err` says whether it failed there."""

    slot: int
    index: int
    signature: Signature
    wire: bytes
    err: TransactionErr | None
    logs: tuple[str, ...]
    meta: TransactionMeta = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntryEvent:
    """Transactions on their way into a slot, told before they are executed."""

    slot: int
    wires: tuple[bytes, ...]


NodeEvent: TypeAlias = SlotEvent | AccountUpdate | TransactionEvent | EntryEvent
