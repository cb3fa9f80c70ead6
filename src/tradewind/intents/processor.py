"""Takes an accepted intent to its slices: waits for the wallet's turn, validates with the chain, decomposes."""

from tradewind.domain.events import (
    Envelope,
    IntentCancelled,
    IntentEvent,
    IntentExpired,
    IntentProcessed,
    IntentRejected,
)
from tradewind.errors import Disposition, TradewindError
from tradewind.intents.turns import WalletTurns
from tradewind.intents.validator import Assessment, IntentValidator
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.planning.endings import why_cancelled
from tradewind.planning.gate_state import Gate, GateState, halt_of
from tradewind.planning.halt_watch import HaltWatch
from tradewind.planning.window import CancelRequested, IntentWindow, WindowClosed
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class IntentProcessor:
    """Hears IntentSubmitted; publishes IntentValidated with IntentProcessed, or how it ended instead.

    The turn that it takes is that of the first slice, which is planned on the heels of the validation.
    """

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        validator: IntentValidator,
        turns: WalletTurns,
        gate: Gate,
        halts: HaltWatch,
        window: IntentWindow,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._state = state
        self._validator = validator
        self._turns = turns
        self._gate = gate
        self._halts = halts
        self._window = window
        self._clock = clock

    async def on_submitted(self, recorded: Recorded) -> None:
        """Take the intent forward, unless it is further already."""
        view = self._state.intent(recorded.envelope.correlation_id)
        if view is None or view.status.is_final or view.slices:
            return
        try:
            found, gate = await self._window.run(view, self._until_validated(view), until_ns=view.valid_until_ns)
        except CancelRequested:
            await self._publish(recorded, _cancelled(self._state.intent(view.intent.id) or view))
        except WindowClosed:
            await self._publish(recorded, _expired(view))
        except TradewindError as error:
            await self._publish(recorded, IntentRejected(intent_id=view.intent.id, code=error.code, message=str(error)))
        else:
            await self._publish(recorded, found.facts, decompose(view, found, gate))

    async def _until_validated(self, view: IntentView) -> tuple[Assessment, GateState]:
        """Ask until the chain and the signer answer; what they do not answer decides nothing.

        Whoever has to wait lets others have the turn.
        """
        backoff, holder = Backoff(self._clock), (view.intent.id, 0)
        wallet, said = (view.intent.chain_id, view.wallet), ""
        while True:
            await self._turns.take(wallet, holder, priority=view.priority.value, seq=view.first_seq)
            try:
                gate = await self._gate()
                if (halt := halt_of(gate, view)) is None:
                    return await self._validator.check_with_chain(view), gate
                said, pause = _tell(view, halt, said), self._halts.until_changed(gate)
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    raise
                said, pause = _tell(view, error, said), backoff.pause()
            self._turns.give_back(holder)
            await pause

    async def _publish(self, cause: Recorded, *bodies: IntentEvent) -> None:
        at_ns = self._clock.now_ns()
        because_of = cause.envelope.id
        await self._stream.publish(*(Envelope.about_intent(b, at_ns=at_ns, because_of=because_of) for b in bodies))


def _tell(view: IntentView, error: TradewindError, said: str) -> str:
    """Say what the intent waits for, once: thousands may wait for the end of a halt. The code of what was said."""
    if error.code != said:
        observe.waiting(intent_id=view.intent.id, what="validation", code=error.code, message=str(error))
    return error.code


def decompose(view: IntentView, found: Assessment, gate: GateState) -> IntentProcessed:
    """The slices, why there are as many, and the gate that will know what is signed for them."""
    return IntentProcessed(
        intent_id=view.intent.id,
        slices=found.sliced.slices,
        because=found.sliced.because,
        slicing=found.sliced.decision,
        gate_id=gate.gate_id,
        gate_records=gate.records,
    )


def _expired(view: IntentView) -> IntentExpired:
    return IntentExpired(
        intent_id=view.intent.id,
        code="deadline_passed",
        message="The time window closed before anything was signed. Nothing was spent.",
    )


def _cancelled(view: IntentView) -> IntentCancelled:
    message = f"{why_cancelled(view)} Nothing was traded."
    return IntentCancelled(intent_id=view.intent.id, code="cancelled", message=message)
