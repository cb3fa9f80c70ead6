"""Problems: every error the API answers with, and the one table that gives each its HTTP status.

Bodies follow RFC 9457 (`application/problem+json`). Callers branch on `code` and `disposition`.
"""

import math
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tradewind.errors import (
    Conflict,
    Damaged,
    Disposition,
    Fault,
    Forbidden,
    Halted,
    InvalidInput,
    Misconfigured,
    NotFound,
    Refused,
    TooMany,
    TradewindError,
    Unauthorized,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
_MAX_FAULTS = 32
_MAX_FIELD = 200
_MAX_MESSAGE = 1_000

# A code speaks before its class. A refusal of an intent is 422: the request was understood and the rule will say
# the same again. A halt is 503 without Retry-After: no passing of time ends it.
BY_CODE: dict[str, HTTPStatus] = {
    "http_malformed": HTTPStatus.BAD_REQUEST,
    "json_not_utf8": HTTPStatus.BAD_REQUEST,
    "json_malformed": HTTPStatus.BAD_REQUEST,
    "json_duplicate_key": HTTPStatus.BAD_REQUEST,
    "json_too_deep": HTTPStatus.BAD_REQUEST,
    "json_array_too_long": HTTPStatus.BAD_REQUEST,
    "idempotency_key_missing": HTTPStatus.BAD_REQUEST,
    "idempotency_key_malformed": HTTPStatus.BAD_REQUEST,
    "origin_not_allowed": HTTPStatus.FORBIDDEN,
    "limit_unknown": HTTPStatus.NOT_FOUND,
    "raise_unknown": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "body_too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "content_type_not_json": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "content_encoding_unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "host_not_allowed": HTTPStatus.MISDIRECTED_REQUEST,
    "headers_too_large": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
BY_CLASS: dict[type[TradewindError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Halted: HTTPStatus.SERVICE_UNAVAILABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Misconfigured: HTTPStatus.INTERNAL_SERVER_ERROR,
    Damaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    TradewindError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class FaultBody(BaseModel):
    """One thing that is wrong with the request: where, what, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """Why a request was not done. `disposition`: retry it later, give up on it (reject), or get a person (halt)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:tradewind:problem:intent_not_found"])
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str
    disposition: Disposition
    faults: tuple[FaultBody, ...]


class InternalError(TradewindError):
    """Something nobody expected; the log has the details under the request id."""

    disposition = Disposition.HALT

    def __init__(self) -> None:
        super().__init__(
            "internal_error",
            "The service met an error of its own.",
            remedy="Its log has the details under this request id.",
        )


def status_of(error: TradewindError) -> HTTPStatus:
    """The HTTP status of an error."""
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return next(BY_CLASS[kind] for kind in type(error).__mro__ if kind in BY_CLASS)


def problem_of(error: TradewindError, *, instance: str, request_id: str) -> Problem:
    """The body that tells a client about `error`."""
    status = status_of(error)
    return Problem(
        type=f"urn:tradewind:problem:{error.code}",
        title=status.phrase,
        status=status,
        detail=str(error)[:_MAX_MESSAGE],
        code=error.code,
        instance=instance[:_MAX_FIELD],
        request_id=request_id,
        disposition=error.disposition,
        faults=_fault_bodies(error.faults) if isinstance(error, InvalidInput) else (),
    )


def problem_response(error: TradewindError, *, instance: str, request_id: str) -> Response:
    """The whole answer, with the headers that the status asks for."""
    problem = problem_of(error, instance=instance, request_id=request_id)
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="tradewind"'
    if isinstance(error, Unavailable):
        wait_s = error.retry_after_s if isinstance(error, TooMany) else RETRY_AFTER_S
        headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return Response(problem.model_dump_json(), status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)


def _fault_bodies(faults: tuple[Fault, ...]) -> tuple[FaultBody, ...]:
    """The first of them, shortened: a small request must not be able to ask for a large answer."""
    shown = faults[:_MAX_FAULTS]
    return tuple(
        FaultBody(field=fault.field[:_MAX_FIELD], code=fault.code, message=fault.message[:_MAX_MESSAGE])
        for fault in shown
    )
