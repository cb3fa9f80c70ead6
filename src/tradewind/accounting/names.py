"""How chains, assets and strategies are called where accounts are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tradewind.accounting.portfolio_view import AssetView
from tradewind.domain.chain import native_decimals
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import TokenList


@dataclass(frozen=True, slots=True)
class ChainNames:
    """How a chain and its own coin are called."""

    name: str
    native_symbol: str


class Names:
    """From the configuration; what is no longer in it keeps its id, address or number."""

    def __init__(self, tokens: TokenList, chains: Mapping[int, ChainNames], strategies: Iterable[Strategy]) -> None:
        self._tokens = tokens
        self._chains = chains
        self._strategies = {strategy.id: strategy.name for strategy in strategies}

    def chain(self, chain_id: int) -> str:
        """Such as "Arbitrum One"."""
        known = self._chains.get(chain_id)
        return known.name if known else f"chain {chain_id}"

    def strategy(self, strategy_id: UUID) -> str:
        """The name in the configuration."""
        return self._strategies.get(strategy_id, str(strategy_id))

    def assets(self, chain_id: int) -> list[AssetView]:
        """Every listed token."""
        return [self.asset(chain_id, token.address) for token in self._tokens.on_chain(chain_id)]

    def asset(self, chain_id: int, token: str | None) -> AssetView:
        """Symbol and decimals; an unlisted token has its address and is counted in smallest units."""
        if token is None:
            known = self._chains.get(chain_id)
            symbol = known.native_symbol if known else "native coin"
            return AssetView(symbol=symbol, token=None, decimals=native_decimals(chain_id))
        listed = self._tokens.get(chain_id, token)
        if listed is None:
            return AssetView(symbol=token, token=token, decimals=0)
        return AssetView(symbol=listed.symbol, token=token, decimals=listed.decimals)
