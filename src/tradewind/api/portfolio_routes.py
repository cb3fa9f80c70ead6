"""The route of the portfolio: what there is and what is under way, with the signer's budgets beside it."""

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.budgets import budgets_shown
from tradewind.api.labels import moment
from tradewind.api.limits import Limits
from tradewind.api.patience import answer_within
from tradewind.api.portfolio_dto import BudgetShown, PortfolioShown
from tradewind.api.ports import Accounts, Policy
from tradewind.domain.token_list import TokenList
from tradewind.errors import TradewindError


def add_portfolio_routes(
    app: FastAPI, *, accounts: Accounts, policy: Policy, tokens: TokenList, limits: Limits
) -> None:
    """Add it to `app`."""

    async def look() -> PortfolioShown:
        view = await accounts.portfolio()
        budgets: tuple[BudgetShown, ...] | None = None
        fault = None
        try:
            budgets = budgets_shown(await policy.budgets(), tokens)
        except TradewindError as error:
            # Holdings are the chain's word: they are shown whether or not the signer answers.
            fault = str(error)
        return PortfolioShown(
            at=moment(view.at_ns),
            at_ns=view.at_ns,
            total_usd=view.total_usd,
            wallets=view.wallets,
            strategies=view.strategies,
            budgets=budgets,
            budgets_fault=fault,
        )

    @app.get("/portfolio", response_model=PortfolioShown)
    async def show_portfolio(request: Request) -> Response:
        """Balances, reserved and in flight, by wallet and strategy, in units and in dollars; budgets of the signer."""
        shown = await answer_within(limits.answer_s, look(), request_id=request_id(request), path="/portfolio")
        return answer(shown)
