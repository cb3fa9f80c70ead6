"""Takes the rents of receipts back, once the gate says that no second copy of their steps could land any more.

The gate is the only memory: it names the receipts, and the reclaim that is under way. So a restart goes on where the
last run stopped, with the same bytes. A reclaim that has expired is settled, which lets its receipts go; the next one
takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from tradewind import core
from tradewind.domain.event import NAMESPACE
from tradewind.domain.events import Envelope, ReceiptsReclaimed
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError, Unavailable
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted
from tradewind.execution.executors.ports import Blockhashes, Confirmations, Lane, SignedAttempt
from tradewind.execution.signer_client import (
    EarlierSignature,
    SignerClient,
    SolanaEvidence,
    SolanaFinalized,
    SolanaOutcome,
)
from tradewind.execution.solana.coin import LAMPORTS
from tradewind.execution.solana.reclaim_transaction import StandingReceipt, reclaim_transaction
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.event_stream import EventStream
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import Account, SolanaCluster

# Of 64 receipts each: enough to find some that stand, and a bound on one look.
_MOST_PAGES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclaimLimits:
    """`at_least` receipts make a transaction worth its fee. `within_ms`: how long one look waits for the chain."""

    at_least: int
    every_s: float
    micro_lamports_per_unit: int
    size_limit_bytes: int
    within_ms: int = 2_000


class ReceiptReclaim:
    """`run` it for as long as the service lives. `confirmations` answer at `finalized`; every lane gets the bytes."""

    def __init__(
        self,
        *,
        cluster: SolanaCluster,
        signer: SignerClient,
        blockhashes: Blockhashes,
        confirmations: Confirmations,
        lanes: Sequence[Lane],
        stream: EventStream,
        clock: Clock,
        run_id: UUID,
        endpoints: tuple[str, ...],
        limits: ReclaimLimits,
    ) -> None:
        self._cluster = cluster
        self._signer = signer
        self._blockhashes = blockhashes
        self._confirmations = confirmations
        self._lanes = tuple(lanes)
        self._stream = stream
        self._clock = clock
        self._run_id = run_id
        self._endpoints = endpoints
        self._limits = limits

    async def run(self, wallets: Sequence[str]) -> None:
        """Look at every wallet again and again; what fails is tried again the next time."""
        while True:
            under_way = False
            for wallet in wallets:
                try:
                    under_way |= await self.look(wallet)
                except TradewindError as error:
                    observe.receipts_not_reclaimed(wallet=wallet, code=error.code, message=str(error))
            # What was sent is followed to its end; the wait of a look is the pause.
            await self._clock.sleep(0.1 if under_way else self._limits.every_s)

    async def look(self, wallet: str) -> bool:
        """Begin a reclaim, or carry on the one under way. Whether one is under way now."""
        halted = await self._halted(wallet)
        height = await self._finalized_height()
        told = await self._signer.reclaimable(wallet, self._cluster.chain_id, finalized_block_height=height)
        if told.open is not None:
            return await self._carry_on(wallet, told.open, halted=halted)
        if halted:
            return False
        return await self._begin(wallet, height)

    async def _halted(self, wallet: str) -> bool:
        state = await self._signer.hello()
        return state.halted or any(halt.wallet == wallet for halt in state.halts)

    async def _finalized_height(self) -> int:
        """As a quorum tells it: below it nothing can land any more."""
        return rpc_answer.integer(
            await self._cluster.agree("getBlockHeight", {"commitment": "finalized"}), "getBlockHeight"
        )

    async def _begin(self, wallet: str, finalized_height: int) -> bool:
        standing = await self._standing(wallet, finalized_height)
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
        height = await self._cluster.height("confirmed")
        name = f"reclaim-{uuid4()}"
        signed = await self._signer.sign_reclaim(
            name,
            attempt=1,
            wallet=wallet,
            chain_id=self._cluster.chain_id,
            unsigned_tx=made.message,
            last_valid_block_height=blockhash.last_valid_block_height,
            evidence=SolanaEvidence(max(height, finalized_height), finalized_height, self._endpoints),
        )
        observe.reclaim_signed(wallet=wallet, reclaim_id=name, signature=signed.signature, receipts=made.receipts)
        await self._send(SignedAttempt(1, wallet, signed.signature, signed.raw_tx, signed.last_valid_block_height))
        return True

    async def _standing(self, wallet: str, finalized_height: int) -> list[StandingReceipt]:
        """The oldest receipts that the gate lets go and that the chain still has."""
        standing: list[StandingReceipt] = []
        after: int | None = 0
        for _ in range(_MOST_PAGES):
            if after is None or len(standing) >= self._limits.at_least:
                break
            told = await self._signer.reclaimable(
                wallet, self._cluster.chain_id, finalized_block_height=finalized_height, after=after
            )
            held = await self._cluster.accounts([one.address for one in told.receipts], commitment="finalized")
            for one in told.receipts:
                account = held.by_address[one.address]
                if account is not None and _is_receipt(account):
                    standing.append(StandingReceipt(one.seed, account.lamports))
            after = told.more_after
        return standing

    async def _carry_on(self, wallet: str, name: str, *, halted: bool) -> bool:
        recorded = await self._signer.solana_step(name, 0)
        if not recorded.attempts:
            why = recorded.pending_because or "it has no attempt"
            raise Unavailable("reclaim_unsigned", f"The reclaim {name} is recorded and not signed: {why}.")
        last = recorded.attempts[-1]
        attempt = SignedAttempt(last.attempt, wallet, last.signature, last.raw_tx, last.last_valid_block_height)
        outcome = await self._confirmations.outcome(attempt, within_ms=self._limits.within_ms)
        match outcome:
            case Landed() | Reverted():
                return not await self._landed(attempt, name, outcome)
            case Expired():
                return not await self._expired(name, outcome, [one.signature for one in recorded.attempts])
            case _:
                if not halted:
                    await self._send(attempt)
                return True

    async def _send(self, attempt: SignedAttempt) -> None:
        for lane in self._lanes:
            sent = await lane.send(attempt)
            if not sent.may_have_been_taken:
                observe.receipts_not_reclaimed(
                    wallet=attempt.wallet, code=sent.code or sent.kind, message=f"{lane.name}: {sent.detail}"
                )

    async def _landed(self, attempt: SignedAttempt, name: str, outcome: Landed | Reverted) -> bool:
        """The journal first: what the gate has settled is not asked for again."""
        succeeded = isinstance(outcome, Landed)
        body = ReceiptsReclaimed(
            chain_id=self._cluster.chain_id,
            wallet=attempt.wallet,
            signature=attempt.signature,
            block=BlockRef(
                number=outcome.slot, hash=f"slot {outcome.slot}", timestamp_s=self._clock.now_ns() // 1_000_000_000
            ),
            receipts=_receipts_in(attempt.transaction) if succeeded else 0,
            # Accounts that were closed are locked up no more.
            lamports_back=-outcome.locked_lamports if isinstance(outcome, Landed) else 0,
            fee_lamports=outcome.fee_lamports,
        )
        event_id = uuid5(NAMESPACE, f"{body.type_name()}/{body.chain_id}/{body.signature}")
        await self._stream.publish(
            Envelope.about_system(body, event_id=event_id, run_id=self._run_id, at_ns=self._clock.now_ns())
        )
        final = await self._signer.settle_solana(
            name,
            0,
            outcome=SolanaOutcome.SUCCEEDED if succeeded else SolanaOutcome.REVERTED,
            signature=outcome.signature,
            slot=outcome.slot,
            spent_raw={LAMPORTS: outcome.fee_lamports},
            endpoints=self._endpoints,
            finalized=await self._finalized(),
        )
        if final:
            observe.receipts_reclaimed(
                wallet=body.wallet,
                signature=body.signature,
                receipts=body.receipts,
                lamports_back=body.lamports_back,
                fee_lamports=body.fee_lamports,
            )
        return final

    async def _expired(self, name: str, outcome: Expired, signatures: Sequence[str]) -> bool:
        observe.reclaim_expired(reclaim_id=name, signature=outcome.signature)
        return await self._signer.settle_solana(
            name,
            0,
            outcome=SolanaOutcome.EXPIRED,
            signature=None,
            slot=None,
            spent_raw={},
            endpoints=outcome.endpoints,
            finalized=await self._finalized(),
            signatures=tuple(EarlierSignature(signature, "absent") for signature in signatures),
        )

    async def _finalized(self) -> SolanaFinalized:
        slot = rpc_answer.integer(await self._cluster.agree("getSlot", {"commitment": "finalized"}), "getSlot")
        return SolanaFinalized(slot, await self._finalized_height())


def _is_receipt(account: Account) -> bool:
    return account.owner == LAMPORTS and not account.data and account.lamports > 0


def _receipts_in(transaction: bytes) -> int:
    return sum(one.program == LAMPORTS for one in core.decode_solana_transaction(transaction).instructions)
