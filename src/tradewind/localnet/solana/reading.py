"""What can be read of a node: accounts, transactions, blockhashes and slots at each commitment level."""

from dataclasses import dataclass

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from tradewind.localnet.solana.chain import Chain, Commitment, Slot
from tradewind.localnet.solana.events import TransactionErr, TransactionEvent
from tradewind.localnet.solana.machine import Machine
from tradewind.localnet.solana.options import SLOTS_PER_EPOCH, NodeOptions


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """Where a transaction is; `confirmations` is None once it is finalized."""

    slot: int
    confirmations: int | None
    err: TransactionErr | None
    commitment: Commitment


@dataclass(frozen=True, slots=True)
class LatestBlockhash:
    """A blockhash, and the last block height at which it is good."""

    blockhash: Hash
    last_valid_block_height: int
    slot: int


class ChainReading:
    """The reading half of a node."""

    def __init__(self, options: NodeOptions, chain: Chain, machine: Machine, identity: Pubkey) -> None:
        self.options = options
        self._chain = chain
        self._machine = machine
        self._identity = identity

    @property
    def slot(self) -> int:
        """The number of the current slot."""
        return self._chain.current.number

    @property
    def epoch(self) -> int:
        """The epoch of the current slot."""
        return self._chain.current.number // SLOTS_PER_EPOCH

    @property
    def unix_timestamp_s(self) -> int:
        """The time on the chain, in the current slot."""
        return self._chain.current.unix_timestamp_s

    @property
    def chain(self) -> Chain:
        """The slots, for reading."""
        return self._chain

    def slot_at(self, commitment: Commitment) -> Slot:
        """The newest slot of a commitment level."""
        return self._chain.at(commitment)

    def account(self, pubkey: Pubkey, commitment: Commitment = "processed") -> Account | None:
        """An account as it was at the end of the newest slot of a commitment level (processed: as it is now)."""
        for slot in self._chain.after(commitment):
            if pubkey in slot.undo:
                return slot.undo[pubkey]
        return self._machine.read(pubkey)

    def program_accounts(self, program: Pubkey, commitment: Commitment = "processed") -> dict[Pubkey, Account]:
        """Every account of a program at a commitment level."""
        found = dict(self._machine.owned_by(program))
        for slot in reversed(self._chain.after(commitment)):
            for pubkey, account in slot.undo.items():
                if account is not None and account.owner == program:
                    found[pubkey] = account
                else:
                    found.pop(pubkey, None)
        return found

    def transaction(self, signature: Signature) -> TransactionEvent | None:
        """A transaction that landed in a live slot."""
        return self._chain.landed(signature)

    def signature_status(self, signature: Signature) -> SignatureStatus | None:
        """Where a transaction is; None when it is in no live slot."""
        event = self._chain.landed(signature)
        if event is None:
            return None
        level = self._chain.level(event.slot)
        behind = None if level == "finalized" else self._depth(event.slot)
        return SignatureStatus(event.slot, behind, event.err, level)

    def latest_blockhash(self, commitment: Commitment = "processed") -> LatestBlockhash:
        """The blockhash of the newest complete slot of a commitment level."""
        slot = min(self._chain.at(commitment), self._chain.complete, key=lambda slot: slot.number)
        return LatestBlockhash(slot.blockhash, slot.height + self.options.blockhash_valid_blocks, slot.number)

    def is_blockhash_valid(self, blockhash: Hash, commitment: Commitment = "processed") -> bool:
        """Whether a transaction with this blockhash could land in the slot of this level."""
        last = self._chain.last_valid_height(blockhash)
        height = self._chain.at(commitment).height
        return last is not None and last - self.options.blockhash_valid_blocks <= height <= last

    def rent_exempt_lamports(self, data_bytes: int) -> int:
        """What an account of this size must hold."""
        return self._machine.rent_exempt_lamports(data_bytes)

    def leader(self, slot: int) -> Pubkey:
        """Who leads a slot."""
        return self._identity

    def _depth(self, number: int) -> int:
        return sum(slot.number > number for slot in self._chain.after("finalized"))
