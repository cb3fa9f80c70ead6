"""Who stands where on the local chain: the contracts and tokens of Arbitrum One at their real addresses.

The accounts are the first ones of the public test mnemonic, whose keys everybody knows: they are worthless anywhere
else, and must never be funded on a real chain.
"""

from dataclasses import dataclass

from tradewind.localnet.errors import LocalnetError

CHAIN_ID = 42161

UNISWAP_V3_FACTORY = "0x1F98431c8aD98523631AE4a59f267346ea31F984"
TICK_LENS = "0xbfd8137f7d1516D3ea5cA83523914859ec47F573"
SWAP_ROUTER = "0xE592427A0AEce92De3Edee1F18E0157C05861564"
NFT_DESCRIPTOR = "0x42B24A95702b9986e82d421cC3568932790A48Ec"
POSITION_DESCRIPTOR = "0x91ae842A5Ffd8d12023116943e72A606179294f3"
POSITION_DESCRIPTOR_PROXY = "0xEe6A57eC80ea46401049E92587E52f5Ec1c24785"
POSITION_MANAGER = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
QUOTER_V2 = "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"
SWAP_ROUTER_02 = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
NODE_INTERFACE = "0x00000000000000000000000000000000000000C8"
CREATE2_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"

CONTRACTS = {
    "UniswapV3Factory": UNISWAP_V3_FACTORY,
    "NonfungiblePositionManager": POSITION_MANAGER,
    "SwapRouter02": SWAP_ROUTER_02,
    "SwapRouter": SWAP_ROUTER,
    "QuoterV2": QUOTER_V2,
    "TickLens": TICK_LENS,
    "Multicall3": MULTICALL3,
    "Permit2": PERMIT2,
    "NodeInterface": NODE_INTERFACE,
}

UNISWAP_DEPLOYER = "0x6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9"
MULTICALL3_DEPLOYER = "0x05f32B3cC3888453ff71B01135B34FF8e41263F2"
PERMIT2_SALT = bytes.fromhex("0000000000000000000000000000000000000000d3af2663da51c10215000000")


@dataclass(frozen=True, slots=True)
class Token:
    """A token: amounts of it are integers in its base unit, of which 10^decimals make one.

    `permit_name` and `permit_version` are its EIP-712 domain; the total supply stands in storage at `supply_slot`.
    """

    symbol: str
    address: str
    decimals: int
    permit_name: str
    permit_version: str
    supply_slot: int


WETH = Token("WETH", "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", 18, "Wrapped Ether", "1", 53)
ARB = Token("ARB", "0x912CE59144191C1204E64559FE8253a0e49E6548", 18, "Arbitrum", "1", 4)
USDC = Token("USDC", "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", 6, "USD Coin", "2", 4)
TOKENS = {token.symbol: token for token in (WETH, ARB, USDC)}


def token_at(address: str) -> Token:
    """The token at an address in any case; LocalnetError when none of the chain's tokens stands there."""
    for token in TOKENS.values():
        if token.address.lower() == address.lower():
            return token
    known = ", ".join(f"{token.symbol} {token.address}" for token in TOKENS.values())
    raise LocalnetError("token_unknown", f"{address} is none of the local chain's tokens ({known}).")


TRADER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TRADER_PRIVATE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
MARKET_MAKER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TOKEN_ISSUER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"  # noqa: S105 (an address)
