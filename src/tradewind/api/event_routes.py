"""The routes of events: page by page for those who come by, as a stream for those who stay."""

from collections.abc import Mapping
from json import dumps
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI, Header, Query, Request, Response

from tradewind.api.event_dto import EventPage
from tradewind.api.event_stream import EventStreamResponse, blocks_behind
from tradewind.api.limits import Limits
from tradewind.api.openapi import stream_of_events
from tradewind.api.ports import Feed, Records
from tradewind.api.scopes import caller_of
from tradewind.api.selecting import IntentId, StrategyId, Wallet, selection_of, visible
from tradewind.api.tokens import Tokens
from tradewind.domain.events import EVENT_TYPES
from tradewind.errors import InvalidInput, TradewindError
from tradewind.observability.clock import Clock
from tradewind.state.archive import EventsRead, Selection

MAX_PAGE = 500
# Rows a stream reads at once: what a client that reads nothing holds in memory.
_READ_AT_ONCE = 64
_MAX_SEQ = 2**63

After = Annotated[int, Query(ge=0, lt=_MAX_SEQ, description="Only events behind this place of the journal.")]
StreamAfter = Annotated[
    int | None,
    Query(
        ge=0,
        lt=_MAX_SEQ,
        description="Begin behind this place. Last-Event-ID comes before it.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
Type = Annotated[str | None, Query(alias="type", description="Only events of this type.")]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="The `id` of the last event that was received: go on behind it."),
]


def add_event_routes(
    app: FastAPI, *, records: Records, feed: Feed, tokens: Tokens, clock: Clock, limits: Limits
) -> None:
    """Add them to `app`."""

    def streaming(request: Request, seq: int, *, intent_id: UUID | None, selection: Selection | None) -> Response:
        token = request.headers["authorization"].partition(" ")[2].strip()

        def allowed() -> bool:
            # A stream outlives the look at its token that it began with.
            try:
                return tokens.caller(token, locks=False) == caller_of(request)
            except TradewindError:
                return False

        async def read(after_seq: int) -> EventsRead:
            return await records.events(
                after_seq=after_seq, limit=_READ_AT_ONCE, intent_id=intent_id, selection=selection
            )

        blocks = blocks_behind(
            seq, read=read, feed=feed, allowed=allowed, clock=clock, silence_s=limits.stream_silence_s
        )
        return EventStreamResponse(blocks)

    @app.get("/events", response_model=EventPage)
    async def list_events(
        *,
        request: Request,
        after: After = 0,
        limit: Limit = 100,
        kind: Type = None,
        strategy_id: StrategyId = None,
        wallet: Wallet = None,
    ) -> Response:
        """Events of all intents and of the service, oldest first; with a filter, or a bound token, of intents alone.

        A page may be short, even empty, while `next` leads on.
        """
        selection = selection_of(request, strategy_id=strategy_id, wallet=wallet)
        _check_place(feed, after, "query.after")
        types = None if kind is None else [_known_type(kind)]
        found = await records.events(after_seq=after, limit=limit, types=types, selection=selection)
        filters = {"type": kind, "strategy": strategy_id, "wallet": wallet, "limit": limit}
        return _page(found, "/events", filters)

    @app.get("/events/stream", **stream_of_events())
    async def stream_events(
        *,
        request: Request,
        last_event_id: LastEventId = None,
        after: StreamAfter = None,
        strategy_id: StrategyId = None,
        wallet: Wallet = None,
    ) -> Response:
        """The same events as they happen (text/event-stream), from now on unless told where to begin.

        Each has its place in the journal as `id`, its type as `event` and its envelope as `data`. Whoever comes back
        with Last-Event-ID misses nothing and hears nothing twice.
        """
        selection = selection_of(request, strategy_id=strategy_id, wallet=wallet)
        seq = _begin(feed, last_event_id, after, otherwise=feed.head)
        return streaming(request, seq, intent_id=None, selection=selection)

    @app.get("/intents/{id}/events", response_model=EventPage)
    async def show_events(request: Request, intent_id: IntentId, after: After = 0, limit: Limit = MAX_PAGE) -> Response:
        """The events of one intent as they stand in the journal."""
        visible(request, await records.intent(intent_id), intent_id)
        _check_place(feed, after, "query.after")
        found = await records.events(after_seq=after, limit=limit, intent_id=intent_id)
        return _page(found, f"/intents/{intent_id}/events", {"limit": limit})

    @app.get("/intents/{id}/events/stream", **stream_of_events())
    async def stream_intent(
        request: Request, intent_id: IntentId, last_event_id: LastEventId = None, after: StreamAfter = None
    ) -> Response:
        """The events of one intent as they happen (text/event-stream), from its first unless told where to begin.

        It goes on after the intent has ended, since a reorganisation of the chain can open it again.
        """
        visible(request, await records.intent(intent_id), intent_id)
        seq = _begin(feed, last_event_id, after, otherwise=0)
        return streaming(request, seq, intent_id=intent_id, selection=None)


def _known_type(name: str) -> str:
    if name not in EVENT_TYPES:
        message = f"'{name[:80]}' is no type of event. There are: {', '.join(EVENT_TYPES)}."
        raise InvalidInput.one("query.type", "event_type_unknown", message, what="query")
    return name


def _begin(feed: Feed, last_event_id: str | None, after: int | None, *, otherwise: int) -> int:
    if last_event_id is None:
        seq, field = (otherwise, "") if after is None else (after, "query.after")
    elif last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19:
        seq, field = int(last_event_id), "header.Last-Event-ID"
    else:
        message = "is not the id of an event. Send the last `id` that was received, or leave it out."
        raise InvalidInput.one("header.Last-Event-ID", "event_id_malformed", message, what="request")
    _check_place(feed, seq, field)
    return seq


def _check_place(feed: Feed, seq: int, field: str) -> None:
    """Going on behind a place that the journal has not reached would skip, in silence, all that happens before."""
    if seq > feed.head:
        message = f"is {seq}, and the journal ends at {feed.head}: it comes from another journal. Leave it out."
        raise InvalidInput.one(field, "event_id_unknown", message, what="request")


def _page(found: EventsRead, path: str, filters: Mapping[str, object]) -> Response:
    """An EventPage, whose envelopes are in the very text that was hashed."""
    events = ",".join(f'{{"seq":{row.seq},"hash":"{row.hash}","envelope":{row.text}}}' for row in found.rows)
    query = {name: value for name, value in filters.items() if value is not None}
    following = f"{path}?{urlencode({'after': found.up_to_seq, **query})}" if found.more else None
    body = f'{{"events":[{events}],"up_to_seq":{found.up_to_seq},"next":{dumps(following)}}}'
    return Response(body, media_type="application/json")
