"""The tokens a deployment trades: default deny, and symbol, address and decimals must agree."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from tradewind.domain.address import Address
from tradewind.domain.asset import MAX_DECIMALS, Asset, Symbol
from tradewind.domain.model import Model
from tradewind.errors import Fault, InvalidInput


class PermitDomain(Model):
    """The EIP-712 name and version of a token that takes signed permits (EIP-2612)."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    """As the contract says it."""
    version: Annotated[str, Field(min_length=1, max_length=16)]
    """As the contract says it."""


class Token(Model):
    """One entry of the list. Without `permit`, spending needs an approval transaction first."""

    symbol: Symbol
    """What intents and people call it."""
    address: Address
    """Its contract, or its mint."""
    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)]
    """As the chain has them."""
    permit: PermitDomain | None = None
    """The EIP-712 domain of a token that takes signed permits; without it spending needs an approval first."""


class TokenList:
    """The listed tokens of every chain."""

    def __init__(self, tokens: Iterable[tuple[int, Token]]) -> None:
        self._by_address: dict[tuple[int, str], Token] = {}
        self._by_symbol: dict[tuple[int, str], Token] = {}
        for chain_id, token in tokens:
            if (chain_id, token.address) in self._by_address or (chain_id, token.symbol) in self._by_symbol:
                raise InvalidInput.one(
                    f"chains.{chain_id}.tokens.{token.symbol}",
                    "token_listed_twice",
                    f"{token.symbol} ({token.address}) is listed twice. Remove one of the entries.",
                    what="configuration",
                )
            self._by_address[chain_id, token.address] = token
            self._by_symbol[chain_id, token.symbol] = token

    def get(self, chain_id: int, address: str) -> Token | None:
        """The token at an address, if listed."""
        return self._by_address.get((chain_id, address))

    def named(self, chain_id: int, symbol: str) -> Token | None:
        """The token of a symbol, if listed."""
        return self._by_symbol.get((chain_id, symbol))

    def symbols(self, chain_id: int) -> list[str]:
        """Every listed symbol of a chain, in order."""
        return sorted(symbol for chain, symbol in self._by_symbol if chain == chain_id)

    def on_chain(self, chain_id: int) -> list[Token]:
        """Every listed token of a chain, by symbol."""
        return [self._by_symbol[chain_id, symbol] for symbol in self.symbols(chain_id)]

    def check(self, asset: Asset, field: str) -> Token:
        """The listed token that `asset` names; contradictions and strangers raise InvalidInput."""
        token = self.get(asset.chain_id, asset.address)
        if token is None:
            raise InvalidInput([self._stranger(asset, field)], what="intent")
        if token.symbol != asset.symbol:
            raise InvalidInput.one(
                f"{field}.symbol",
                "symbol_contradicts_address",
                f"says {asset.symbol}, but {asset.address} is {token.symbol}. Correct whichever is wrong.",
                what="intent",
            )
        if token.decimals != asset.decimals:
            raise InvalidInput.one(
                f"{field}.decimals",
                "decimals_contradict_address",
                f"says {asset.decimals}, but {token.symbol} has {token.decimals}.",
                what="intent",
            )
        return token

    def _stranger(self, asset: Asset, field: str) -> Fault:
        known = self.named(asset.chain_id, asset.symbol)
        if known is not None:
            return Fault(
                f"{field}.address",
                "symbol_contradicts_address",
                f"{asset.address} is not {asset.symbol}; that token is {known.address}.",
            )
        listed = ", ".join(self.symbols(asset.chain_id)) or "none"
        return Fault(
            f"{field}.address",
            "asset_not_listed",
            f"{asset.symbol} at {asset.address} is not on the token list of chain {asset.chain_id} (listed: "
            f"{listed}). Add it to the configuration of the service and of the signer.",
        )
