"""What every route does with a request and its answer: the id it has, and the JSON it becomes."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from tradewind.errors import Fault, InvalidInput


def answer(shown: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`shown` as JSON."""
    return Response(shown.model_dump_json(), status_code=status, headers=headers, media_type="application/json")


def request_id(request: Request) -> str:
    """The id under which the log speaks of this request."""
    return str(request.state.request_id)


async def refuse_unknown_query(request: Request) -> None:
    """Every query parameter must be known to its route and given once: a misspelt filter must not pass unseen."""
    # Not a plain function: FastAPI would hand that to a thread, for each request.
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    known = sorted(field.alias for field in route.dependant.query_params) if isinstance(route, APIRoute) else []
    given = [name for name, _ in request.query_params.multi_items()]
    faults = [_fault(name, known) for name in dict.fromkeys(given) if name not in known or given.count(name) > 1]
    if faults:
        raise InvalidInput(faults, what="query")


def _fault(name: str, known: list[str]) -> Fault:
    if name in known:
        return Fault(f"query.{name}", "parameter_given_twice", "is given more than once. Give it once.")
    remedy = f"Known here: {', '.join(known)}." if known else "This route takes none. Remove it."
    return Fault(f"query.{name}", "unknown_parameter", f"is not a parameter of this route. {remedy}")
