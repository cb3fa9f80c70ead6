"""The application: every route, behind the guard, with one way to say what went wrong."""

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tradewind.api.answer import refuse_unknown_query, request_id
from tradewind.api.cancel_routes import add_cancel_routes
from tradewind.api.event_routes import add_event_routes
from tradewind.api.guard import Guard
from tradewind.api.health_routes import add_health_routes
from tradewind.api.idempotency import Idempotency, Requests
from tradewind.api.intent_routes import add_intent_routes
from tradewind.api.limit_routes import add_limit_routes
from tradewind.api.limits import DEFAULT_LIMITS, Limits
from tradewind.api.openapi import add_document_route
from tradewind.api.portfolio_routes import add_portfolio_routes
from tradewind.api.ports import Accounts, Desk, Feed, Policy, Quotes, Readiness, Records, Switch
from tradewind.api.problem import problem_response
from tradewind.api.quote_routes import add_quote_routes
from tradewind.api.rates import Rate, Rates
from tradewind.api.refusals import Refusals
from tradewind.api.report_routes import ReportSource, add_report_routes
from tradewind.api.submit_routes import add_submit_routes
from tradewind.api.switch_routes import add_switch_routes
from tradewind.api.tokens import Tokens
from tradewind.domain.model import invalid_input
from tradewind.errors import NotFound, Refused, TradewindError
from tradewind.observability.clock import Clock
from tradewind.settings import ApiSettings, Settings


def create_app(
    *,
    manager: Desk,
    records: Records,
    feed: Feed,
    quotes: Quotes,
    accounts: Accounts,
    reports: ReportSource,
    policy: Policy,
    switch: Switch,
    readiness: Readiness,
    tokens: Tokens,
    requests: Requests,
    settings: Settings,
    clock: Clock,
    limits: Limits = DEFAULT_LIMITS,
) -> FastAPI:
    """The ASGI application. `requests` knows what was accepted under which key."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown_query)],
    )
    add_intent_routes(app, records=records, settings=settings, clock=clock)
    add_event_routes(app, records=records, feed=feed, tokens=tokens, clock=clock, limits=limits)
    idempotency = Idempotency(requests)
    add_submit_routes(app, manager=manager, idempotency=idempotency, limits=limits)
    add_cancel_routes(app, manager=manager, records=records, idempotency=idempotency, limits=limits)
    add_quote_routes(app, quotes=quotes, settings=settings, limits=limits)
    add_portfolio_routes(app, accounts=accounts, policy=policy, tokens=settings.token_list(), limits=limits)
    add_report_routes(app, reports=reports, limits=limits)
    add_limit_routes(app, policy=policy, tokens=settings.token_list(), limits=limits)
    add_switch_routes(app, switch=switch, strategies=settings.strategies.values(), limits=limits)
    add_health_routes(app, readiness=readiness, limits=limits)
    add_document_route(app)
    app.add_exception_handler(HTTPException, _no_such_route)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_middleware(
        Guard,
        hosts=_own_names(settings.api),
        tokens=tokens,
        rates=_rates(settings.api, clock),
        refusals=Refusals(clock),
        max_body_bytes=settings.api.max_body_bytes,
        limits=limits,
    )
    return app


def _rates(api: ApiSettings, clock: Clock) -> Rates:
    reads, writes = Rate(api.reads_per_s, api.reads_burst), Rate(api.writes_per_s, api.writes_burst)
    return Rates(clock, reads=reads, writes=writes)


def _own_names(api: ApiSettings) -> frozenset[str]:
    bound = f"[{api.host}]" if ":" in api.host else api.host
    return frozenset({"localhost", "127.0.0.1", "[::1]", bound})


async def _no_such_route(request: Request, error: Exception) -> Response:
    methods = _methods(request)
    if not methods:
        return _problem(request, NotFound("route_not_found", "There is nothing at this path."))
    allowed = {"Allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allowed)
    message = f"{request.method} is not possible here; {allowed['Allow']} are."
    response = _problem(request, Refused("method_not_allowed", message))
    response.headers.update(allowed)
    return response


async def _wrong_parameter(request: Request, error: Exception) -> Response:
    """A path or query parameter that FastAPI could not read, in our words."""
    items = error.errors() if isinstance(error, RequestValidationError) else []
    # As a fault of our own: pydantic makes errors again only of the types that are its own, and ours have others.
    details = [
        InitErrorDetails(
            type=PydanticCustomError(item["type"], "{message}", {"message": item["msg"]}),
            loc=tuple(item["loc"]),
            input=None,
        )
        for item in items
    ]
    return _problem(request, invalid_input(ValidationError.from_exception_data("request", details), what="request"))


def _methods(request: Request) -> list[str]:
    """What the path of a request can be asked for, over all routes that share it."""
    matching = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in matching for method in route.methods}
    if not methods:
        return []
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))


def _problem(request: Request, error: TradewindError) -> Response:
    return problem_response(error, instance=request.url.path, request_id=request_id(request))
