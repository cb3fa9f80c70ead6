"""The routes of intents: send one, look at one, list them, read what happened."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.dto import EventPage, IntentPage, IntentShown, RecordedShown
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.page import page_of, summary_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Intake, Intents
from tradewind.domain.intent import Intent
from tradewind.domain.receipt import IntentReceipt
from tradewind.domain.status import IntentStatus
from tradewind.errors import NotFound
from tradewind.observability.clock import Clock
from tradewind.settings import Settings
from tradewind.state.view import IntentView

MAX_PAGE = 200

IntentId = Annotated[UUID, Path(alias="id", description="The id of the intent.")]
Status = Annotated[IntentStatus | None, Query(description="Only intents of this status.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
Before = Annotated[int | None, Query(ge=1, lt=2**63, description="Only older ones; `next` of a page has it.")]


def add_intent_routes(
    app: FastAPI, *, manager: Intake, state: Intents, settings: Settings, clock: Clock, limits: Limits
) -> None:
    """Add them to `app`."""
    tokens = settings.token_list()

    @app.post("/intents", status_code=202, response_model=IntentReceipt, openapi_extra=body_of(Intent))
    async def submit_intent(request: Request) -> Response:
        """Accept an intent. It is on disk once this says 202; sent again with the same id, it is not done twice."""
        intent = await read_model(request, Intent, what="intent")
        work = manager.submit(intent)
        receipt = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/intents")
        return answer(receipt, status=202, headers={"Location": f"/intents/{receipt.id}"})

    @app.get("/intents", response_model=IntentPage)
    async def list_intents(status: Status = None, limit: Limit = 50, before: Before = None) -> Response:
        """Intents, the newest first. A page may be short, even empty, while `next` leads on."""
        views, next_before = state.list(status=status, limit=limit, before_seq=before)
        following = None
        if next_before is not None:
            filters = {"status": status.value} if status else {}
            following = "/intents?" + urlencode({**filters, "limit": limit, "before": next_before})
        return answer(IntentPage(intents=tuple(map(summary_of, views)), next=following))

    @app.get("/intents/{id}", response_model=IntentShown)
    async def show_intent(intent_id: IntentId) -> Response:
        """Everything about one intent: where it stands, what was planned, sent and filled, and when."""
        view = _found(state, intent_id)
        chain = settings.chains.get(view.intent.chain_id)
        coin = chain.native_symbol if chain is not None else None
        return answer(page_of(view, tokens=tokens, native_symbol=coin, now_ns=clock.now_ns()))

    @app.get("/intents/{id}/events", response_model=EventPage)
    async def show_events(intent_id: IntentId) -> Response:
        """The events of one intent as they stand in the journal."""
        _found(state, intent_id)
        rows = (RecordedShown(seq=row.seq, hash=row.hash, envelope=row.envelope) for row in state.events(intent_id))
        return answer(EventPage(events=tuple(rows)))


def _found(state: Intents, intent_id: UUID) -> IntentView:
    view = state.intent(intent_id)
    if view is None:
        raise NotFound("intent_not_found", f"There is no intent with the id {intent_id}.")
    return view
