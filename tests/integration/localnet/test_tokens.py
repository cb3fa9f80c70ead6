"""The tokens behave as ERC-20 with EIP-2612 permits, checked with eth-account's signatures."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account.account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.integration.localnet.reading import ask
from tradewind.localnet import EvmLocalnet, LocalnetError, RpcError
from tradewind.localnet import addresses as at
from tradewind.localnet.addresses import Token
from tradewind.localnet.transactions import send_all, transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECTED = {
    "WETH": ("0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", "Wrapped Ether", "1", 18),
    "ARB": ("0x912CE59144191C1204E64559FE8253a0e49E6548", "Arbitrum", "1", 18),
    "USDC": ("0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin", "2", 6),
}
PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def permit_message(symbol: str, **changes: Any) -> Any:
    address, name, version, _ = EXPECTED[symbol]
    domain = {"name": name, "version": version, "chainId": 42161, "verifyingContract": address}
    message = {"owner": at.TRADER, "spender": at.SWAP_ROUTER_02, "value": 7, "nonce": 0, "deadline": 2**40}
    return encode_typed_data(domain, PERMIT, message | changes)


def permit_call(key: str, symbol: str, **changes: Any) -> str:
    signed = Account.sign_message(permit_message(symbol, **changes), key)
    types = ["address", "address", "uint256", "uint256", "uint8", "bytes32", "bytes32"]
    values = [at.TRADER, at.SWAP_ROUTER_02, 7, changes.get("deadline", 2**40), signed.v]
    halves = [signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")]
    selector = keccak(text="permit(address,address,uint256,uint256,uint8,bytes32,bytes32)")[:4]
    return "0x" + (selector + encode(types, [*values, *halves])).hex()


@pytest.fixture(params=EXPECTED)
def token(request: pytest.FixtureRequest) -> Token:
    return at.TOKENS[request.param]


async def test_metadata_is_that_of_the_real_token(chain: EvmLocalnet, token: Token) -> None:
    address, name, _, decimals = EXPECTED[token.symbol]
    assert await ask(chain, address, "name()", ["string"]) == name
    assert await ask(chain, address, "symbol()", ["string"]) == token.symbol
    assert await ask(chain, address, "decimals()", ["uint8"]) == decimals == token.decimals


async def test_domain_separator_is_the_one_that_wallets_sign(chain: EvmLocalnet, token: Token) -> None:
    separator = await ask(chain, token.address, "DOMAIN_SEPARATOR()", ["bytes32"])
    assert separator == permit_message(token.symbol).header


async def test_permit_of_the_holder_sets_the_allowance_once(chain: EvmLocalnet, token: Token) -> None:
    data = permit_call(at.TRADER_PRIVATE_KEY, token.symbol)
    permit = transaction(at.MARKET_MAKER, token.address, data, gas=200_000)
    await send_all(chain.rpc, [permit])
    assert await chain.allowance(token.address, at.TRADER, at.SWAP_ROUTER_02) == 7
    assert await ask(chain, token.address, "nonces(address)", ["uint256"], at.TRADER) == 1
    with pytest.raises(LocalnetError, match="reverted"):
        await send_all(chain.rpc, [permit])


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        pytest.param("0x" + "11" * 32, {}, id="signed by another"),
        pytest.param(at.TRADER_PRIVATE_KEY, {"deadline": 1_600_000_000}, id="expired"),
        pytest.param(at.TRADER_PRIVATE_KEY, {"value": 8}, id="other value"),
        pytest.param(at.TRADER_PRIVATE_KEY, {"nonce": 1}, id="other nonce"),
    ],
)
async def test_permit_is_refused_when_anything_differs(
    chain: EvmLocalnet, token: Token, key: str, changes: dict[str, int]
) -> None:
    with pytest.raises(RpcError, match="revert"):
        await chain.rpc.eth_call(token.address, permit_call(key, token.symbol, **changes))


async def test_nobody_transfers_more_than_they_hold(chain: EvmLocalnet, token: Token) -> None:
    held = await chain.balance_of(token.address, at.TRADER)
    selector = keccak(text="transfer(address,uint256)")[:4]
    for amount_raw, allowed in ((held, True), (held + 1, False)):
        data = "0x" + (selector + encode(["address", "uint256"], [at.MARKET_MAKER, amount_raw])).hex()
        if allowed:
            await chain.rpc.eth_call(token.address, data, sender=at.TRADER)
        else:
            with pytest.raises(RpcError, match="revert"):
                await chain.rpc.eth_call(token.address, data, sender=at.TRADER)


async def test_only_the_issuer_mints(chain: EvmLocalnet) -> None:
    data = "0x" + (keccak(text="mint(address,uint256)")[:4] + encode(["address", "uint256"], [at.TRADER, 1])).hex()
    with pytest.raises(RpcError, match="only the owner mints"):
        await chain.rpc.eth_call(at.USDC.address, data, sender=at.TRADER)


async def test_fund_adds_to_balance_and_supply(chain: EvmLocalnet, token: Token) -> None:
    stranger = "0x00000000000000000000000000000000000A11cE"
    supply = await ask(chain, token.address, "totalSupply()", ["uint256"])
    await chain.fund(stranger, token.address, 5)
    await chain.fund(stranger, token.address.lower(), 6)
    assert await chain.balance_of(token.address, stranger) == 11
    assert await ask(chain, token.address, "totalSupply()", ["uint256"]) == supply + 11


async def test_weth_stays_backed_by_eth_when_it_is_funded_and_unwrapped(chain: EvmLocalnet) -> None:
    async def unbacked() -> int:
        supply: int = await ask(chain, at.WETH.address, "totalSupply()", ["uint256"])
        return supply - await chain.eth_balance(at.WETH.address)

    assert await unbacked() == 0
    await chain.fund(at.MARKET_MAKER, at.WETH.address, 10**18)
    assert await unbacked() == 0
    everything = await chain.balance_of(at.WETH.address, at.MARKET_MAKER)
    data = "0x" + (keccak(text="withdraw(uint256)")[:4] + encode(["uint256"], [everything])).hex()
    await send_all(chain.rpc, [transaction(at.MARKET_MAKER, at.WETH.address, data, gas=200_000)])
    assert await chain.balance_of(at.WETH.address, at.MARKET_MAKER) == 0
    assert await unbacked() == 0


async def test_fund_refuses_a_token_that_is_not_there(chain: EvmLocalnet) -> None:
    with pytest.raises(LocalnetError) as unknown:
        await chain.fund(at.TRADER, at.SWAP_ROUTER, 1)
    assert unknown.value.code == "token_unknown"
    assert at.SWAP_ROUTER in unknown.value.message
