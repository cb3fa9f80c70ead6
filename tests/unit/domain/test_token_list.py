"""The token list: default deny, and no entry may contradict another or an intent."""

import pytest

from tests.builders import ARBITRUM, USDC, WALLET, WETH
from tradewind.domain.asset import Asset
from tradewind.domain.token_list import Token, TokenList
from tradewind.errors import InvalidInput


def token(asset: Asset) -> Token:
    return Token(symbol=asset.symbol, address=asset.address, decimals=asset.decimals)


@pytest.fixture
def tokens() -> TokenList:
    return TokenList([(ARBITRUM, token(WETH)), (ARBITRUM, token(USDC))])


def test_finds_what_is_listed(tokens: TokenList) -> None:
    assert tokens.check(WETH, "assets.0.asset") == token(WETH)
    assert tokens.get(ARBITRUM, USDC.address) == tokens.named(ARBITRUM, "USDC") == token(USDC)
    assert tokens.symbols(ARBITRUM) == ["USDC", "WETH"]
    assert tokens.on_chain(ARBITRUM) == [token(USDC), token(WETH)]
    assert tokens.on_chain(1) == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"symbol": "USDC"}, "assets.0.asset.symbol", "symbol_contradicts_address"),
        ({"symbol": "ARB"}, "assets.0.asset.symbol", "symbol_contradicts_address"),
        ({"decimals": 8}, "assets.0.asset.decimals", "decimals_contradict_address"),
        ({"address": WALLET}, "assets.0.asset.address", "symbol_contradicts_address"),
        ({"address": WALLET, "symbol": "ARB"}, "assets.0.asset.address", "asset_not_listed"),
        ({"chain_id": 1}, "assets.0.asset.address", "asset_not_listed"),
    ],
)
def test_names_each_contradiction(tokens: TokenList, changes: dict[str, object], field: str, code: str) -> None:
    asset = Asset.model_validate({**WETH.model_dump(), **changes})
    with pytest.raises(InvalidInput) as raised:
        tokens.check(asset, "assets.0.asset")
    assert [(fault.field, fault.code) for fault in raised.value.faults] == [(field, code)]


def test_says_what_is_listed_to_whom_names_a_stranger(tokens: TokenList) -> None:
    stranger = Asset(symbol="ARB", address=WALLET, decimals=18, chain_id=ARBITRUM)
    with pytest.raises(InvalidInput, match=r"listed: USDC, WETH"):
        tokens.check(stranger, "assets.0.asset")


@pytest.mark.parametrize("second", [{"symbol": "WETH9"}, {"address": WALLET}, {}])
def test_a_symbol_or_an_address_is_listed_once(second: dict[str, str]) -> None:
    other = Token.model_validate({**token(WETH).model_dump(), **second})
    with pytest.raises(InvalidInput) as raised:
        TokenList([(ARBITRUM, token(WETH)), (ARBITRUM, other)])
    assert raised.value.code == "token_listed_twice"


def test_the_same_symbol_may_be_listed_on_another_chain() -> None:
    tokens = TokenList([(ARBITRUM, token(WETH)), (1, token(WETH))])
    assert tokens.named(1, "WETH") == tokens.named(ARBITRUM, "WETH")
