"""The portfolio: what each wallet holds on chain, and what each strategy has under way."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tradewind.accounting.balance_book import Flow, flows
from tradewind.accounting.balance_watch import BalanceReader
from tradewind.accounting.ledger import Ledger
from tradewind.accounting.names import Names
from tradewind.accounting.obligations import Amounts, Obligations
from tradewind.accounting.portfolio_view import (
    ZERO_USD,
    AssetView,
    ChangeView,
    HoldingView,
    PortfolioView,
    PriceView,
    QuantityView,
    StrategyView,
    WalletView,
)
from tradewind.accounting.reference_price import ReferencePrices
from tradewind.accounting.step_entry import StepEntry, to_usd
from tradewind.accounting.sums import Sums
from tradewind.domain.address import is_evm_address
from tradewind.domain.amount import from_raw
from tradewind.domain.balances import WalletBalances
from tradewind.domain.chain import held_as, is_evm
from tradewind.domain.strategy import Strategy
from tradewind.errors import TradewindError
from tradewind.observability.clock import Clock
from tradewind.state.coordinator import StateCoordinator


class Portfolio:
    """Asks the chain for balances, and memory for everything else."""

    def __init__(
        self,
        *,
        state: StateCoordinator,
        ledger: Ledger,
        prices: ReferencePrices,
        readers: Mapping[int, BalanceReader],
        names: Names,
        strategies: Sequence[Strategy],
        clock: Clock,
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._prices = prices
        self._readers = readers
        self._names = names
        self._strategies = tuple(strategies)
        self._clock = clock

    async def portfolio(self) -> PortfolioView:
        """Everything as of now; a chain that does not answer shows as a fault of its wallets, not as an error."""
        places = dict.fromkeys(
            (chain_id, strategy.wallet)
            for strategy in self._strategies
            for chain_id in self._readers
            if is_evm_address(strategy.wallet) is is_evm(chain_id)
        )
        read = await asyncio.gather(*(self._read(chain_id, wallet) for chain_id, wallet in places))
        wallets = tuple(self._wallet(*place, found) for place, found in zip(places, read, strict=True))
        strategies = tuple(self._of_strategies())
        total = sum((wallet.total_usd for wallet in wallets), ZERO_USD)
        return PortfolioView(at_ns=self._clock.now_ns(), wallets=wallets, strategies=strategies, total_usd=total)

    async def _read(self, chain_id: int, wallet: str) -> WalletBalances | TradewindError:
        try:
            return await self._readers[chain_id].read(wallet)
        except TradewindError as error:
            return error

    def _wallet(self, chain_id: int, wallet: str, found: WalletBalances | TradewindError) -> WalletView:
        if isinstance(found, TradewindError):
            return self._wallet_view(chain_id, wallet, None, str(found), ())
        due = Obligations()
        for view in self._state.open_intents():
            if (view.wallet, view.intent.chain_id) == (wallet, chain_id):
                due.add(view)
        holdings = tuple(
            self._holding(chain_id, token, balance_raw, due) for token, balance_raw in found.by_asset().items()
        )
        return self._wallet_view(chain_id, wallet, found, None, holdings)

    def _wallet_view(
        self,
        chain_id: int,
        wallet: str,
        found: WalletBalances | None,
        fault: str | None,
        holdings: tuple[HoldingView, ...],
    ) -> WalletView:
        return WalletView(
            chain_id=chain_id,
            chain=self._names.chain(chain_id),
            wallet=wallet,
            block=found.block if found else None,
            fault=fault,
            holdings=holdings,
            total_usd=sum((holding.usd for holding in holdings if holding.usd is not None), ZERO_USD),
            unpriced=tuple(h.asset.symbol for h in holdings if h.usd is None and h.balance_raw),
            unread=self._unread(found) if found else (),
        )

    def _unread(self, found: WalletBalances) -> tuple[str, ...]:
        told, listed = found.by_asset(), self._names.assets(found.chain_id)
        # Wrapped SOL is told with the wallet's own.
        return tuple(one.symbol for one in listed if one.token and held_as(found.chain_id, one.token) not in told)

    def _holding(self, chain_id: int, token: str | None, balance_raw: int, due: Obligations) -> HoldingView:
        asset, price = self._names.asset(chain_id, token), self._price(chain_id, token)
        reserved_raw, in_flight_raw = due.reserved[chain_id, token], due.in_flight[chain_id, token]
        return HoldingView(
            asset=asset,
            balance_raw=balance_raw,
            balance=from_raw(balance_raw, asset.decimals),
            usd=to_usd(balance_raw, asset.decimals, price.usd) if price else None,
            price=price,
            reserved_raw=reserved_raw,
            in_flight_raw=in_flight_raw,
            free_raw=balance_raw - reserved_raw - in_flight_raw,
        )

    def _of_strategies(self) -> Iterable[StrategyView]:
        accounts, reversible = self._ledger.accounts(), self._ledger.reversible()
        opened = self._state.open_intents()
        for strategy in self._strategies:
            for chain_id in self._readers:
                mine = [v for v in opened if (v.intent.strategy_id, v.intent.chain_id) == (strategy.id, chain_id)]
                due = Obligations()
                for view in mine:
                    due.add(view)
                sums = accounts.sums.get((strategy.id, chain_id), Sums())
                held: dict[str | None, int] = {
                    key[2]: p.raw for key, p in accounts.positions.items() if key[:2] == (strategy.id, chain_id)
                }
                steps = [e for e in reversible if (e.strategy_id, e.chain_id) == (strategy.id, chain_id)]
                yield StrategyView(
                    strategy_id=strategy.id,
                    name=strategy.name,
                    wallet=strategy.wallet,
                    chain_id=chain_id,
                    open_intents=len(mine),
                    reserved=self._quantities(due.reserved),
                    in_flight=self._quantities(due.in_flight),
                    confirmed_not_final=self._changes(chain_id, _net(steps)),
                    position=self._changes(chain_id, held),
                    unplanned_slices=due.unplanned,
                    realised_usd=sums.realised_usd,
                    gas_usd=sums.costs_usd,
                    unpriced_fills=sums.unpriced_profits,
                )

    def _quantities(self, amounts: Amounts) -> tuple[QuantityView, ...]:
        return tuple(
            QuantityView(
                asset=(asset := self._names.asset(chain_id, token)),
                raw=raw,
                amount=from_raw(raw, asset.decimals),
                usd=self._value(chain_id, asset, raw),
            )
            for (chain_id, token), raw in amounts.items()
            if raw
        )

    def _changes(self, chain_id: int, amounts: Mapping[str | None, int]) -> tuple[ChangeView, ...]:
        return tuple(
            ChangeView(
                asset=(asset := self._names.asset(chain_id, token)),
                raw=raw,
                amount=from_raw(raw, asset.decimals),
                usd=self._value(chain_id, asset, raw),
            )
            for token, raw in amounts.items()
            if raw
        )

    def _value(self, chain_id: int, asset: AssetView, raw: int) -> Decimal | None:
        price = self._prices.price(chain_id, asset.token)
        return None if price is None else to_usd(raw, asset.decimals, price.usd)

    def _price(self, chain_id: int, token: str | None) -> PriceView | None:
        price = self._prices.price(chain_id, token)
        if price is None:
            return None
        age_s = price.age_s(self._clock.now_ns())
        return PriceView(usd=price.usd, age_s=age_s, source=price.source, block_number=price.block_number)


def _net(steps: Iterable[StepEntry]) -> dict[str | None, int]:
    total: dict[str | None, Flow] = {}
    for entry in steps:
        for token, flow in flows(entry):
            total[token] = total.get(token, Flow()) + flow
    return {token: flow.net for token, flow in total.items()}
