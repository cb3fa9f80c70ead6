"""The routes that tell whether the service lives and whether it can do its work."""

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.dto import Health, ReadinessShown
from tradewind.api.limits import Limits
from tradewind.api.patience import answer_within
from tradewind.api.ports import Readiness


def add_health_routes(app: FastAPI, *, readiness: Readiness, limits: Limits) -> None:
    """Add them to `app`."""

    @app.get("/healthz", response_model=Health)
    async def health() -> Response:
        """The process answers. Needs no token and says nothing else."""
        return answer(Health())

    @app.get("/readyz", response_model=ReadinessShown, responses={503: {"model": ReadinessShown}})
    async def ready(request: Request) -> Response:
        """Whether intents can be carried out now; 503 with the same body when a check fails."""
        work = readiness()
        checks = await answer_within(limits.readiness_s, work, request_id=request_id(request), path="/readyz")
        all_ok = all(check.ok for check in checks)
        return answer(ReadinessShown(ready=all_ok, checks=tuple(checks)), status=200 if all_ok else 503)
