"""The OpenAPI document: what FastAPI knows, plus what it cannot: bodies that we parse, streams, scopes and problems."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse

from tradewind.api.dto import HaltRequest, ResumeRequest
from tradewind.api.examples import INTENT
from tradewind.api.guard import PUBLIC
from tradewind.api.idempotency import HEADER, MAX_LENGTH, PATTERN
from tradewind.api.problem import MEDIA_TYPE, Problem
from tradewind.api.problem_codes import codes_of
from tradewind.api.scopes import Rule, Scope, rule_of
from tradewind.domain.events import EVENT_TYPES, Envelope
from tradewind.domain.intent import Intent

# Of the interface, not of the software: it changes when a client would have to.
_VERSION = "2"
_REF = "#/components/schemas/{model}"
# What is taken is more lenient than what is sent, so that both have a schema of their own.
_TAKEN = "{model}-Input"
_REF_TAKEN = f"#/components/schemas/{_TAKEN}"
_SENT: tuple[type[BaseModel], ...] = (Problem, Envelope, *EVENT_TYPES.values())
_TAKEN_MODELS: dict[type[BaseModel], None] = {}
_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    Intent: {"acquire 1.5 WETH": {"value": INTENT}},
    HaltRequest: {"stop everything": {"value": {"reason": "the price feed looks wrong"}}},
    ResumeRequest: {"after a look": {"value": {"kill_epoch": 3, "confirm": "resume"}}},
}
_SCOPES = {
    Scope.READ: "looks at everything, and asks for quotes",
    Scope.TRADE: "sends and cancels intents, may halt; includes read",
    Scope.HALT: "pulls the kill switch and nothing else",
    Scope.ADMIN: "releases the kill switch and changes limits; includes all others",
}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The part of a route's description that says which JSON it takes."""
    _TAKEN_MODELS[model] = None
    content: dict[str, Any] = {"schema": {"$ref": _REF_TAKEN.format(model=model.__name__)}}
    if model in _EXAMPLES:
        content["examples"] = _EXAMPLES[model]
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def stream_of_events() -> dict[str, Any]:
    """The arguments of a route that answers with server-sent events."""
    description = (
        "Server-sent events, in UTF-8. Each has as `id` its place in the journal, as `event` its type, and as `data` "
        "one line of JSON, the Envelope. Comments keep the connection alive while nothing happens; they can come with "
        "an `id` alone, which moves the place to resume from."
    )
    content = {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": "id: 17\nevent: PlanCreated\ndata: {…}\n\n",
            "x-event-data": {"$ref": _REF.format(model="Envelope")},
        }
    }
    return {"response_class": Response, "responses": {200: {"description": description, "content": content}}}


def add_document_route(app: FastAPI) -> None:
    """Serve the document at /openapi.json, behind the token like everything else."""

    @app.get("/openapi.json", include_in_schema=False)
    async def document(request: Request) -> Response:
        """This document."""
        return JSONResponse(document_of(request.app))


def document_of(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(
        title="Tradewind",
        version=_VERSION,
        summary="Turns trading intents into confirmed results.",
        description=_description(),
        routes=app.routes,
    )
    _complete_schemas(document["components"]["schemas"])
    document["components"]["securitySchemes"] = {"token": _security_scheme()}
    document["security"] = [{"token": [Scope.READ.value]}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method.upper(), path)
    return document


def _description() -> str:
    return (
        "Amounts are integers of the smallest unit as decimal strings (`raw`), times are nanoseconds UTC or ISO 8601. "
        f"Every error is a Problem (RFC 9457) with a stable `code`. Routes that change something need an "
        f"{HEADER}: the same key with the same bytes is never done twice, and with other bytes is refused."
    )


def _security_scheme() -> dict[str, Any]:
    scopes = "; ".join(f"`{scope.value}`: {meaning}" for scope, meaning in _SCOPES.items())
    return {
        "type": "http",
        "scheme": "bearer",
        "description": f"A token from `tradewind token new`, made for scopes: {scopes}. It can be bound to strategies: "
        "then it sees and moves only their intents. Each operation names the scopes of which a token needs one.",
    }


def _complete_schemas(schemas: dict[str, Any]) -> None:
    taken = [(model, "validation") for model in _TAKEN_MODELS]
    sent = [(model, "serialization") for model in _SENT]
    schemas.update(models_json_schema(sent, ref_template=_REF)[1]["$defs"])  # type: ignore[arg-type]
    for name, schema in models_json_schema(taken, ref_template=_REF_TAKEN)[1]["$defs"].items():  # type: ignore[arg-type]
        schemas[_TAKEN.format(model=name)] = schema
    # FastAPI knows only the base of all event bodies.
    schemas["Event"] = {"anyOf": [{"$ref": _REF.format(model=name)} for name in sorted(EVENT_TYPES)]}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    """Say what FastAPI cannot know of an operation: who may ask for it, its key, and how it can go wrong."""
    rule = rule_of(method, path)
    operation["security"] = [] if path in PUBLIC else [{"token": [scope.value]} for scope in rule.scopes]
    operation["operationId"] = operation["operationId"].removesuffix(f"_{method.lower()}").partition("__")[0]
    if rule.keyed:
        operation.setdefault("parameters", []).append(_key_parameter())
    responses = operation["responses"]
    responses.pop("422", None)
    for status in _statuses(operation, rule, path):
        codes = codes_of(method, path, status)
        known = ", ".join(f"`{code}`" for code in codes)
        phrase = HTTPStatus(status).phrase
        answer = responses.setdefault(str(status), {"description": f"{phrase}: {known}" if codes else phrase})
        answer.setdefault("content", {})[MEDIA_TYPE] = {"schema": {"$ref": _REF.format(model="Problem")}}
        if codes:
            answer["x-codes"] = list(codes)
    operation["responses"] = dict(sorted(responses.items()))


def _key_parameter() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": True,
        "description": "A text of the sender's own, new for each new request; sent again with the same bytes, the "
        "request is not done again.",
        "schema": {"type": "string", "pattern": PATTERN, "maxLength": MAX_LENGTH},
        "example": "0c2f1a5e-6d1c-4b0e-9d0a-6b8f0e1a2b3c",
    }


def _statuses(operation: dict[str, Any], rule: Rule, path: str) -> list[int]:
    """What the route may answer: what every one may, and what only those with a token, a body, an id or a rate may."""
    found = {403, 421, 422, 431, 500, 503}
    if path not in PUBLIC:
        found |= {401}
        if not rule.unlimited:
            found |= {429}
    if "requestBody" in operation:
        found |= {400, 408, 409, 413, 415}
    if rule.keyed:
        found |= {400, 409}
    if "{" in path:
        found |= {404}
    return sorted(found)
