"""The signer's budgets as the API shows them."""

from collections.abc import Iterable

from tradewind.api.dto import Amount
from tradewind.api.labels import plain
from tradewind.api.portfolio_dto import BudgetShown
from tradewind.domain.amount import from_raw
from tradewind.domain.chain import LAMPORTS, SOLANA_MAINNET, native_decimals
from tradewind.domain.token_list import TokenList
from tradewind.execution.signer_answers import Budget


def budgets_shown(budgets: Iterable[Budget], tokens: TokenList) -> tuple[BudgetShown, ...]:
    """In the signer's order; an amount has a decimal when its token is on the service's list, or is lamports."""
    return tuple(_shown(budget, tokens) for budget in budgets)


def _shown(budget: Budget, tokens: TokenList) -> BudgetShown:
    decimals = _decimals(budget, tokens)

    def amount(amount_raw: int) -> Amount:
        decimal = None if decimals is None else plain(from_raw(amount_raw, decimals))
        return Amount(raw=str(amount_raw), decimal=decimal, symbol=budget.symbol, token=budget.token)

    return BudgetShown(
        wallet=budget.scope.wallet,
        strategy_id=budget.scope.strategy_id,
        chain_id=budget.chain_id,
        window=budget.window,
        limit=amount(budget.limit_raw),
        used=amount(budget.used_raw),
        free=amount(max(0, budget.limit_raw - budget.used_raw)),
    )


def _decimals(budget: Budget, tokens: TokenList) -> int | None:
    if (budget.chain_id, budget.token) == (SOLANA_MAINNET, LAMPORTS):
        return native_decimals(budget.chain_id)
    token = tokens.get(budget.chain_id, budget.token)
    return None if token is None else token.decimals
