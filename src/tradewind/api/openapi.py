"""The OpenAPI document: what FastAPI knows, plus the bodies that we parse ourselves, the token and the problems."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse

from tradewind.api.dto import HaltRequest, ResumeRequest
from tradewind.api.guard import PUBLIC
from tradewind.api.problem import BY_CODE, MEDIA_TYPE, Problem
from tradewind.domain.events import EVENT_TYPES
from tradewind.domain.intent import Intent

# Of the interface, not of the software: it changes when a client would have to.
_VERSION = "1"
_REF = "#/components/schemas/{model}"
# What is taken is more lenient than what is sent, so that both have a schema of their own.
_TAKEN = "{model}-Input"
_REF_TAKEN = f"#/components/schemas/{_TAKEN}"
_BODIES: tuple[type[BaseModel], ...] = (Intent, HaltRequest, ResumeRequest)
_SENT: tuple[type[BaseModel], ...] = (Problem, *EVENT_TYPES.values())
# What every route may answer, and what only those with a body, an id or a switch behind them may.
_ALWAYS = (403, 421, 422, 500, 503)
_WITH_TOKEN = (401,)
_WITH_BODY = (400, 408, 409, 413, 415)
_WITH_ID = (404,)


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The part of a route's description that says which JSON it takes."""
    schema = {"$ref": _REF_TAKEN.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


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
        routes=app.routes,
    )
    schemas = document["components"]["schemas"]
    taken = models_json_schema([(model, "validation") for model in _BODIES], ref_template=_REF_TAKEN)[1]["$defs"]
    sent = models_json_schema([(model, "serialization") for model in _SENT], ref_template=_REF)[1]["$defs"]
    schemas.update(sent)
    schemas.update({_TAKEN.format(model=name): schema for name, schema in taken.items()})
    # FastAPI knows only the base of all event bodies.
    schemas["Event"] = {"anyOf": [{"$ref": _REF.format(model=name)} for name in sorted(EVENT_TYPES)]}
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _add_problems(path, operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _add_problems(path: str, operation: dict[str, Any]) -> None:
    statuses = [*_ALWAYS]
    if path in PUBLIC:
        operation["security"] = []
    else:
        statuses += _WITH_TOKEN
    if "requestBody" in operation:
        statuses += _WITH_BODY
    if "{id}" in path:
        statuses += _WITH_ID
    responses = operation["responses"]
    responses.pop("422", None)
    for status in sorted(statuses):
        answer = responses.setdefault(str(status), {"description": _description(status)})
        content = answer.setdefault("content", {})
        content[MEDIA_TYPE] = {"schema": {"$ref": _REF.format(model="Problem")}}


def _description(status: int) -> str:
    codes = sorted(code for code, known in BY_CODE.items() if known == status)
    phrase = HTTPStatus(status).phrase
    return f"{phrase}: {', '.join(codes)}" if codes else phrase
