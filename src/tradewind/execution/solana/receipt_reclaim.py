"""Takes the rents of receipts back, once the gate says that no second copy of their steps could land any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from tradewind import core
from tradewind.domain.chain import LAMPORTS
from tradewind.domain.event import NAMESPACE
from tradewind.domain.events import Envelope, ReceiptsReclaimed
from tradewind.errors import TradewindError
from tradewind.execution.executors.outcomes import Landed, Reverted
from tradewind.execution.executors.ports import Blockhashes, SignedAttempt
from tradewind.execution.solana.reclaim_transaction import StandingReceipt, reclaim_transaction
from tradewind.execution.solana.upkeep import Upkeep
from tradewind.observability import events as observe
from tradewind.streaming.event_stream import EventStream
from tradewind.venues.solana.cluster import Account, Height

# Of 64 receipts each: enough to find some that stand, and a bound on one look.
_MOST_PAGES = 16
# Behind a look that has waited for the chain already.
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclaimLimits:
    """`at_least` receipts make a transaction worth its fee; 0: none is begun."""

    at_least: int
    every_s: float
    micro_lamports_per_unit: int
    size_limit_bytes: int


class ReceiptReclaim:
    """`run` it for as long as the service lives."""

    def __init__(
        self, upkeep: Upkeep, *, blockhashes: Blockhashes, stream: EventStream, run_id: UUID, limits: ReclaimLimits
    ) -> None:
        self._upkeep = upkeep
        self._cluster = upkeep.cluster
        self._signer = upkeep.signer
        self._blockhashes = blockhashes
        self._stream = stream
        self._run_id = run_id
        self._limits = limits

    async def run(self, wallets: Sequence[str]) -> None:
        """Look at every wallet again and again; what fails is tried again the next time."""
        while True:
            under_way = False
            for wallet in wallets:
                try:
                    under_way |= await self.look(wallet)
                except TradewindError as error:
                    observe.upkeep_held_up(wallet=wallet, code=error.code, message=str(error))
            await self._upkeep.clock.sleep(_PAUSE_S if under_way else self._limits.every_s)

    async def look(self, wallet: str) -> bool:
        """Begin a reclaim, or carry on the one under way. Whether one is under way now."""
        halted = await self._upkeep.halted(wallet)
        finalized = await self._upkeep.finalized()
        told = await self._signer.reclaimable(wallet, self._cluster.chain_id, finalized_block_height=finalized.blocks)
        if told.open is not None:
            return await self._upkeep.follow(told.open, wallet, halted=halted, record=self._record)
        if halted or not self._limits.at_least:
            return False
        return await self._begin(wallet, finalized)

    async def _begin(self, wallet: str, finalized: Height) -> bool:
        standing = await self._standing(wallet, finalized)
        if len(standing) < self._limits.at_least:
            return False
        blockhash = await self._blockhashes.latest()
        made = reclaim_transaction(
            wallet,
            standing,
            blockhash=blockhash,
            micro_lamports_per_unit=self._limits.micro_lamports_per_unit,
            size_limit_bytes=self._limits.size_limit_bytes,
        )
        name = f"reclaim-{uuid4()}"
        signed = await self._signer.sign_upkeep(
            "sign_reclaim",
            name,
            wallet=wallet,
            chain_id=self._cluster.chain_id,
            unsigned_tx=made.message,
            last_valid_block_height=blockhash.last_valid_block_height,
            evidence=await self._upkeep.evidence(finalized),
        )
        observe.upkeep_signed(name=name, wallet=wallet, signature=signed.signature)
        await self._upkeep.send(wallet, signed)
        return True

    async def _standing(self, wallet: str, finalized: Height) -> list[StandingReceipt]:
        """The oldest receipts that the gate lets go and that the chain still has."""
        standing: list[StandingReceipt] = []
        after: int | None = 0
        for _ in range(_MOST_PAGES):
            if after is None or len(standing) >= self._limits.at_least:
                break
            told = await self._signer.reclaimable(
                wallet, self._cluster.chain_id, finalized_block_height=finalized.blocks, after=after
            )
            if not told.receipts:
                break
            held = await self._cluster.accounts([one.address for one in told.receipts], commitment="finalized")
            for one in told.receipts:
                account = held.by_address[one.address]
                if account is not None and _is_receipt(account):
                    standing.append(StandingReceipt(one.seed, account.lamports))
            after = told.more_after
        return standing

    async def _record(self, attempt: SignedAttempt, outcome: Landed | Reverted) -> None:
        succeeded = isinstance(outcome, Landed)
        body = ReceiptsReclaimed(
            chain_id=self._cluster.chain_id,
            wallet=attempt.wallet,
            signature=attempt.signature,
            block=self._upkeep.block(outcome.slot),
            receipts=_receipts_in(attempt.transaction) if succeeded else 0,
            # Accounts that were closed are locked up no more.
            lamports_back=-outcome.locked_lamports if isinstance(outcome, Landed) else 0,
            fee_lamports=outcome.fee_lamports,
        )
        event_id = uuid5(NAMESPACE, f"{body.type_name()}/{body.chain_id}/{body.signature}")
        at_ns = self._upkeep.clock.now_ns()
        await self._stream.publish(Envelope.about_system(body, event_id=event_id, run_id=self._run_id, at_ns=at_ns))
        observe.receipts_reclaimed(
            wallet=body.wallet,
            signature=body.signature,
            receipts=body.receipts,
            lamports_back=body.lamports_back,
            fee_lamports=body.fee_lamports,
        )


def _is_receipt(account: Account) -> bool:
    return account.owner == LAMPORTS and not account.data and account.lamports > 0


def _receipts_in(transaction: bytes) -> int:
    return sum(one.program == LAMPORTS for one in core.decode_solana_transaction(transaction).instructions)
