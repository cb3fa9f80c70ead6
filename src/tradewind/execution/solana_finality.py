"""Follows confirmed steps on Solana until a quorum calls their slots final, and settles them with the gate.

A confirmed transaction that a quorum does not know any more once its slot is final was on a fork: the step is taken
back, and its executor looks again at what the gate has on record for it.
"""

from tradewind.domain.events import Envelope, ExecutionStepFinalized, ExecutionStepReorganised, IntentEvent
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import BlockRef
from tradewind.errors import Disposition, TradewindError, Unavailable
from tradewind.execution.signer_client import EarlierSignature, SignerClient, SolanaFinalized, SolanaOutcome
from tradewind.execution.solana.coin import LAMPORTS, moved_as, spent_raw
from tradewind.execution.solana.earlier import earlier_of
from tradewind.execution.watched_steps import WatchedStep, WatchedSteps
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import Height, SolanaCluster


class SolanaFinality:
    """`run` it for as long as the service lives; `on_recorded` is a tap behind that of the state."""

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
        self._cluster = cluster
        self._stream = stream
        self._state = state
        self._locks = locks
        self._signer = signer
        self._clock = clock
        self._poll_s = poll_interval_ms / 1000
        self._steps = WatchedSteps(state, cluster.chain_id)

    def on_recorded(self, recorded: Recorded) -> None:
        """Learn what was confirmed, taken back or finalized."""
        self._steps.on_recorded(recorded)

    def recover(self) -> None:
        """Watch what the journal has as confirmed and not as final."""
        self._steps.recover()

    async def run(self) -> None:
        """Look again and again; what fails is tried again."""
        backoff = Backoff(self._clock)
        while True:
            try:
                if len(self._steps):
                    await self.look()
                backoff = Backoff(self._clock)
                await self._clock.sleep(self._poll_s)
            except TradewindError as error:
                observe.finality_held_up(chain_id=self._cluster.chain_id, code=error.code, message=str(error))
                await backoff.pause()

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
        await self._tell_gate(step, SolanaFinalized(slot, height.blocks), endpoints)
        finalized = BlockRef(number=slot, hash=f"slot {slot}", timestamp_s=self._clock.now_ns() // 1_000_000_000)
        observe.step_settled(
            intent_id=step.intent_id,
            step=step.result.step,
            tx_hash=step.result.tx_hash,
            block=step.result.block.number,
        )
        await self._publish(
            ExecutionStepFinalized(
                intent_id=step.intent_id,
                plan_id=step.plan_id,
                step=step.result.step,
                tx_hash=step.result.tx_hash,
                block=step.result.block,
                finalized=finalized,
                endpoints=endpoints,
            )
        )

    async def _tell_gate(self, step: WatchedStep, finalized: SolanaFinalized, endpoints: tuple[str, ...]) -> None:
        result = step.result
        succeeded = result.outcome is StepOutcome.SUCCEEDED
        try:
            await self._signer.settle_solana(
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
        except TradewindError as error:
            if error.disposition is not Disposition.REJECT:
                raise
            # The reservation stays as it was signed: never less than what was spent.
            observe.waiting(intent_id=step.intent_id, what="settlement", code=error.code, message=str(error))

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

    async def _take_back(self, step: WatchedStep) -> None:
        result = step.result
        async with self._locks.of(step.intent_id):
            view = self._state.in_memory(step.intent_id)
            known = view.result_of(result.step) if view else None
            if view is None or known is None or known.tx_hash != result.tx_hash:
                return
            observe.reorganisation_seen(chain_id=self._cluster.chain_id, block=result.block.number, steps=1)
            await self._publish(
                ExecutionStepReorganised(
                    intent_id=step.intent_id,
                    round=view.round,
                    plan_id=step.plan_id,
                    step=result.step,
                    tx_hash=result.tx_hash,
                    block=result.block,
                )
            )

    async def _publish(self, body: IntentEvent) -> None:
        await self._stream.publish(Envelope.about_intent(body, at_ns=self._clock.now_ns()))
