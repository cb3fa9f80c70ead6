"""Takes an accepted intent to its slices: waits for the wallet's turn, validates with the chain, decomposes.

Inline for now: one slice carries the whole intent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from tradewind.domain.events import (
    Envelope,
    IntentEvent,
    IntentExpired,
    IntentProcessed,
    IntentRejected,
    IntentValidated,
)
from tradewind.domain.intent import Intent, IntentType
from tradewind.domain.plan import Exact
from tradewind.domain.slice import Slice
from tradewind.errors import Disposition, TradewindError
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import IntentValidator
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class GateState(Protocol):
    """What the processor needs to know of the sign-gate."""

    @property
    def halted(self) -> bool:
        """Whether it would refuse to sign."""
        ...

    @property
    def gate_id(self) -> str:
        """Which gate it is: it alone will know what was signed for the intent."""
        ...


class IntentProcessor:
    """Hears IntentSubmitted; publishes IntentValidated with IntentProcessed, or how it ended instead."""

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        validator: IntentValidator,
        turns: WalletTurns,
        gate: Callable[[], Awaitable[GateState]],
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._state = state
        self._validator = validator
        self._turns = turns
        self._gate = gate
        self._clock = clock

    async def on_submitted(self, recorded: Recorded) -> None:
        """Take the intent forward, unless it is further already."""
        view = self._state.intent(recorded.envelope.correlation_id)
        if view is None or view.status.is_final or view.slices:
            return
        turn = self._turns.take(
            (view.intent.chain_id, view.wallet), view.intent.id, priority=view.priority.value, seq=view.first_seq
        )
        try:
            async with asyncio.timeout(self._seconds_left(view)):
                await turn
                facts, gate_id = await self._validated(view)
        except TimeoutError:
            await self._publish(recorded, _expired(view))
        except TradewindError as error:
            await self._publish(recorded, IntentRejected(intent_id=view.intent.id, code=error.code, message=str(error)))
        else:
            await self._publish(recorded, facts, decompose(view.intent, facts, gate_id))

    async def _validated(self, view: IntentView) -> tuple[IntentValidated, str]:
        """Ask until the chain and the signer answer; what they do not answer decides nothing."""
        backoff = Backoff(self._clock)
        while True:
            try:
                gate = await self._gate()
                if not gate.halted:
                    return await self._validator.check_with_chain(view), gate.gate_id
                observe.waiting(intent_id=view.intent.id, what="validation", code="halted", message="signing is halted")
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    raise
                observe.waiting(intent_id=view.intent.id, what="validation", code=error.code, message=str(error))
            await backoff.pause()

    def _seconds_left(self, view: IntentView) -> float:
        return max(0.0, (view.valid_until_ns - self._clock.now_ns()) / 1e9)

    async def _publish(self, cause: Recorded, *bodies: IntentEvent) -> None:
        at_ns = self._clock.now_ns()
        because_of = cause.envelope.id
        await self._stream.publish(*(Envelope.about_intent(b, at_ns=at_ns, because_of=because_of) for b in bodies))


def decompose(intent: Intent, facts: IntentValidated, gate_id: str) -> IntentProcessed:
    """One slice: acquiring fixes what comes out, disposing what goes in."""
    sized, counter = intent.sized.asset.address, intent.counter.asset.address
    if intent.intent_type is IntentType.ACQUIRE:
        part = Slice(index=0, exact=Exact.OUT, token_in=counter, token_out=sized, amount_raw=facts.amount_raw)
    else:
        part = Slice(index=0, exact=Exact.IN, token_in=sized, token_out=counter, amount_raw=facts.amount_raw)
    because = "one transaction carries the whole intent"
    return IntentProcessed(intent_id=intent.id, slices=(part,), because=because, gate_id=gate_id)


def _expired(view: IntentView) -> IntentExpired:
    return IntentExpired(
        intent_id=view.intent.id,
        code="deadline_passed",
        message="The time window closed before anything was signed. Nothing was spent.",
    )
