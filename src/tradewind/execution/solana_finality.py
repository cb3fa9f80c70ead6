"""Follows confirmed steps on Solana until a quorum calls their slots final, and settles them with the gate.

A confirmed transaction that a quorum does not know any more once its slot is final was on a fork: the step is taken
back, and its executor looks again at what the gate has on record for it.
"""

from tradewind.domain.chain import LAMPORTS
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError, Unavailable
from tradewind.execution.finality_follower import FinalityFollower
from tradewind.execution.signer_answers import SolanaOutcome
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.signer_questions import EarlierSignature, SolanaFinalized
from tradewind.execution.solana.coin import moved_as, spent_raw
from tradewind.execution.solana.earlier import earlier_of
from tradewind.execution.watched_steps import WatchedStep
from tradewind.observability.clock import NS_PER_S, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import Height, SolanaCluster


class SolanaFinality(FinalityFollower):
    """One cluster's."""

    def __init__(
        self,
        *,
        cluster: SolanaCluster,
        stream: EventStream,
        state: StateCoordinator,
        locks: IntentLocks,
        signer: SignerClient,
        clock: Clock,
        poll_interval_ms: int,
    ) -> None:
        super().__init__(
            chain_id=cluster.chain_id,
            stream=stream,
            state=state,
            locks=locks,
            clock=clock,
            poll_interval_ms=poll_interval_ms,
        )
        self._cluster = cluster
        self._signer = signer

    async def look(self) -> None:
        """Settle every step whose slot is final."""
        slot = rpc_answer.integer(await self._cluster.agree("getSlot", {"commitment": "finalized"}), "getSlot")
        height = await self._cluster.reached("finalized")
        held_up: TradewindError | None = None
        for step in self._steps:
            if step.result.block.number > slot:
                continue
            try:
                await self._settle(step, slot, height)
            except TradewindError as error:
                # What cannot be said of one step holds up no other.
                held_up = error
        if held_up is not None:
            raise held_up

    async def _settle(self, step: WatchedStep, slot: int, height: Height) -> None:
        told, endpoints = await self._cluster.agreed(
            "getSignatureStatuses", [step.result.tx_hash], {"searchTransactionHistory": True}
        )
        status = rpc_answer.mapping(told, "getSignatureStatuses").get("value")
        if not isinstance(status, list) or len(status) != 1:
            rpc_answer.refuse("getSignatureStatuses", "does not have one status")
        entry = status[0]
        if entry is None:
            await self._take_back(step)
            return
        if rpc_answer.mapping(entry, "status").get("confirmationStatus") != "finalized":
            return
        await self._told(step, self._tell_gate(step, SolanaFinalized(slot, height.blocks), endpoints))
        finalized = BlockRef(number=slot, hash=f"slot {slot}", timestamp_s=self._clock.now_ns() // NS_PER_S)
        await self._record_final(step, finalized, endpoints)

    async def _tell_gate(self, step: WatchedStep, finalized: SolanaFinalized, endpoints: tuple[str, ...]) -> bool:
        result = step.result
        succeeded = result.outcome is StepOutcome.SUCCEEDED
        return await self._signer.settle_solana(
            step.intent_id,
            result.step,
            outcome=SolanaOutcome.SUCCEEDED if succeeded else SolanaOutcome.REVERTED,
            signature=result.tx_hash,
            slot=result.block.number,
            spent_raw=self._spent(step),
            endpoints=endpoints,
            finalized=finalized,
            signatures=() if succeeded else await self._others(step, finalized),
        )

    async def _others(self, step: WatchedStep, finalized: SolanaFinalized) -> tuple[EarlierSignature, ...]:
        """What became of the step's other attempts: one of them may have taken effect, or still can.

        Raises Unavailable `attempt_undecided` and `attempt_landed`: then the revert is no end of the step.
        """
        recorded = await self._signer.solana_step(step.intent_id, step.result.step)
        others = [attempt for attempt in recorded.attempts if attempt.signature != step.result.tx_hash]
        alive = [one for one in others if finalized.block_height <= one.last_valid_block_height]
        if alive:
            raise Unavailable("attempt_undecided", f"The attempt {alive[0].signature} of the step can still land.")
        return await earlier_of(self._cluster, [attempt.signature for attempt in others])

    def _spent(self, step: WatchedStep) -> dict[str, int]:
        fill, fee_lamports = step.result.fill, step.result.fee_raw
        if fill is None:
            return {LAMPORTS: fee_lamports}
        view = self._state.in_memory(step.intent_id)
        plan = view.plan_of(step.plan_id) if view else None
        if plan is None:
            return {}
        paid = (hop.venue for leg in plan.legs for hop in leg.hops if hop.token_in == fill.token_in)
        return spent_raw(moved_as(fill.token_in, paid), fill.amount_in_raw, fee_lamports=fee_lamports)
