"""A bundle, how it is read from what a client sent, and where it stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.tips import (
    TIP_ACCOUNTS,
    compute_unit_limit,
    locks_a_tip_account,
    writable_keys,
)
from tradewind.localnet.solana.submission import Refusal
from tradewind.localnet.solana.wire import read_transaction

MOST_TRANSACTIONS = 5
_DO_NOT_FRONT = "jitodontfront"


class InflightStatus(StrEnum):
    """What `getInflightBundleStatuses` says, in Jito's words; `Invalid` is every id that is not remembered."""

    PENDING = "Pending"
    FAILED = "Failed"
    LANDED = "Landed"
    INVALID = "Invalid"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One to five signed transactions that land together, in this order, or not at all."""

    id: str
    wires: tuple[bytes, ...]
    transactions: tuple[VersionedTransaction, ...] = field(repr=False)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The first signature of each transaction, base58."""
        return tuple(str(transaction.signatures[0]) for transaction in self.transactions)

    @property
    def compute_units(self) -> int:
        """What its transactions may use together."""
        return sum(compute_unit_limit(transaction) for transaction in self.transactions)

    @property
    def writes(self) -> frozenset[Pubkey]:
        """The accounts that it may write, those of lookup tables and the tip accounts left out."""
        keys = {key for transaction in self.transactions for key in writable_keys(transaction)}
        return frozenset(keys.difference(TIP_ACCOUNTS))


@dataclass(slots=True)
class BundleRecord:
    """What became of a bundle so far. `commitment` is that of its slot; `why` says why it failed."""

    bundle: Bundle
    received_ns: int
    tip_lamports: int = 0
    status: InflightStatus = InflightStatus.PENDING
    landed_slot: int | None = None
    commitment: str = "processed"
    why: str = ""
    regions: set[str] = field(default_factory=set)
    forwarded: bool = False
    seen_in: dict[str, int] = field(default_factory=dict)

    def fail(self, why: str) -> None:
        """It will not land any more, as far as the engine can tell."""
        self.status, self.why, self.landed_slot = InflightStatus.FAILED, why, None

    def land(self, slot: int) -> None:
        """All of it is in a block."""
        self.status, self.landed_slot, self.commitment = InflightStatus.LANDED, slot, "processed"


def bundle_id(signatures: Sequence[str]) -> str:
    """Jito's id: hex sha256 of the base58 first signatures, joined with commas."""
    return hashlib.sha256(",".join(signatures).encode()).hexdigest()


def read_bundle(wires: Sequence[bytes], *, max_transaction_bytes: int) -> Bundle:
    """The bundle in these wires. LocalnetError `invalid_bundle` names the transaction and its fault."""
    if not wires:
        raise _invalid("bundle must have at least one transaction")
    if len(wires) > MOST_TRANSACTIONS:
        raise _invalid(f"bundle exceeded maximum number of transactions: {len(wires)} > {MOST_TRANSACTIONS}")
    transactions = tuple(_read(place, wire, max_transaction_bytes) for place, wire in enumerate(wires))
    signatures = [str(transaction.signatures[0]) for transaction in transactions]
    if len(set(signatures)) != len(signatures):
        raise _invalid("bundle contains duplicate transactions")
    # Jito's own words: clients look for them.
    if not any(map(locks_a_tip_account, transactions)):
        raise _invalid("Bundles must write lock at least one tip account to be eligible for the auction.")
    _check_fronting(transactions)
    return Bundle(bundle_id(signatures), tuple(wires), transactions)


def _read(place: int, wire: bytes, max_transaction_bytes: int) -> VersionedTransaction:
    transaction = read_transaction(wire, max_bytes=max_transaction_bytes)
    if isinstance(transaction, Refusal):
        raise _invalid(f"transaction {place}: {transaction.message}")
    return transaction


def _check_fronting(transactions: Sequence[VersionedTransaction]) -> None:
    """Transactions that name a `jitodontfront...` key stand at the front, and share a signer with the first of them."""
    guarded = [_guarded(transaction) for transaction in transactions]
    count = sum(guarded)
    if not count:
        return
    if not all(guarded[:count]):
        raise _invalid("a transaction with a jitodontfront account must stand first in its bundle")
    first = _signers(transactions[0])
    if not all(first & _signers(transaction) for transaction in transactions[1:count]):
        raise _invalid("transactions with a jitodontfront account must share a signer with the first of them")


def _guarded(transaction: VersionedTransaction) -> bool:
    return any(str(key).startswith(_DO_NOT_FRONT) for key in transaction.message.account_keys)


def _signers(transaction: VersionedTransaction) -> set[Pubkey]:
    message = transaction.message
    return set(message.account_keys[: message.header.num_required_signatures])


def _invalid(message: str) -> LocalnetError:
    return LocalnetError("invalid_bundle", message)
