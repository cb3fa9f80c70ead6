"""Accounts: every step that stands, booked in the order in which it was confirmed."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tradewind.accounting.position import Position
from tradewind.accounting.step_entry import Decimals, StepEntry
from tradewind.accounting.sums import Booked, StrategyKey, Sums

PositionKey = tuple[UUID, int, str]


class Accounts:
    """Sums by (strategy, chain) and positions by (strategy, chain, token); nothing grows with the number of steps."""

    def __init__(self, decimals: Decimals) -> None:
        self._decimals = decimals
        self._sums: dict[StrategyKey, Sums] = {}
        self._positions: dict[PositionKey, Position] = {}

    @property
    def sums(self) -> Mapping[StrategyKey, Sums]:
        """What each strategy traded, paid and earned on each chain."""
        return self._sums

    @property
    def positions(self) -> Mapping[PositionKey, Position]:
        """What each strategy bought less what it sold, by token. Stable coins, which are money, have none."""
        return self._positions

    def steps(self, strategy_id: UUID | None = None) -> int:
        """How many steps were booked, of one strategy or of all."""
        return sum(sums.steps for key, sums in self._sums.items() if strategy_id in (None, key[0]))

    def book(self, entry: StepEntry) -> Booked:
        """Account for a step that follows all those booked before."""
        value_usd = entry.value_usd(self._decimals)
        booked = Booked(
            entry=entry,
            value_usd=value_usd,
            pool_fee_usd=entry.pool_fee_usd(self._decimals),
            gas_usd=entry.gas_usd(),
            realised_usd=self._trade(entry, value_usd),
        )
        self._sums.setdefault((entry.strategy_id, entry.chain_id), Sums()).add(booked)
        return booked

    def _trade(self, entry: StepEntry, value_usd: Decimal | None) -> Decimal | None:
        if (fill := entry.fill) is None:
            return Decimal(0)
        realised: Decimal | None = Decimal(0)
        for token, delta_raw in ((fill.token_in, -fill.amount_in_raw), (fill.token_out, fill.amount_out_raw)):
            price = entry.prices.get(token)
            if price is not None and price.stable:
                continue
            key = (entry.strategy_id, entry.chain_id, token)
            profit = self._positions.setdefault(key, Position()).trade(delta_raw, value_usd)
            realised = None if realised is None or profit is None else realised + profit
        return realised

    def copy(self) -> "Accounts":
        """The same accounts, to book on without changing these."""
        other = Accounts(self._decimals)
        other._sums = {key: replace(sums) for key, sums in self._sums.items()}
        other._positions = {key: replace(position) for key, position in self._positions.items()}
        return other
