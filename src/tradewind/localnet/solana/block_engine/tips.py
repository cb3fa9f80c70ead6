"""Jito's tip accounts, and what a transaction pays to them.

The accounts are the program addresses of `T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt` with the seeds TIP_ACCOUNT_0 to
TIP_ACCOUNT_7.
"""

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tradewind.localnet.solana.events import TransactionMeta

TIP_PROGRAM = Pubkey.from_string("T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt")
TIP_ACCOUNTS = tuple(
    Pubkey.find_program_address([f"TIP_ACCOUNT_{number}".encode()], TIP_PROGRAM)[0] for number in range(8)
)

_SYSTEM_PROGRAM = Pubkey.default()
_TRANSFER = (2).to_bytes(4, "little")
_TRANSFER_BYTES = 12
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_SET_LIMIT = 2
_SET_LIMIT_BYTES = 5
_DEFAULT_UNITS_PER_INSTRUCTION = 200_000
_MOST_UNITS = 1_400_000


def locks_a_tip_account(transaction: VersionedTransaction) -> bool:
    """Whether a tip account is among its own keys as a writable one; those of lookup tables do not count."""
    return any(key in TIP_ACCOUNTS for key in writable_keys(transaction))


def writable_keys(transaction: VersionedTransaction) -> list[Pubkey]:
    """The keys in the message itself that it may write."""
    header, keys = transaction.message.header, transaction.message.account_keys
    signed = header.num_required_signatures
    last_signed = signed - header.num_readonly_signed_accounts
    last_unsigned = len(keys) - header.num_readonly_unsigned_accounts
    return [key for place, key in enumerate(keys) if place < last_signed or signed <= place < last_unsigned]


def transferred_tip_lamports(transaction: VersionedTransaction) -> int:
    """What plain transfers of the transaction itself pay to tip accounts."""
    keys = transaction.message.account_keys
    return sum(
        int.from_bytes(instruction.data[4:12], "little")
        for instruction in transaction.message.instructions
        if _key(keys, instruction.program_id_index) == _SYSTEM_PROGRAM
        and len(instruction.data) == _TRANSFER_BYTES
        and instruction.data[:4] == _TRANSFER
        and len(instruction.accounts) >= 2
        and _key(keys, instruction.accounts[1]) in TIP_ACCOUNTS
    )


def received_tip_lamports(meta: TransactionMeta) -> int:
    """What the tip accounts gained by an executed transaction, through whichever program."""
    balances = zip(meta.account_keys, meta.pre_balances, meta.post_balances, strict=True)
    return sum(after - before for key, before, after in balances if key in TIP_ACCOUNTS)


def compute_unit_limit(transaction: VersionedTransaction) -> int:
    """The compute units that it asks for, or has by default."""
    keys = transaction.message.account_keys
    others = 0
    for instruction in transaction.message.instructions:
        if _key(keys, instruction.program_id_index) != _COMPUTE_BUDGET:
            others += 1
        elif len(instruction.data) == _SET_LIMIT_BYTES and instruction.data[0] == _SET_LIMIT:
            return max(1, min(_MOST_UNITS, int.from_bytes(instruction.data[1:5], "little")))
    return max(1, min(_MOST_UNITS, others * _DEFAULT_UNITS_PER_INSTRUCTION))


def _key(keys: list[Pubkey], place: int) -> Pubkey | None:
    return keys[place] if place < len(keys) else None
