"""Puts every contract and token of Arbitrum One at its real address on an empty chain.

Two ways, both of which run the real constructors. Where the deployer and its nonce are known, the creation
transaction is sent from there. A token is built in place: its creation code is set at its address, a call returns
the runtime code with the immutables filled in, a transaction performs the constructor's storage writes, and the
runtime code takes the place of the creation code.
"""

from collections.abc import Sequence

from tradewind.localnet import addresses as at
from tradewind.localnet.abi import encode, encode_call
from tradewind.localnet.addresses import ARB, USDC, WETH, Token
from tradewind.localnet.artifacts import Artifacts
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.rpc import Call, JsonRpc
from tradewind.localnet.transactions import Transaction, send_all, transaction

DEPLOYER_BALANCE_WEI = 10**21
CREATION_GAS = 25_000_000
CALL_GAS = 1_000_000


async def deploy_contracts(rpc: JsonRpc, artifacts: Artifacts) -> None:
    """Deploy everything; the node must not be mining on its own. LocalnetError when an address comes out wrong."""
    own_tokens = {USDC: _token_creation(artifacts, USDC), ARB: _token_creation(artifacts, ARB)}
    await rpc.batch([*_prepare_senders(), *_place_code(artifacts, own_tokens)])
    runtimes = await rpc.batch(
        [("eth_call", [{"from": at.TOKEN_ISSUER, "to": token.address}, "latest"]) for token in own_tokens]
    )
    creations = _uniswap_creations(artifacts)
    others = [
        transaction(at.MULTICALL3_DEPLOYER, None, _hex(artifacts.vendored("Multicall3")), gas=CREATION_GAS),
        transaction(
            at.TOKEN_ISSUER,
            at.CREATE2_DEPLOYER,
            _hex(at.PERMIT2_SALT + artifacts.vendored("Permit2")),
            gas=CREATION_GAS,
        ),
        *(transaction(at.TOKEN_ISSUER, token.address, gas=CALL_GAS) for token in own_tokens),
        _initialize_weth(),
    ]
    await send_all(rpc, [*creations, *others])
    await rpc.batch(
        [("anvil_setCode", [token.address, runtime]) for token, runtime in zip(own_tokens, runtimes, strict=True)]
    )
    await rpc.batch([("anvil_stopImpersonatingAccount", [sender]) for sender in _IMPERSONATED])
    await _check_code(rpc)


_IMPERSONATED = (at.UNISWAP_DEPLOYER, at.MULTICALL3_DEPLOYER)


def _prepare_senders() -> list[Call]:
    calls: list[Call] = []
    for sender in _IMPERSONATED:
        calls.append(("anvil_impersonateAccount", [sender]))
        calls.append(("anvil_setBalance", [sender, hex(DEPLOYER_BALANCE_WEI)]))
    return calls


def _place_code(artifacts: Artifacts, own_tokens: dict[Token, bytes]) -> list[Call]:
    codes = {
        WETH.address: artifacts.vendored("aeWETH"),
        at.NODE_INTERFACE: artifacts.own_runtime("NodeInterface"),
        **{token.address: creation for token, creation in own_tokens.items()},
    }
    return [("anvil_setCode", [address, _hex(code)]) for address, code in codes.items()]


def _uniswap_creations(artifacts: Artifacts) -> list[Transaction]:
    """The deployer's first transactions; nonces that made nothing we need are spent on empty ones."""
    proxy_arguments = encode(at.POSITION_DESCRIPTOR, at.UNISWAP_DEPLOYER, b"")
    by_nonce = {
        0: artifacts.uniswap("UniswapV3Factory"),
        2: artifacts.uniswap("TickLens"),
        4: artifacts.uniswap("SwapRouter") + encode(at.UNISWAP_V3_FACTORY, WETH.address),
        5: artifacts.uniswap("NFTDescriptor"),
        6: artifacts.position_descriptor(at.NFT_DESCRIPTOR) + encode(WETH.address) + b"ETH".ljust(32, b"\0"),
        7: artifacts.proxy + proxy_arguments,
        8: artifacts.uniswap("NonfungiblePositionManager")
        + encode(at.UNISWAP_V3_FACTORY, WETH.address, at.POSITION_DESCRIPTOR_PROXY),
        13: artifacts.uniswap("QuoterV2") + encode(at.UNISWAP_V3_FACTORY, WETH.address),
        # The router's V2 factory is zero: there are no V2 pools here, and a V2 path through it must not work.
        14: artifacts.uniswap("SwapRouter02") + encode(0, at.UNISWAP_V3_FACTORY, at.POSITION_MANAGER, WETH.address),
    }
    sender = at.UNISWAP_DEPLOYER
    transactions = [
        transaction(sender, None, _hex(by_nonce[nonce]), gas=CREATION_GAS, nonce=nonce)
        if nonce in by_nonce
        else transaction(sender, sender, gas=CALL_GAS, nonce=nonce)
        for nonce in range(max(by_nonce) + 1)
    ]
    enable = encode_call("enableFeeAmount(uint24,int24)", 100, 1)
    transactions.append(transaction(sender, at.UNISWAP_V3_FACTORY, enable, gas=CALL_GAS, nonce=len(transactions)))
    return transactions


def _token_creation(artifacts: Artifacts, token: Token) -> bytes:
    arguments = encode(token.permit_name.encode(), token.symbol.encode(), token.permit_version.encode(), token.decimals)
    return artifacts.own_creation("PermitToken") + arguments


def _initialize_weth() -> Transaction:
    # The gateway may burn anybody's balance; as an address without a key, nobody is it.
    data = encode_call(
        "initialize(string,string,uint8,address,address)",
        WETH.permit_name.encode(),
        WETH.symbol.encode(),
        WETH.decimals,
        1,
        0,
    )
    return transaction(at.TOKEN_ISSUER, WETH.address, data, gas=CALL_GAS)


async def _check_code(rpc: JsonRpc) -> None:
    expected: Sequence[tuple[str, str]] = [
        *at.CONTRACTS.items(),
        *((token.symbol, token.address) for token in at.TOKENS.values()),
        ("NFTDescriptor", at.NFT_DESCRIPTOR),
        ("position descriptor", at.POSITION_DESCRIPTOR),
        ("position descriptor's proxy", at.POSITION_DESCRIPTOR_PROXY),
    ]
    codes = await rpc.batch([("eth_getCode", [address, "latest"]) for _, address in expected])
    for (name, address), code in zip(expected, codes, strict=True):
        if code == "0x":
            raise LocalnetError("deployment_failed", f"{name} did not come out at its address {address}.")


def _hex(code: bytes) -> str:
    return "0x" + code.hex()
