"""What a node answers to a transaction or a bundle that is sent to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.localnet.solana.events import TransactionErr, TransactionMeta


class RefusalCode(StrEnum):
    """Why a transaction did not get into a slot."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    SIGNATURE_INVALID = "signature_invalid"
    BLOCKHASH_UNKNOWN = "blockhash_unknown"
    ALREADY_PROCESSED = "already_processed"
    NOT_EXECUTABLE = "not_executable"
    BUNDLE_EMPTY = "bundle_empty"
    BUNDLE_TOO_LARGE = "bundle_too_large"
    BUNDLE_DUPLICATE = "bundle_duplicate"
    EXECUTION_FAILED = "execution_failed"
    QUEUE_FULL = "queue_full"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A transaction that was not executed and costs nothing. `err` is Agave's name for it, where it has one."""

    code: RefusalCode
    message: str
    err: TransactionErr | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a transaction. Exactly one of these holds:

    - `slot` is set: it was executed there; `meta.err` says whether it failed (and paid its fee).
    - `refusal` is set: it was not executed.
    - neither: it was swallowed (`dropped`) or will be tried in a later slot (`delayed`), as a fault demands.
    """

    signature: Signature | None
    slot: int | None = None
    meta: TransactionMeta | None = None
    refusal: Refusal | None = None
    dropped: bool = False
    delayed: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do now; `refusal` when it would not even be executed.

    `accounts`: those that it can write, as they would be.
    """

    meta: TransactionMeta | None
    refusal: Refusal | None = None
    accounts: Mapping[Pubkey, Account | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BundleOutcome:
    """All of a bundle landed, in order, in `slot`; or none of it, and `refusal` says why.

    `failed_index` points at the transaction that would not do; `failed_meta` is there when it was executed and failed.
    With the unbundling fault, `submissions` holds what became of each transaction by itself.
    """

    signatures: tuple[Signature, ...]
    slot: int | None = None
    submissions: tuple[Submission, ...] = ()
    refusal: Refusal | None = None
    failed_index: int | None = None
    failed_meta: TransactionMeta | None = None
    unbundled: bool = False
    dropped: bool = False
    delayed: bool = False
