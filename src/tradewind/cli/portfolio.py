"""`tradewind portfolio`: what there is, what is under way, and how much of the signer's budgets is used."""

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.accounting.portfolio_view import ChangeView, HoldingView, QuantityView, StrategyView, WalletView
from tradewind.api.portfolio_dto import BudgetShown, PortfolioShown
from tradewind.cli.amounts import amount_text, usd_text
from tradewind.cli.document import document_of
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output, table
from tradewind.cli.service import service_of
from tradewind.domain.amount import format_raw


def portfolio(
    *,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show balances, what is reserved and in flight, by wallet and strategy, in units and in dollars; and budgets.

    Example: `tradewind portfolio`
    """
    with service_of(config, url=url, token_file=token_file) as service:
        found = service.portfolio()
    Output(as_json=as_json).emit(document_of(found), _shown(found))


def _shown(found: PortfolioShown) -> RenderableType:
    parts: list[RenderableType] = [part for wallet in found.wallets for part in _wallet(wallet)]
    if found.strategies:
        parts += [_strategies(found.strategies), Text("")]
    if found.budgets is None:
        parts.append(Text(f"The signer's budgets are not known: {found.budgets_fault}", style="yellow"))
    else:
        parts.append(budget_table(found.budgets))
    parts += [Text(""), Text(f"total {usd_text(found.total_usd)}", style="bold")]
    return Group(*parts)


def _wallet(wallet: WalletView) -> list[RenderableType]:
    at = f" at block {wallet.block.number}" if wallet.block is not None else ""
    title = Text.assemble((wallet.wallet, "bold"), f" on {wallet.chain}{at}")
    if wallet.fault is not None:
        return [title, Text(f"  {wallet.fault}", style="red"), Text("")]
    columns = ("asset", "balance", "value", "reserved", "in flight", "free")
    rows = [_holding(holding) for holding in wallet.holdings]
    shown: list[RenderableType] = [title, table(columns, rows, right=columns[1:])]
    if wallet.unpriced:
        shown.append(Text(f"without a price: {', '.join(wallet.unpriced)}", style="yellow"))
    if wallet.unread:
        shown.append(Text(f"did not tell a balance: {', '.join(wallet.unread)}", style="yellow"))
    return [*shown, Text("")]


def _holding(holding: HoldingView) -> tuple[RenderableType, ...]:
    asset = holding.asset
    raws = (holding.balance_raw, holding.reserved_raw, holding.in_flight_raw, holding.free_raw)
    balance, reserved, in_flight, free = (format_raw(raw, asset.decimals) for raw in raws)
    promised_twice = holding.free_raw < 0
    return (
        asset.symbol,
        balance,
        usd_text(holding.usd),
        reserved,
        in_flight,
        Text(free, style="red") if promised_twice else free,
    )


def _strategies(strategies: tuple[StrategyView, ...]) -> RenderableType:
    columns = ("strategy", "open", "reserved", "in flight", "not final", "position", "realised", "gas")
    rows = [
        (
            strategy.name,
            str(strategy.open_intents),
            _amounts(strategy.reserved),
            _amounts(strategy.in_flight),
            _amounts(strategy.confirmed_not_final),
            _amounts(strategy.position),
            usd_text(strategy.realised_usd),
            usd_text(strategy.gas_usd),
        )
        for strategy in strategies
    ]
    return table(columns, rows, right=("open", "realised", "gas"))


def _amounts(found: tuple[QuantityView, ...] | tuple[ChangeView, ...]) -> str:
    return ", ".join(format_raw(one.raw, one.asset.decimals, one.asset.symbol) for one in found) or "–"


def budget_table(budgets: tuple[BudgetShown, ...]) -> RenderableType:
    """The signer's budgets, one a line."""
    rows = [
        (
            budget.wallet or (f"strategy {budget.strategy_id}" if budget.strategy_id else "everything"),
            budget.window.replace("_", " "),
            amount_text(budget.used),
            amount_text(budget.limit),
            amount_text(budget.free),
        )
        for budget in budgets
    ]
    columns = ("budget of", "per", "used", "limit", "free")
    return table(columns, rows, right=columns[2:])
