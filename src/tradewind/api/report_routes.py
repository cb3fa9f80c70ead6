"""The route of the report: every step with its quote, simulation and fill, totals, and the exact sum."""

from typing import Annotated, Protocol
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response

from tradewind.accounting.report import Selection
from tradewind.accounting.report_view import ReportView
from tradewind.api.answer import answer, request_id
from tradewind.api.limits import Limits
from tradewind.api.moments import parse_moment_ns
from tradewind.api.patience import answer_within
from tradewind.domain.address import Address

MAX_STEPS = 1_000

Strategy = Annotated[UUID | None, Query(description="Only steps of this strategy.")]
Wallet = Annotated[Address | None, Query(description="Only steps of this wallet, and its sum.")]
Since = Annotated[str | None, Query(max_length=64, description="Only steps confirmed then or later; ISO 8601.")]
Until = Annotated[str | None, Query(max_length=64, description="Only steps confirmed before; ISO 8601.")]
Steps = Annotated[int, Query(ge=0, le=MAX_STEPS, description="How many steps to list, the newest.")]
Compare = Annotated[bool, Query(description="Whether to read the wallets on chain and hold them against the sums.")]


class ReportSource(Protocol):
    """Makes reports."""

    async def report(self, selection: Selection, *, compare: bool) -> ReportView:
        """The report of what is selected."""
        ...


def add_report_routes(app: FastAPI, *, reports: ReportSource, limits: Limits) -> None:
    """Add it to `app`."""

    @app.get("/report", response_model=ReportView)
    async def show_report(
        request: Request,
        *,
        strategy: Strategy = None,
        wallet: Wallet = None,
        since: Since = None,
        until: Until = None,
        steps: Steps = 100,
        compare: Compare = True,
    ) -> Response:
        """Quoted, simulated and filled side by side, fees, gas and profit; and whether the wallets hold the sum.

        The sum is always that since the accounts of a wallet began, whatever the window.
        """
        selection = Selection(
            since_ns=None if since is None else parse_moment_ns(since, "query.since", what="query"),
            until_ns=None if until is None else parse_moment_ns(until, "query.until", what="query"),
            strategy_id=strategy,
            wallet=wallet,
            steps=steps,
        )
        work = reports.report(selection, compare=compare)
        shown = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/report")
        return answer(shown)
