"""What the API shows of money: what there is, what is under way, and how much of the signer's budgets is used."""

from tradewind.accounting.portfolio_view import StrategyView, WalletView
from tradewind.api.dto import Amount, Shown
from tradewind.domain.usd import Usd


class BudgetShown(Shown):
    """One limit of the signer and what is used of it. Without wallet and strategy it is for everything together.

    `window`: transaction, hour and day are of what may be spent; signed_per_day is of all that was signed.
    """

    wallet: str | None
    strategy_id: str | None
    chain_id: int
    window: str
    limit: Amount
    used: Amount
    free: Amount


class PortfolioShown(Shown):
    """Holdings by wallet, what is under way by strategy, and budgets. `total_usd` leaves out what has no price.

    `budgets` is None when the signer does not answer; `budgets_fault` then says why.
    """

    at: str
    at_ns: int
    total_usd: Usd
    wallets: tuple[WalletView, ...]
    strategies: tuple[StrategyView, ...]
    budgets: tuple[BudgetShown, ...] | None
    budgets_fault: str | None
