"""The node: slots that advance, transactions and bundles that land in them, and everybody who listens."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from tradewind.domain.chain import LAMPORTS_PER_SOL
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.chain import Chain, Commitment, Slot
from tradewind.localnet.solana.events import (
    AccountUpdate,
    EntryEvent,
    NodeEvent,
    SlotStatus,
    TransactionEvent,
)
from tradewind.localnet.solana.faults import Faults, Lane
from tradewind.localnet.solana.machine import SYSTEM_PROGRAM, Execution, Machine
from tradewind.localnet.solana.options import NodeOptions
from tradewind.localnet.solana.reading import ChainReading
from tradewind.localnet.solana.submission import BundleOutcome, Refusal, RefusalCode, Simulation, Submission
from tradewind.localnet.solana.subscription import Subscribers, Subscription
from tradewind.localnet.solana.transaction_errors import error_text
from tradewind.localnet.solana.wire import read_transaction
from tradewind.observability.clock import NS_PER_S, Clock

FAUCET_LAMPORTS = 400_000_000 * LAMPORTS_PER_SOL
# The most that one airdrop gives; like a test validator, enough for anything.
MAX_AIRDROP_LAMPORTS = 1_000_000 * LAMPORTS_PER_SOL
FAUCET_LANE = "faucet"
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


@dataclass(frozen=True, slots=True)
class _Delayed:
    """Sends that wait for a slot."""

    slot: int
    wires: tuple[bytes, ...]
    is_bundle: bool


class SolanaNode(ChainReading):
    """A single validator that leads every slot. It lives in one event loop; nothing in it waits but `run`.

    `addresses` is where its servers are (`rpc`, `pubsub`, `tpu_quic`, ...): each server adds its own.
    """

    def __init__(self, options: NodeOptions, clock: Clock) -> None:
        genesis = _secret("genesis", options.seed) + clock.now_ns().to_bytes(8, "little")
        self.genesis_hash = Hash(hashlib.sha256(genesis).digest())
        self.identity = Keypair.from_seed(_secret("identity", options.seed))
        chain = Chain(options, self.genesis_hash, clock.now_ns() // NS_PER_S)
        super().__init__(options, chain, Machine(), self.identity.pubkey())
        self.faults = Faults()
        self.addresses: dict[str, str] = {}
        self._clock = clock
        self._faucet = Keypair.from_seed(_secret("faucet", options.seed))
        self._airdrops = 0
        self._write_version = 0
        self._delayed: list[_Delayed] = []
        self._subscribers = Subscribers()
        self._set_time()
        self.set_account(self._faucet.pubkey(), Account(FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM))

    # Time

    async def run(self) -> None:
        """Advance by a slot every `slot_ms`, until cancelled."""
        slot_ns = self.options.slot_ms * 1_000_000
        due_ns = self._clock.now_ns() + slot_ns
        while True:
            await self._clock.sleep(max(0, due_ns - self._clock.now_ns()) / 1e9)
            self.advance()
            # A loop that was held up goes on from now, instead of racing through what it missed.
            due_ns = max(due_ns + slot_ns, self._clock.now_ns())

    def advance(self, slots: int = 1) -> None:
        """Complete the current slot and begin the next one, as often as said."""
        for _ in range(slots):
            done = self._chain.current
            self._chain.extend(self._unix_timestamp_s())
            self._set_time()
            self._reach("completed", done)
            self._reach("processed", done)
            self._reach("created", self._chain.current)
            self._tell_levels()
            self._land_delayed()

    def rollback(self, slots: int) -> None:
        """Abandon the newest slots, the current one among them: a fork without them goes on from their parent.

        Their transactions vanish and their writes are undone; `dead` is told of each. Accounts that go back are not
        told again, as on mainnet. LocalnetError `rollback_past_root` when some of them are finalized.
        """
        number = self._chain.current.number + 1
        dropped = self._chain.drop(slots)
        for slot in dropped:
            self._machine.restore(slot.undo)
        self._chain.resume(number, self._unix_timestamp_s())
        self._set_time()
        for slot in dropped:
            self._reach("dead", slot)
        self._reach("created", self._chain.current)

    # Sending

    def submit(self, wire: bytes, *, lane: Lane) -> Submission:
        """Check a transaction as Agave does and execute it in the current slot.

        The checks, in this order: size, form, signatures, age of the blockhash, not processed before, and what the
        loader of accounts demands (fee payer, lookup tables, programs).
        """
        transaction = self._read(wire)
        if isinstance(transaction, Refusal):
            return Submission(None, refusal=transaction)
        signature = transaction.signatures[0]
        if self.faults.drops(lane):
            return Submission(signature, dropped=True)
        if slots := self.faults.delay_slots(lane):
            refusal = self._delay(slots, (wire,), is_bundle=False)
            return Submission(signature, refusal=refusal, delayed=refusal is None)
        return self._land(wire, transaction)

    def simulate(
        self,
        wire: bytes,
        *,
        verify_signatures: bool = True,
        replace_blockhash: bool = False,
        commitment: Commitment = "processed",
    ) -> Simulation:
        """What the transaction would do on top of the newest slot of a commitment level; nothing is kept.

        A blockhash, an account or a landed transaction that is newer than this slot is not known there.
        """
        transaction = self._read(wire, verify_signatures=verify_signatures)
        if isinstance(transaction, Refusal):
            return Simulation(None, refusal=transaction)
        refusal = None if replace_blockhash else self._refused(transaction, commitment)
        if refusal is not None:
            return Simulation(None, refusal=refusal)
        with self._as_of(commitment):
            done = self._machine.simulate(transaction, self._chain.at(commitment).number)
        if not done.executed:
            return Simulation(done.meta, refusal=_not_executable(done))
        return Simulation(done.meta, accounts=done.after)

    def submit_bundle(self, wires: list[bytes], *, lane: Lane = "jito") -> BundleOutcome:
        """Execute all of the transactions in order in the current slot, or none of them.

        None when one is refused or fails. What is right for a bundle beyond that (tips, accounts) the block engine
        checks.
        """
        read = self._read_bundle(wires)
        if isinstance(read, BundleOutcome):
            return read
        signatures = tuple(transaction.signatures[0] for transaction in read)
        if self.faults.drops(lane):
            return BundleOutcome(signatures, dropped=True)
        if slots := self.faults.delay_slots(lane):
            refusal = self._delay(slots, tuple(wires), is_bundle=True)
            return BundleOutcome(signatures, refusal=refusal, delayed=refusal is None)
        return self._land_bundle(wires, read)

    def airdrop(self, pubkey: Pubkey, lamports: int) -> Submission:
        """Transfer lamports from the faucet."""
        if not 0 < lamports <= MAX_AIRDROP_LAMPORTS:
            raise LocalnetError(
                "airdrop_out_of_range", f"An airdrop is 1 to {MAX_AIRDROP_LAMPORTS} lamports, not {lamports}."
            )
        # The limit counts the airdrops, so that no two of them are the same transaction.
        self._airdrops += 1
        calls = [
            set_compute_unit_limit(10_000 + self._airdrops % 1_000_000),
            transfer(TransferParams(from_pubkey=self._faucet.pubkey(), to_pubkey=pubkey, lamports=lamports)),
        ]
        message = Message.new_with_blockhash(calls, self._faucet.pubkey(), self.latest_blockhash().blockhash)
        wire = bytes(VersionedTransaction(message, [self._faucet]))
        return self.submit(wire, lane=FAUCET_LANE)

    # Listening

    def subscribe(self, capacity: int | None = None) -> Subscription:
        """Every event from now on, in order; see `Subscription` for what happens to a slow reader."""
        return self._subscribers.add(capacity or self.options.subscriber_queue)

    def fall_behind(self) -> None:
        """Tell entries alone, and what came of them only with `catch_up`: a node whose replay is behind the leader.

        Whoever asks is answered from what was executed; up to `catch_up` nobody is told.
        """
        self._subscribers.hold()

    def catch_up(self) -> None:
        """Tell everything that was executed since `fall_behind`, in its order."""
        self._subscribers.release()

    def announce(self, wires: Sequence[bytes]) -> None:
        """Tell an entry of the current slot with transactions that are not executed: its block is abandoned."""
        self._subscribers.tell([EntryEvent(self.slot, tuple(wires))])

    def close(self) -> None:
        """End every subscription."""
        self._subscribers.close()

    # Setting up

    def set_account(self, pubkey: Pubkey, account: Account | None) -> None:
        """Write an account (None removes it) in the current slot, without a transaction."""
        before = self._machine.read(pubkey)
        self._machine.write(pubkey, account)
        self._chain.current.undo.setdefault(pubkey, before)
        self._subscribers.tell([self._update(pubkey, account, None)])

    def add_program(self, program: Pubkey, code: bytes) -> None:
        """Deploy a program under a given address; it is there at every commitment level, and no rollback undoes it."""
        self._machine.add_program(program, code)

    # Within

    def _read(self, wire: bytes, *, verify_signatures: bool = True) -> VersionedTransaction | Refusal:
        return read_transaction(wire, max_bytes=self.options.max_transaction_bytes, verify_signatures=verify_signatures)

    @contextmanager
    def _as_of(self, commitment: Commitment) -> Iterator[None]:
        earlier: dict[Pubkey, Account | None] = {}
        for slot in self._chain.after(commitment):
            earlier = slot.undo | earlier
        now = {key: self._machine.read(key) for key in earlier}
        self._machine.restore(earlier)
        try:
            yield
        finally:
            self._machine.restore(now)

    def _refused(self, transaction: VersionedTransaction, commitment: Commitment = "processed") -> Refusal | None:
        if not self.is_blockhash_valid(transaction.message.recent_blockhash, commitment):
            return _refusal(RefusalCode.BLOCKHASH_UNKNOWN, "BlockhashNotFound")
        landed = self._chain.landed(transaction.signatures[0])
        if landed is not None and landed.slot <= self._chain.at(commitment).number:
            return _refusal(RefusalCode.ALREADY_PROCESSED, "AlreadyProcessed")
        return None

    def _land(self, wire: bytes, transaction: VersionedTransaction) -> Submission:
        signature = transaction.signatures[0]
        if refusal := self._refused(transaction):
            return Submission(signature, refusal=refusal)
        done = self._machine.execute(transaction, self.slot)
        if not done.executed:
            self._machine.restore(done.before)
            return Submission(signature, refusal=_not_executable(done))
        self._subscribers.tell([EntryEvent(self.slot, (wire,))])
        self._keep(wire, signature, done)
        return Submission(signature, slot=self.slot, meta=done.meta)

    def _read_bundle(self, wires: list[bytes]) -> list[VersionedTransaction] | BundleOutcome:
        if not wires:
            return BundleOutcome((), refusal=Refusal(RefusalCode.BUNDLE_EMPTY, "A bundle has no transactions."))
        if len(wires) > self.options.max_bundle_transactions:
            words = f"A bundle has {len(wires)} transactions; at most {self.options.max_bundle_transactions} are taken."
            return BundleOutcome((), refusal=Refusal(RefusalCode.BUNDLE_TOO_LARGE, words))
        read: list[VersionedTransaction] = []
        for index, wire in enumerate(wires):
            transaction = self._read(wire)
            if isinstance(transaction, Refusal):
                return BundleOutcome((), refusal=transaction, failed_index=index)
            read.append(transaction)
        signatures = tuple(transaction.signatures[0] for transaction in read)
        if len(set(signatures)) != len(signatures):
            words = "A bundle has the same transaction twice."
            return BundleOutcome(signatures, refusal=Refusal(RefusalCode.BUNDLE_DUPLICATE, words))
        return read

    def _land_bundle(self, wires: list[bytes], read: list[VersionedTransaction]) -> BundleOutcome:
        signatures = tuple(transaction.signatures[0] for transaction in read)
        if self.faults.unbundles():
            landed = tuple(self._land(wire, transaction) for wire, transaction in zip(wires, read, strict=True))
            return BundleOutcome(signatures, slot=self.slot, submissions=landed, unbundled=True)
        ran: list[Execution] = []
        for index, transaction in enumerate(read):
            refusal = self._refused(transaction)
            done = None if refusal else self._machine.execute(transaction, self.slot)
            if done is not None and done.executed and done.meta.err is None:
                ran.append(done)
                continue
            for earlier in ([*ran, done] if done else ran)[::-1]:
                self._machine.restore(earlier.before)
            failed = done.meta if done is not None and done.executed else None
            return BundleOutcome(
                signatures,
                refusal=refusal or (_not_executable(done) if done else None),
                failed_index=index,
                failed_meta=failed,
            )
        self._subscribers.tell([EntryEvent(self.slot, tuple(wires))])
        for wire, signature, done in zip(wires, signatures, ran, strict=True):
            self._keep(wire, signature, done)
        submissions = tuple(
            Submission(signature, slot=self.slot, meta=done.meta)
            for signature, done in zip(signatures, ran, strict=True)
        )
        return BundleOutcome(signatures, slot=self.slot, submissions=submissions)

    def _keep(self, wire: bytes, signature: Signature, done: Execution) -> None:
        slot = self._chain.current
        for pubkey, account in done.before.items():
            slot.undo.setdefault(pubkey, account)
        events: list[NodeEvent] = [
            self._update(pubkey, account, signature)
            for pubkey, account in done.after.items()
            if account != done.before[pubkey]
        ]
        event = TransactionEvent(
            slot.number, len(slot.transactions), signature, wire, done.meta.err, done.meta.log_messages, done.meta
        )
        self._chain.land(event)
        self._subscribers.tell([*events, event])

    def _update(self, pubkey: Pubkey, account: Account | None, signature: Signature | None) -> AccountUpdate:
        self._write_version += 1
        slot, version = self.slot, self._write_version
        if account is None:
            return AccountUpdate(slot, version, pubkey, 0, SYSTEM_PROGRAM, b"", False, 0, signature)
        return AccountUpdate(
            slot,
            version,
            pubkey,
            account.lamports,
            account.owner,
            account.data,
            account.executable,
            account.rent_epoch,
            signature,
        )

    def _delay(self, slots: int, wires: tuple[bytes, ...], *, is_bundle: bool) -> Refusal | None:
        if len(self._delayed) >= self.options.max_delayed_sends:
            return Refusal(RefusalCode.QUEUE_FULL, f"{len(self._delayed)} sends are delayed already.")
        self._delayed.append(_Delayed(self.slot + slots, wires, is_bundle))
        return None

    def _land_delayed(self) -> None:
        due = [item for item in self._delayed if item.slot <= self.slot]
        self._delayed = [item for item in self._delayed if item.slot > self.slot]
        for item in due:
            wires = list(item.wires)
            read = self._read_bundle(wires)
            if isinstance(read, BundleOutcome):
                continue
            if item.is_bundle:
                self._land_bundle(wires, read)
            else:
                self._land(wires[0], read[0])

    def _tell_levels(self) -> None:
        self._tell_level("confirmed")
        self._tell_level("finalized")

    def _tell_level(self, commitment: Commitment) -> None:
        for slot in self._chain.untold(commitment):
            self._reach(commitment, slot)

    def _reach(self, status: SlotStatus, slot: Slot) -> None:
        if event := self._chain.reach(status, slot):
            self._subscribers.tell([event])

    def _set_time(self) -> None:
        # Whoever reads an older slot is told what the clock showed in it.
        self._chain.current.undo.setdefault(CLOCK, self._machine.read(CLOCK))
        self._machine.set_time(self.slot, self.unix_timestamp_s, self._chain.ancestors())

    def _unix_timestamp_s(self) -> int:
        return self._clock.now_ns() // NS_PER_S


def _secret(purpose: str, seed: int) -> bytes:
    return hashlib.sha256(f"tradewind localnet {purpose} {seed}".encode()).digest()


def _refusal(code: RefusalCode, err: str) -> Refusal:
    return Refusal(code, f"{error_text(err)}.".replace("..", "."), err)


def _not_executable(done: Execution) -> Refusal:
    err = done.meta.err or "SanitizeFailure"
    if done.executed:
        return Refusal(RefusalCode.EXECUTION_FAILED, error_text(err), err)
    return Refusal(RefusalCode.NOT_EXECUTABLE, error_text(err), err)
