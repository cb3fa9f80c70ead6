"""Every request that the service takes, once, for both kinds of client."""

import json
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote as quote_path
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError

from tradewind.accounting.report_view import ReportView
from tradewind.api.cancel_dto import CancelRequest, CancelShown
from tradewind.api.dto import (
    HaltAnswer,
    HaltRequest,
    IntentPage,
    IntentShown,
    ReadinessShown,
    ResumeRequest,
    SwitchShown,
)
from tradewind.api.event_dto import EventPage
from tradewind.api.limit_dto import LimitChanged, LimitsShown
from tradewind.api.portfolio_dto import PortfolioShown
from tradewind.api.quote_dto import QuoteShown
from tradewind.client.call import Call
from tradewind.domain.intent import Intent
from tradewind.domain.model import invalid_input
from tradewind.domain.receipt import IntentReceipt
from tradewind.domain.status import IntentStatus

IntentBody = Intent | Mapping[str, object] | str | bytes
B = TypeVar("B", bound=BaseModel)


def submit(intent: IntentBody, key: str | None) -> Call[IntentReceipt]:
    """Send an intent. A key of one's own makes a later, separate try the same request."""
    return _change("POST", "/intents", IntentReceipt, _bytes_of(intent), key)


def quote(intent: IntentBody) -> Call[QuoteShown]:
    """What the intent would do."""
    return Call("POST", "/quotes", QuoteShown, body=_bytes_of(intent), headers=_JSON)


def cancel(intent_id: UUID | str, reason: str | None, key: str | None) -> Call[CancelShown]:
    """Stop an intent."""
    wish = _wish(CancelRequest, "cancel", **({} if reason is None else {"reason": reason}))
    return _change("POST", f"{_own(intent_id)}/cancel", CancelShown, _bytes_of(wish), key)


def intent(intent_id: UUID | str) -> Call[IntentShown]:
    """Everything about one intent."""
    return Call("GET", _own(intent_id), IntentShown)


def intents(
    *,
    status: IntentStatus | None,
    strategy_id: UUID | str | None,
    wallet: str | None,
    limit: int | None,
    cursor: str | None,
) -> Call[IntentPage]:
    """A page of intents, the newest first."""
    query = _query(status=status, strategy=strategy_id, wallet=wallet, limit=limit, cursor=cursor)
    return Call("GET", "/intents", IntentPage, query=query)


def events(
    *,
    intent_id: UUID | str | None,
    after: int,
    limit: int | None,
    kind: str | None,
    strategy_id: UUID | str | None,
    wallet: str | None,
) -> Call[EventPage]:
    """A page of events, the oldest first."""
    path = "/events" if intent_id is None else f"{_own(intent_id)}/events"
    query = _query(after=after, limit=limit, type=kind, strategy=strategy_id, wallet=wallet)
    return Call("GET", path, EventPage, query=query)


def portfolio() -> Call[PortfolioShown]:
    """What there is and what is under way."""
    return Call("GET", "/portfolio", PortfolioShown)


def report(
    *,
    strategy_id: UUID | str | None,
    wallet: str | None,
    since: str | None,
    until: str | None,
    steps: int | None,
    compare: bool | None,
) -> Call[ReportView]:
    """What was traded and what it came to."""
    compared = None if compare is None else str(compare).lower()
    query = _query(strategy=strategy_id, wallet=wallet, since=since, until=until, steps=steps, compare=compared)
    return Call("GET", "/report", ReportView, query=query)


def limits() -> Call[LimitsShown]:
    """The signer's limits."""
    return Call("GET", "/limits", LimitsShown)


def set_limit(key: str, value_raw: int) -> Call[LimitChanged]:
    """Tighten a limit, or present a raise."""
    body = json.dumps({"value": str(value_raw)}).encode()
    return _change("PUT", f"/limits/{quote_path(key, safe='')}", LimitChanged, body, None)


def cancel_raise(key: str) -> Call[None]:
    """Take a raise back. Never sent twice by itself: the second answer would say that there is none."""
    return Call("DELETE", f"/limits/{quote_path(key, safe='')}/raise", type(None), repeatable=False)


def switch() -> Call[SwitchShown]:
    """Where the kill switch stands."""
    return Call("GET", "/halt", SwitchShown)


def halt(reason: str, *, wallet: str | None, strategy_id: UUID | str | None) -> Call[HaltAnswer]:
    """Pull the kill switch. Twice is safe: it is as halted as before."""
    wish = _wish(HaltRequest, "halt", reason=reason, wallet=wallet, strategy_id=strategy_id)
    return _change("POST", "/halt", HaltAnswer, _bytes_of(wish), None)


def resume(kill_epoch: int) -> Call[HaltAnswer]:
    """End one halt. Never sent twice by itself: the second answer would say that there is nothing to end."""
    wish = _wish(ResumeRequest, "resume", kill_epoch=kill_epoch, confirm="resume")
    return Call("POST", "/resume", HaltAnswer, body=_bytes_of(wish), headers=_JSON, repeatable=False)


def readiness() -> Call[ReadinessShown]:
    """The service's own checks; not being ready is an answer."""
    return Call("GET", "/readyz", ReadinessShown, statuses=frozenset({200, 503}))


def stream_path(intent_id: UUID | str | None) -> str:
    """Where events are streamed."""
    return "/events/stream" if intent_id is None else f"{_own(intent_id)}/events/stream"


_JSON = {"Content-Type": "application/json"}


def _change(method: str, path: str, answer: type[B], body: bytes, key: str | None) -> Call[B]:
    """A request that changes something, under a key, so that it can be sent again."""
    return Call(method, path, answer, body=body, headers={"Idempotency-Key": key or str(uuid4()), **_JSON})


def _wish(model: type[B], what: str, **fields: object) -> B:
    """A body of ours; what is wrong with it is said before anything is sent."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_input(error, what=what) from None


def _bytes_of(body: IntentBody | BaseModel) -> bytes:
    """As it stands when it is text already; a model without what was not said."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, BaseModel):
        return body.model_dump_json(exclude_none=True).encode()
    return json.dumps(body).encode()


def _own(intent_id: UUID | str) -> str:
    return f"/intents/{intent_id}"


def _query(**values: object) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}
