"""The sign-gate as executors ask it."""

import asyncio
from uuid import UUID

from tradewind import core
from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.errors import Refused, Unavailable
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted
from tradewind.execution.executors.ports import RecordedStep, SignedAttempt, UnsignedTransaction
from tradewind.execution.signer_answers import RecordedSolanaStep, SolanaOutcome
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import (
    EarlierSignature,
    SolanaEvidence,
    SolanaFinalized,
    SolanaOrder,
    SolanaQuote,
)
from tradewind.execution.solana.coin import moved_as, spent_raw
from tradewind.execution.solana.earlier import earlier_of
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import SolanaCluster


class SolanaGate:
    """Implements `Gate` over the signer's socket. `endpoints` are those that are asked what landed."""

    def __init__(self, signer: SignerClient, cluster: SolanaCluster, *, endpoints: tuple[str, ...]) -> None:
        self._signer = signer
        self._cluster = cluster
        self._endpoints = endpoints

    async def step(self, owner: UUID, step: int) -> RecordedStep:
        """Everything on record for a step."""
        recorded = await self._signer.solana_step(owner, step)
        return RecordedStep(
            attempts=tuple(_attempt(recorded, place) for place in range(len(recorded.attempts))),
            closed=recorded.closed,
            ended=recorded.final,
            pending=bool(recorded.pending),
        )

    async def receipt_seed(self, plan: ExecutionPlanEvent, wallet: str) -> str | None:
        """The seed of the step's receipt, drawn once."""
        recorded = await self._signer.solana_step(plan.step_owner, plan.step)
        if recorded.attempts:
            return recorded.receipt.seed if recorded.receipt else None
        receipt = await self._signer.receipt(plan.step_owner, plan.step, wallet=wallet, chain_id=plan.chain_id)
        return receipt.seed

    async def sign(
        self,
        plan: ExecutionPlanEvent,
        wallet: str,
        *,
        attempt: int,
        unsigned: UnsignedTransaction,
        proof: Expired | None,
    ) -> SignedAttempt:
        """Record, then sign."""
        evidence = await self._evidence(plan, proof)
        order = SolanaOrder(
            plan.step_owner,
            plan.step,
            attempt=attempt,
            strategy_id=plan.strategy_id,
            wallet=wallet,
            chain_id=plan.chain_id,
            unsigned_tx=unsigned.message,
            last_valid_block_height=unsigned.blockhash.last_valid_block_height,
            quoted=quoted_of(plan),
            evidence=evidence,
            lookup_tables={table: dict(enumerate(keys)) for table, keys in unsigned.lookup_tables.items()},
        )
        signed = await self._signer.sign_solana(order)
        return SignedAttempt(
            attempt=attempt,
            wallet=wallet,
            signature=signed.signature,
            transaction=signed.raw_tx,
            last_valid_block_height=signed.last_valid_block_height,
            has_receipt=unsigned.has_receipt,
        )

    async def _evidence(self, plan: ExecutionPlanEvent, proof: Expired | None) -> SolanaEvidence:
        """Heights that a quorum has reached: one endpoint's would end a life early, or never."""
        height, finalized = await asyncio.gather(self._cluster.reached("confirmed"), self._cluster.reached("finalized"))
        if proof is None:
            both = tuple(endpoint for endpoint in height.endpoints if endpoint in finalized.endpoints)
            return SolanaEvidence(height.blocks, finalized.blocks, both or height.endpoints)
        recorded = await self._signer.solana_step(plan.step_owner, plan.step)
        return SolanaEvidence(
            block_height=max(height.blocks, finalized.blocks),
            finalized_block_height=max(finalized.blocks, proof.finalized_height),
            endpoints=proof.endpoints,
            signatures=await self._earlier(recorded),
        )

    async def _earlier(self, recorded: RecordedSolanaStep) -> tuple[EarlierSignature, ...]:
        return await earlier_of(self._cluster, [earlier.signature for earlier in recorded.attempts])

    async def close(self, owner: UUID, step: int) -> bool:
        """Have the step never signed; False when an attempt is on record."""
        return await self._signer.close(owner, step)

    async def settle(self, plan: ExecutionPlanEvent, outcome: Landed | Reverted | Expired) -> None:
        """Tell how the step ended. What is not final yet is a note, and is told again when it is."""
        recorded = await self._signer.solana_step(plan.step_owner, plan.step)
        if isinstance(outcome, Expired):
            await self._expire(plan, recorded, outcome.endpoints)
            return
        landed = isinstance(outcome, Landed)
        await self._signer.settle_solana(
            plan.step_owner,
            plan.step,
            outcome=SolanaOutcome.SUCCEEDED if landed else SolanaOutcome.REVERTED,
            signature=outcome.signature,
            slot=outcome.slot,
            spent_raw=_spent(plan, outcome),
            endpoints=self._endpoints,
        )

    async def expire(self, plan: ExecutionPlanEvent) -> None:
        """Settle as expired a step whose attempts are on record without a signature."""
        recorded = await self._signer.solana_step(plan.step_owner, plan.step)
        if recorded.attempts:
            raise Refused("newer_attempt", "An attempt of the step is signed, and has to be followed.")
        await self._expire(plan, recorded, ())

    async def _expire(self, plan: ExecutionPlanEvent, recorded: RecordedSolanaStep, endpoints: tuple[str, ...]) -> None:
        slot = rpc_answer.integer(await self._cluster.ask("getSlot", {"commitment": "finalized"}), "getSlot")
        height = await self._cluster.reached("finalized")
        await self._signer.settle_solana(
            plan.step_owner,
            plan.step,
            outcome=SolanaOutcome.EXPIRED,
            signature=None,
            slot=None,
            spent_raw={},
            endpoints=endpoints or height.endpoints,
            finalized=SolanaFinalized(slot, height.blocks),
            signatures=await self._earlier(recorded),
        )

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        """Stop signing in this scope."""
        return await self._signer.halt(reason=reason, by=by, wallet=wallet, strategy_id=strategy_id)

    async def halted(self, *, wallet: str | None = None, strategy_id: str | None = None) -> bool:
        """Whether a halt that covers this scope is in force already."""
        state = await self._signer.hello()
        return state.halted or any(
            (wallet is not None and halt.wallet == wallet)
            or (strategy_id is not None and halt.strategy_id == strategy_id)
            for halt in state.halts
        )

    async def gate_id(self) -> str:
        """Which gate this is."""
        return (await self._signer.hello()).gate_id


def _attempt(recorded: RecordedSolanaStep, place: int) -> SignedAttempt:
    signed = recorded.attempts[place]
    wallet = _payer(signed.raw_tx)
    return SignedAttempt(
        attempt=signed.attempt,
        wallet=wallet,
        signature=signed.signature,
        transaction=signed.raw_tx,
        last_valid_block_height=signed.last_valid_block_height,
        has_receipt=recorded.receipt is not None,
    )


def _payer(wire: bytes) -> str:
    decoded = core.decode_solana_transaction(wire)
    if not decoded.accounts:
        raise Unavailable("attempt_unreadable", "The gate has a transaction on record that names no account.")
    return decoded.accounts[0].key


def quoted_of(plan: ExecutionPlanEvent) -> SolanaQuote:
    """What the plan was quoted as a whole; a round trip has one mint on both sides."""
    paid = [route for route in plan.routes if route.input_mint == plan.input_token]
    got = [route for route in plan.routes if route.output_mint == plan.output_token]
    return SolanaQuote(
        moved_as(plan.input_token, (route.venue for route in paid)),
        moved_as(plan.output_token, (route.venue for route in got)),
        sum(route.input_amount for route in paid),
        sum(route.output_amount for route in got),
    )


def _spent(plan: ExecutionPlanEvent, outcome: Landed | Reverted) -> dict[str, int]:
    """What left the wallet, as the chain tells it."""
    amount_raw = outcome.input_amount_raw if isinstance(outcome, Landed) else 0
    return spent_raw(quoted_of(plan).mint_in, amount_raw, fee_lamports=outcome.fee_lamports)
