"""The route that takes intents: once under each Idempotency-Key, whatever happens to the answer."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from tradewind.api.answer import answer, refuse_unknown_query, request_id
from tradewind.api.body import read_model
from tradewind.api.idempotency import Idempotency, ask_of
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Intake
from tradewind.api.scopes import caller_of, check_strategy
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import IntentReceipt


class WithoutParameters(APIRoute):
    """A route whose function takes the request as it is.

    Finding out again for each intent that there are no parameters is a good part of the time that accepting one takes.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request; errors are for the guard."""
        function = self.endpoint

        async def handle(request: Request) -> Response:
            await refuse_unknown_query(request)
            response: Response = await function(request)
            return response

        return handle


def add_submit_routes(app: FastAPI, *, manager: Intake, idempotency: Idempotency, limits: Limits) -> None:
    """Add it to `app`."""

    async def submit_intent(request: Request) -> Response:
        """Accept an intent. It is on disk once this says 202.

        Sent again with the same Idempotency-Key, or the same id, it gets the same receipt and is not done twice.
        """
        intent = await read_model(request, Intent, what="intent")
        ask = await ask_of(request)
        if "id" not in intent.model_fields_set:
            # Known before it is recorded, so that a retry after a crash finds the intent that the first try made.
            intent = intent.model_copy(update={"id": ask.intent_id()})
        check_strategy(caller_of(request), intent.strategy_id)

        def submit(accepted_before: bool) -> Coroutine[Any, Any, IntentReceipt]:
            return manager.submit(intent, by=ask.owner, accepted=None if accepted_before else ask.accepted(intent.id))

        work = idempotency.once(ask, submit)
        receipt = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/intents")
        return answer(receipt, status=202, headers={"Location": f"/intents/{receipt.id}"})

    app.router.add_api_route(
        "/intents",
        submit_intent,
        methods=["POST"],
        status_code=202,
        response_model=IntentReceipt,
        openapi_extra=body_of(Intent),
        route_class_override=WithoutParameters,
    )
