"""The route of quotes: what an intent would do, without doing it."""

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.labels import Labels
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Quotes
from tradewind.api.quote_dto import QuoteShown
from tradewind.api.quote_page import quote_page
from tradewind.api.scopes import caller_of, check_strategy
from tradewind.domain.intent import Intent
from tradewind.settings import Settings


def add_quote_routes(app: FastAPI, *, quotes: Quotes, settings: Settings, limits: Limits) -> None:
    """Add it to `app`."""
    tokens = settings.token_list()

    @app.post("/quotes", response_model=QuoteShown, openapi_extra=body_of(Intent))
    async def quote_intent(request: Request) -> Response:
        """What this intent would do if it were sent now: route, amounts, impact, gas, slices, and who would refuse it.

        A refusal is a part of the answer, not an error. Nothing is recorded, reserved or signed.
        """
        intent = await read_model(request, Intent, what="intent")
        check_strategy(caller_of(request), intent.strategy_id)
        work = quotes.quote(intent)
        quote = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/quotes")
        chain = settings.every_chain().get(intent.chain_id)
        labels = Labels(intent, tokens, chain.native_symbol if chain is not None else None)
        return answer(quote_page(intent, quote, labels))
