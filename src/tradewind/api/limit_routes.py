"""The routes of the signer's limits. Tightening counts at once; a raise waits, so that somebody can still object."""

from typing import Annotated

from fastapi import FastAPI, Path, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.budgets import budgets_shown
from tradewind.api.labels import moment
from tradewind.api.limit_dto import LimitChanged, LimitRequest, LimitShown, LimitsShown, RaiseShown
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Policy
from tradewind.api.scopes import caller_of
from tradewind.domain.token_list import TokenList
from tradewind.execution.signer_answers import Limit
from tradewind.observability.clock import NS_PER_MS

Key = Annotated[
    str, Path(max_length=200, pattern="^[!-~]+$", description="The key of the limit, as GET /limits names it.")
]


def add_limit_routes(app: FastAPI, *, policy: Policy, tokens: TokenList, limits: Limits) -> None:
    """Add them to `app`."""

    async def look() -> LimitsShown:
        found = await policy.limits()
        budgets = budgets_shown(await policy.budgets(), tokens)
        return LimitsShown(limits=tuple(map(_shown, found.limits)), budgets=budgets)

    @app.get("/limits", response_model=LimitsShown)
    async def show_limits(request: Request) -> Response:
        """Every limit of the signer, the raises that wait for their time, and what is used of the budgets."""
        return answer(await answer_within(limits.answer_s, look(), request_id=request_id(request), path="/limits"))

    @app.put("/limits/{key}", response_model=LimitChanged, openapi_extra=body_of(LimitRequest))
    async def set_limit(request: Request, key: Key) -> Response:
        """Set a limit. Tighter than now counts at once; looser, up to the ceiling of signer.toml, after a delay."""
        wish = await read_model(request, LimitRequest, what="limit")
        work = policy.set_limit(key=key, value=int(wish.value), by=caller_of(request).name)
        path = request.url.path
        changed = await answer_within(limits.answer_s, work, request_id=request_id(request), path=path)
        return answer(
            LimitChanged(
                key=changed.key,
                value=changed.value,
                in_force=not changed.pending,
                effective_at=moment(changed.effective_at_ms * NS_PER_MS),
            )
        )

    @app.delete("/limits/{key}/raise", status_code=204)
    async def cancel_raise(request: Request, key: Key) -> Response:
        """Take back a raise that is not in force yet."""
        work = policy.cancel_raise(key=key, by=caller_of(request).name)
        await answer_within(limits.answer_s, work, request_id=request_id(request), path=request.url.path)
        return Response(status_code=204)


def _shown(limit: Limit) -> LimitShown:
    return LimitShown(
        key=limit.key,
        value=limit.value,
        ceiling=limit.ceiling,
        by=limit.by,
        since=moment(limit.since_ms * NS_PER_MS),
        pending=tuple(
            RaiseShown(value=late.value, effective_at=moment(late.effective_at_ms * NS_PER_MS), by=late.by)
            for late in limit.pending
        ),
    )
