"""What following confirmed steps until they are final has in common on all chains: the looks, and what is recorded."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable

from tradewind.domain.events import Envelope, ExecutionStepFinalized, ExecutionStepReorganised, IntentEvent
from tradewind.domain.plan import BlockRef
from tradewind.errors import Disposition, TradewindError
from tradewind.execution.watched_steps import WatchedStep, WatchedSteps
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class FinalityFollower(ABC):
    """One chain's. `run` it for as long as the service lives; `on_recorded` is a tap behind that of the state."""

    def __init__(
        self,
        *,
        chain_id: int,
        stream: EventStream,
        state: StateCoordinator,
        locks: IntentLocks,
        clock: Clock,
        poll_interval_ms: int,
    ) -> None:
        self._chain_id = chain_id
        self._stream = stream
        self._state = state
        self._locks = locks
        self._clock = clock
        self._poll_s = poll_interval_ms / 1000
        self._steps = WatchedSteps(state, chain_id)

    @property
    def watched(self) -> int:
        """How many confirmed steps are not final yet."""
        return len(self._steps)

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
                observe.finality_held_up(chain_id=self._chain_id, code=error.code, message=str(error))
                await backoff.pause()

    @abstractmethod
    async def look(self) -> None:
        """One look at the chain: take back what left it, settle what became final."""

    async def _take_back(self, step: WatchedStep) -> None:
        """Record that the chain took a step back, unless it was recorded before."""
        result = step.result
        async with self._locks.of(step.intent_id):
            view = self._state.in_memory(step.intent_id)
            known = view.result_of(result.step) if view else None
            if view is None or known is None or (known.tx_hash, known.block) != (result.tx_hash, result.block):
                return
            observe.reorganisation_seen(chain_id=self._chain_id, block=result.block.number, steps=1)
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

    async def _told(self, step: WatchedStep, settling: Awaitable[bool]) -> bool | None:
        """What the gate answers; None when it refuses. The reservation then stays: never less than what was spent."""
        try:
            return await settling
        except TradewindError as error:
            if error.disposition is not Disposition.REJECT:
                raise
            observe.waiting(intent_id=step.intent_id, what="settlement", code=error.code, message=str(error))
            return None

    async def _record_final(self, step: WatchedStep, finalized: BlockRef, endpoints: tuple[str, ...]) -> None:
        result = step.result
        observe.step_settled(
            intent_id=step.intent_id, step=result.step, tx_hash=result.tx_hash, block=result.block.number
        )
        await self._publish(
            ExecutionStepFinalized(
                intent_id=step.intent_id,
                plan_id=step.plan_id,
                step=result.step,
                tx_hash=result.tx_hash,
                block=result.block,
                finalized=finalized,
                endpoints=endpoints,
            )
        )

    async def _publish(self, body: IntentEvent) -> None:
        await self._stream.publish(Envelope.about_intent(body, at_ns=self._clock.now_ns()))
