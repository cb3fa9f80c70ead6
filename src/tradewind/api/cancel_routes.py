"""The route that cancels intents: it stops what is not signed, and says what cannot be stopped any more."""

from typing import Any

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.cancel_dto import CancelRequest, CancelShown
from tradewind.api.idempotency import Idempotency, ask_of
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.page import links_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Canceller, Records
from tradewind.api.selecting import IntentId, visible
from tradewind.domain.receipt import CancelOutcome
from tradewind.intents.cancelling import outcome

_NOT_YET: dict[int | str, dict[str, Any]] = {
    202: {"model": CancelShown, "description": "What is not signed is being stopped; the intent is still open"}
}


def add_cancel_routes(
    app: FastAPI, *, manager: Canceller, records: Records, idempotency: Idempotency, limits: Limits
) -> None:
    """Add it to `app`."""

    @app.post(
        "/intents/{id}/cancel", response_model=CancelShown, responses=_NOT_YET, openapi_extra=body_of(CancelRequest)
    )
    async def cancel_intent(request: Request, intent_id: IntentId) -> Response:
        """Stop an intent: what is not signed yet never will be.

        200 when it has ended, 202 while it waits for an end. What was sent already cannot be recalled, on a chain
        without a mempool least of all: the answer names it, and the chain decides.
        """
        visible(request, await records.intent(intent_id), intent_id)
        wish = await read_model(request, CancelRequest, what="cancel")
        ask = await ask_of(request)

        async def cancel(accepted_before: bool) -> CancelOutcome:
            if accepted_before:
                # It may have ended meanwhile, which is what was wished for.
                return outcome(visible(request, await records.intent(intent_id), intent_id))
            accepted = ask.accepted(intent_id)
            return await manager.cancel(intent_id, by=ask.owner, reason=wish.reason, accepted=accepted)

        work = idempotency.once(ask, cancel)
        path = request.url.path
        found = await answer_within(limits.answer_s, work, request_id=request_id(request), path=path)
        shown = CancelShown(
            id=intent_id,
            status=found.status,
            is_final=found.status.is_final,
            message=found.message,
            sent_transactions=found.sent_transactions,
            links=links_of(intent_id),
        )
        return answer(shown, status=200 if shown.is_final else 202)
