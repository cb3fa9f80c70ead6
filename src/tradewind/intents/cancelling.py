"""Cancels intents: what is not signed never will be, what was sent goes on to the chain's verdict."""

import asyncio
from uuid import UUID

from tradewind.domain.events import Envelope, IntentCancelRequested, RequestAccepted
from tradewind.domain.receipt import CancelOutcome
from tradewind.domain.status import IntentStatus
from tradewind.errors import Conflict, NotFound
from tradewind.observability.clock import Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream

# How long an answer waits for the intent to end: most have nothing on its way, and end at once.
PATIENCE_S = 2.0


class Cancelling:
    """Records the wish; whoever works on the intent sees it and stops."""

    def __init__(self, *, stream: EventStream, state: StateCoordinator, clock: Clock) -> None:
        self._stream = stream
        self._state = state
        self._clock = clock

    async def cancel(
        self, intent_id: UUID, *, by: str, reason: str, accepted: RequestAccepted | None = None
    ) -> CancelOutcome:
        """Ask for the end of an intent, durably; asking again is the same wish. `accepted` is recorded with it.

        Raises NotFound `intent_not_found`, Conflict `intent_ended`, Unavailable when the journal cannot be written.
        """
        view = self._state.intent(intent_id)
        if view is None:
            raise NotFound("intent_not_found", f"There is no intent with the id {intent_id}.")
        if view.status.is_final:
            raise Conflict("intent_ended", f"The intent has ended {view.status}: there is nothing left to cancel.")
        wish = IntentCancelRequested(intent_id=intent_id, by=by, reason=reason)
        at_ns = self._clock.now_ns()
        asked = [] if accepted is None else [Envelope.about_request(accepted, at_ns=at_ns)]
        because_of = asked[0].id if asked else None
        await self._stream.publish(*asked, Envelope.about_intent(wish, at_ns=at_ns, because_of=because_of))
        return outcome(await self._once_ended(view))

    async def _once_ended(self, view: IntentView) -> IntentView:
        """The intent when it has ended, or as it stands when the caller has waited long enough."""
        ending = asyncio.create_task(self._state.wait_for(view.intent.id, lambda v: v.status.is_final))
        patience = asyncio.create_task(self._clock.sleep(PATIENCE_S))
        try:
            await asyncio.wait((ending, patience), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ending, patience):
                task.cancel()
            await asyncio.gather(ending, patience, return_exceptions=True)
        return self._state.intent(view.intent.id) or view


def outcome(view: IntentView) -> CancelOutcome:
    """What the cancel came to, in words."""
    answered = {result.step for result in view.results}
    sent = () if view.status.is_final else tuple(s.tx_hash for s in view.submitted if s.step not in answered)
    return CancelOutcome(status=view.status, message=_message(view, sent), sent_transactions=sent)


def _message(view: IntentView, sent: tuple[str, ...]) -> str:
    if view.status is IntentStatus.COMPLETED:
        return "It was carried out in full before the cancel could stop anything."
    if view.status.is_final:
        return view.message or f"It ended {view.status}."
    if sent:
        return (
            f"What was not signed is stopped. {len(sent)} transaction{'s were' if len(sent) > 1 else ' was'} sent "
            "already and cannot be recalled; the intent ends when the chain has answered."
        )
    return (
        "What is not signed is being stopped. If a transaction is signed already, it is sent and the chain decides; "
        "look at the intent for its end."
    )
