"""The routes that show intents: one of them whole, or a list."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response

from tradewind.api.answer import answer
from tradewind.api.cursor import before_seq_of, cursor_of
from tradewind.api.dto import IntentPage, IntentShown
from tradewind.api.page import page_of, summary_of
from tradewind.api.ports import Records
from tradewind.api.selecting import IntentId, StrategyId, Wallet, selection_of, visible
from tradewind.domain.status import IntentStatus
from tradewind.observability.clock import Clock
from tradewind.settings import Settings

MAX_PAGE = 200

Status = Annotated[IntentStatus | None, Query(description="Only intents of this status.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="Where a page begins; take it from `next` of the one before.")
]


def add_intent_routes(app: FastAPI, *, records: Records, settings: Settings, clock: Clock) -> None:
    """Add them to `app`."""
    tokens = settings.token_list()

    @app.get("/intents", response_model=IntentPage)
    async def list_intents(
        *,
        request: Request,
        status: Status = None,
        strategy_id: StrategyId = None,
        wallet: Wallet = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        """Intents, the newest first. A page may be short, even empty, while `next` leads on."""
        selection = selection_of(request, strategy_id=strategy_id, wallet=wallet, status=status)
        before_seq = None if cursor is None else before_seq_of(cursor)
        found, next_before = await records.summaries(selection, limit, before_seq)
        following = None if next_before is None else cursor_of(next_before)
        filters = {"status": status, "strategy": strategy_id, "wallet": wallet, "limit": limit, "cursor": following}
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        page = IntentPage(
            intents=tuple(map(summary_of, found)),
            next=None if following is None else f"/intents?{query}",
            next_cursor=following,
        )
        return answer(page)

    @app.get("/intents/{id}", response_model=IntentShown)
    async def show_intent(request: Request, intent_id: IntentId) -> Response:
        """Everything about one intent: where it stands, what was planned, sent and filled, and when."""
        view = visible(request, await records.intent(intent_id), intent_id)
        chain = settings.every_chain().get(view.intent.chain_id)
        coin = chain.native_symbol if chain is not None else None
        return answer(page_of(view, tokens=tokens, native_symbol=coin, now_ns=clock.now_ns()))
