"""Follows a transaction that keeps wallets in order, from its signature to its end at the gate.

The gate is the only memory: it names what is under way. So a restart goes on where the last run stopped, with the same
bytes. What has expired is settled; whoever began it may begin another.
"""

from collections.abc import Awaitable, Callable, Sequence

from tradewind.domain.chain import LAMPORTS
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted
from tradewind.execution.executors.ports import Confirmations, Lane, SignedAttempt
from tradewind.execution.signer_answers import SolanaOutcome, SolanaSignature
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import EarlierSignature, SolanaEvidence, SolanaFinalized
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import Height, SolanaCluster

Record = Callable[[SignedAttempt, Landed | Reverted], Awaitable[None]]


class Upkeep:
    """`confirmations` answer at `finalized`; every lane gets the bytes. `within_ms`: how long one look waits."""

    def __init__(
        self,
        *,
        cluster: SolanaCluster,
        signer: SignerClient,
        confirmations: Confirmations,
        lanes: Sequence[Lane],
        clock: Clock,
        within_ms: int = 2_000,
    ) -> None:
        self.cluster = cluster
        self.signer = signer
        self.clock = clock
        self._confirmations = confirmations
        self._lanes = tuple(lanes)
        self._within_ms = within_ms

    async def halted(self, *wallets: str) -> bool:
        """Whether a halt stops one of them."""
        state = await self.signer.hello()
        return state.halted or any(halt.wallet in wallets for halt in state.halts if halt.wallet)

    async def finalized(self) -> Height:
        """As a quorum has reached it: what could land only below it can land no more."""
        return await self.cluster.reached("finalized")

    async def evidence(self, finalized: Height) -> SolanaEvidence:
        """What the gate is shown of the chain."""
        height = await self.cluster.reached("confirmed")
        both = tuple(endpoint for endpoint in height.endpoints if endpoint in finalized.endpoints)
        return SolanaEvidence(max(height.blocks, finalized.blocks), finalized.blocks, both or finalized.endpoints)

    async def send(self, wallet: str, signed: SolanaSignature) -> None:
        """What was signed just now."""
        await self._send(SignedAttempt(1, wallet, signed.signature, signed.raw_tx, signed.last_valid_block_height))

    async def follow(self, name: str, wallet: str, *, halted: bool, record: Record) -> bool:
        """Take what is under way as far as the chain has it; `record` what landed, before the gate is told that it is
        settled. Whether it is under way still. While halted nothing is sent."""
        recorded = await self.signer.solana_step(name, 0)
        if not recorded.attempts:
            why = recorded.pending_because or "it has no attempt"
            raise Unavailable("upkeep_unsigned", f"{name} is recorded and not signed: {why}.")
        last = recorded.attempts[-1]
        attempt = SignedAttempt(last.attempt, wallet, last.signature, last.raw_tx, last.last_valid_block_height)
        outcome = await self._confirmations.outcome(attempt, within_ms=self._within_ms)
        match outcome:
            case Landed() | Reverted():
                await record(attempt, outcome)
                return not await self._settle(name, outcome)
            case Expired():
                observe.upkeep_expired(name=name, signature=outcome.signature)
                return not await self._settle_expired(name, outcome, [one.signature for one in recorded.attempts])
            case _:
                if not halted:
                    await self._send(attempt)
                return True

    def block(self, slot: int) -> BlockRef:
        """A final slot as accounts name it."""
        return BlockRef(number=slot, hash=f"slot {slot}", timestamp_s=self.clock.now_ns() // 1_000_000_000)

    async def _send(self, attempt: SignedAttempt) -> None:
        for lane in self._lanes:
            sent = await lane.send(attempt)
            if not sent.may_have_been_taken:
                observe.upkeep_held_up(
                    wallet=attempt.wallet, code=sent.code or sent.kind, message=f"{lane.name}: {sent.detail}"
                )

    async def _settle(self, name: str, outcome: Landed | Reverted) -> bool:
        finalized, endpoints = await self._final_slot()
        return await self.signer.settle_solana(
            name,
            0,
            outcome=SolanaOutcome.SUCCEEDED if isinstance(outcome, Landed) else SolanaOutcome.REVERTED,
            signature=outcome.signature,
            slot=outcome.slot,
            spent_raw={LAMPORTS: outcome.fee_lamports},
            endpoints=endpoints,
            finalized=finalized,
        )

    async def _settle_expired(self, name: str, outcome: Expired, signatures: Sequence[str]) -> bool:
        finalized, _ = await self._final_slot()
        return await self.signer.settle_solana(
            name,
            0,
            outcome=SolanaOutcome.EXPIRED,
            signature=None,
            slot=None,
            spent_raw={},
            endpoints=outcome.endpoints,
            finalized=finalized,
            signatures=tuple(EarlierSignature(signature, "absent") for signature in signatures),
        )

    async def _final_slot(self) -> tuple[SolanaFinalized, tuple[str, ...]]:
        slot = rpc_answer.integer(await self.cluster.agree("getSlot", {"commitment": "finalized"}), "getSlot")
        height = await self.finalized()
        return SolanaFinalized(slot, height.blocks), height.endpoints
