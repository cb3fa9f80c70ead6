"""The front door: checks what needs no chain, prioritises, and answers once the intent is on disk."""

from uuid import UUID

from tradewind.domain.events import Envelope, IntentSubmitted, RequestAccepted
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import CancelOutcome, IntentReceipt
from tradewind.domain.status import IntentStatus
from tradewind.errors import Conflict, Unavailable
from tradewind.intents.cancelling import Cancelling
from tradewind.intents.prioritizer import Prioritizer
from tradewind.intents.validator import IntentValidator
from tradewind.observability.clock import NS_PER_MS, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream


class IntentManager:
    """Accepts intents. Owns no state: what it accepted is in the log."""

    def __init__(
        self,
        *,
        stream: EventStream,
        state: StateCoordinator,
        validator: IntentValidator,
        prioritizer: Prioritizer,
        clock: Clock,
        max_open_intents: int,
    ) -> None:
        self._stream = stream
        self._state = state
        self._validator = validator
        self._prioritizer = prioritizer
        self._clock = clock
        self._max_open_intents = max_open_intents
        self._cancelling = Cancelling(stream=stream, state=state, clock=clock)

    async def submit(
        self, intent: Intent, *, by: str = "owner", accepted: RequestAccepted | None = None
    ) -> IntentReceipt:
        """Accept `intent` durably; the same intent sent again gets the same receipt.

        `by` is whose token sent it; `accepted` is recorded in the same commit, so that neither is there alone.
        Raises InvalidInput or Refused for what is wrong with it, Conflict when its id is taken by another intent,
        Unavailable when too much is open or the journal cannot be written.
        """
        if (known := self._state.intent_before(intent.id)) is not None:
            receipt = _receipt(_same(known.intent, intent), known)
            await self._stream.publish(*_about(accepted, at_ns=self._clock.now_ns()))
            return receipt
        strategy = self._validator.check_without_chain(intent)
        if self._state.open_count() >= self._max_open_intents:
            raise Unavailable(
                "too_many_open_intents",
                f"{self._max_open_intents} intents are open, which is the limit.",
                remedy="Send it again when some have ended.",
            )
        received_at_ns = self._clock.now_ns()
        submitted = IntentSubmitted(
            intent_id=intent.id,
            intent=intent,
            wallet=strategy.wallet,
            priority=self._prioritizer.prioritise(intent),
            received_at_ns=received_at_ns,
            valid_until_ns=received_at_ns + intent.constraints.time_window_ms * NS_PER_MS,
            submitted_by=by,
        )
        asked = _about(accepted, at_ns=received_at_ns)
        because_of = asked[0].id if asked else None
        event = Envelope.about_intent(submitted, at_ns=received_at_ns, because_of=because_of)
        [*_, recorded] = await self._stream.publish(*asked, event)
        # Two requests with one id can race; the journal kept the first, and both must be told what it says.
        kept = recorded.envelope.body
        if not isinstance(kept, IntentSubmitted):
            raise Conflict("intent_id_conflict", f"The id {intent.id} belongs to something else.")
        return _receipt(_same(kept.intent, intent), kept)

    async def cancel(
        self, intent_id: UUID, *, by: str, reason: str, accepted: RequestAccepted | None = None
    ) -> CancelOutcome:
        """Stop what is not signed yet, and say what could not be stopped; as in `Cancelling.cancel`."""
        return await self._cancelling.cancel(intent_id, by=by, reason=reason, accepted=accepted)


def _about(accepted: RequestAccepted | None, *, at_ns: int) -> list[Envelope]:
    return [] if accepted is None else [Envelope.about_request(accepted, at_ns=at_ns)]


def _same(kept: Intent, sent: Intent) -> Intent:
    if kept != sent:
        raise Conflict(
            "intent_id_conflict",
            f"An intent with the id {sent.id} was accepted before, and it says something else.",
            remedy="Leave the id out to have one made, or send the same intent.",
        )
    return kept


def _receipt(intent: Intent, facts: IntentSubmitted | IntentView) -> IntentReceipt:
    """What the first answer was, whatever has become of the intent since."""
    return IntentReceipt(
        id=intent.id,
        status=IntentStatus.PENDING,
        priority=facts.priority,
        received_at_ns=facts.received_at_ns,
        valid_until_ns=facts.valid_until_ns,
        links=links(intent.id),
    )


def links(intent_id: UUID) -> dict[str, str]:
    """Where the API shows an intent."""
    return {"self": f"/intents/{intent_id}", "events": f"/intents/{intent_id}/events"}
