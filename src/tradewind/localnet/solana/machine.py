"""The virtual machine: LiteSVM, with the means to execute a transaction, see what it wrote, and take it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.clock import Clock as SolanaClock
from solders.epoch_schedule import EpochSchedule
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from tradewind.localnet.solana import lookup_tables
from tradewind.localnet.solana.events import InnerInstruction, TransactionErr, TransactionMeta
from tradewind.localnet.solana.options import SLOTS_PER_EPOCH
from tradewind.localnet.solana.token_accounts import token_balances
from tradewind.localnet.solana.transaction_errors import error_json

SYSTEM_PROGRAM = Pubkey.default()
LOG_BYTES_LIMIT = 10_000

Accounts = dict[Pubkey, Account | None]
Loaded = tuple[list[Pubkey], list[Pubkey]]


@dataclass(frozen=True, slots=True)
class Execution:
    """What a transaction did. `before` and `after` hold the accounts that it could write, as they were and are.

    `executed` False: nothing happened, `meta.err` says why, and no fee was paid.
    """

    executed: bool
    meta: TransactionMeta
    before: Accounts
    after: Accounts


class Machine:
    """Accounts and programs at one moment. Signatures and blockhashes are checked by the node, not here."""

    def __init__(self) -> None:
        self._svm = LiteSVM()
        self._svm.with_sigverify(False)
        self._svm.with_blockhash_check(False)
        self._svm.with_transaction_history(0)
        self._svm.with_log_bytes_limit(LOG_BYTES_LIMIT)
        self._svm.set_epoch_schedule(EpochSchedule.without_warmup())
        self._programs: dict[Pubkey, Account] = {}

    def read(self, pubkey: Pubkey) -> Account | None:
        """An account; None when it does not exist."""
        account: Account | None = self._svm.get_account(pubkey)
        return account if account is not None and account.lamports else None

    def write(self, pubkey: Pubkey, account: Account | None) -> None:
        """Set an account, or remove it."""
        self._programs.pop(pubkey, None)
        self._svm.set_account(pubkey, account or Account(0, b"", SYSTEM_PROGRAM))

    def add_program(self, program: Pubkey, code: bytes) -> None:
        """Deploy a program under a given address."""
        self._programs.pop(program, None)
        self._svm.add_program(program, code)

    def owned_by(self, program: Pubkey) -> list[tuple[Pubkey, Account]]:
        """Every account of a program."""
        return [(key, account) for key, account in self._svm.get_program_accounts(program) if account.lamports]

    def rent_exempt_lamports(self, data_bytes: int) -> int:
        """What an account of this size must hold."""
        return int(self._svm.minimum_balance_for_rent_exemption(data_bytes))

    def set_time(self, slot: int, unix_timestamp_s: int, ancestors: Sequence[tuple[int, Hash]]) -> None:
        """Move the clock sysvar to a slot; `ancestors` are the slot hashes, newest first."""
        epoch = slot // SLOTS_PER_EPOCH
        self._svm.set_clock(
            SolanaClock(
                slot=slot,
                epoch_start_timestamp=unix_timestamp_s,
                epoch=epoch,
                leader_schedule_epoch=epoch + 1,
                unix_timestamp=unix_timestamp_s,
            )
        )
        self._svm.set_slot_hashes(ancestors)

    def execute(self, transaction: VersionedTransaction, slot: int) -> Execution:
        """Execute it; what it wrote stays written."""
        return self._run(transaction, slot, self._svm.send_transaction)

    def simulate(self, transaction: VersionedTransaction, slot: int) -> Execution:
        """Execute it, and leave everything as it is; `after` shows how it would be."""
        return self._run(transaction, slot, self._svm.simulate_transaction)

    def restore(self, accounts: Accounts) -> None:
        """Set accounts back to what they were."""
        for pubkey, account in accounts.items():
            self.write(pubkey, account)

    def _run(
        self, transaction: VersionedTransaction, slot: int, run: Callable[[VersionedTransaction], Any]
    ) -> Execution:
        message = transaction.message
        if not isinstance(message, Message | MessageV0):
            return _not_executed("UnsupportedVersion")
        try:
            loaded = lookup_tables.resolve(message, self.read, slot=slot)
        except lookup_tables.LookupFailure as failure:
            return _not_executed(failure.err)
        keys = [*message.account_keys, *loaded[0], *loaded[1]]
        if any(
            index >= len(keys) for call in message.instructions for index in (call.program_id_index, *call.accounts)
        ):
            return _not_executed("SanitizeFailure")
        before: Accounts = {key: self._glance(key) for key in keys}
        outcome = run(transaction)
        failed = isinstance(outcome, FailedTransactionMetadata)
        simulated = isinstance(outcome, SimulatedTransactionInfo)
        posts: Accounts = dict(outcome.post_accounts()) if simulated else {}
        after: Accounts = {key: _existing(posts[key] if key in posts else self._glance(key)) for key in keys}
        details = outcome.meta() if failed or simulated else outcome
        writable = set(writable_keys(message)) | set(loaded[0])
        return Execution(
            # A transaction that ran has logs; one that only paid its fee has changed its payer.
            executed=not failed or bool(details.logs()) or before[keys[0]] != after[keys[0]],
            meta=self._meta(details, error_json(outcome.err()) if failed else None, loaded, before, after),
            before={key: account for key, account in before.items() if key in writable},
            after={key: account for key, account in after.items() if key in writable},
        )

    def _glance(self, pubkey: Pubkey) -> Account | None:
        # A program's code is megabytes long and does not change: it is copied out of the machine once.
        if (program := self._programs.get(pubkey)) is not None:
            return program
        account = self.read(pubkey)
        if account is not None and account.executable:
            self._programs[pubkey] = account
        return account

    def _meta(
        self, details: Any, err: TransactionErr | None, loaded: Loaded, before: Accounts, after: Accounts
    ) -> TransactionMeta:
        keys = tuple(before)
        returned = details.return_data()
        return TransactionMeta(
            err=err,
            fee_lamports=details.fee(),
            compute_units_consumed=details.compute_units_consumed(),
            log_messages=tuple(details.logs()),
            account_keys=keys,
            pre_balances=_lamports(keys, before),
            post_balances=_lamports(keys, after),
            pre_token_balances=token_balances(keys, before, self.read),
            post_token_balances=token_balances(keys, after, self.read),
            inner_instructions=_inner(details.inner_instructions()),
            loaded_writable=tuple(loaded[0]),
            loaded_readonly=tuple(loaded[1]),
            return_data=(returned.program_id, bytes(returned.data)) if returned.data else None,
        )


def writable_keys(message: Message | MessageV0) -> list[Pubkey]:
    """The static keys that the message's header calls writable."""
    header, keys = message.header, message.account_keys
    signers = header.num_required_signatures
    return [
        *keys[: signers - header.num_readonly_signed_accounts],
        *keys[signers : len(keys) - header.num_readonly_unsigned_accounts],
    ]


def _not_executed(err: TransactionErr) -> Execution:
    meta = TransactionMeta(err, 0, 0, (), (), (), ())
    return Execution(executed=False, meta=meta, before={}, after={})


def _existing(account: Account | None) -> Account | None:
    return account if account is not None and account.lamports else None


def _lamports(keys: Sequence[Pubkey], accounts: Accounts) -> tuple[int, ...]:
    return tuple(0 if (account := accounts[key]) is None else account.lamports for key in keys)


def _inner(calls: Sequence[Sequence[Any]]) -> tuple[tuple[int, tuple[InnerInstruction, ...]], ...]:
    return tuple(
        (
            index,
            tuple(
                InnerInstruction(
                    made.instruction().program_id_index,
                    bytes(made.instruction().accounts),
                    bytes(made.instruction().data),
                    made.stack_height(),
                )
                for made in inner
            ),
        )
        for index, inner in enumerate(calls)
        if inner
    )
