"""One chain for all tests of this folder; each test gets it as it was at the start, and a client of its own."""

import random
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake_clock import FakeClock
from tradewind.domain.token_list import Token
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.localnet.base_fee import ARBITRUM_BASE_FEE_WEI
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import GasPolicy
from tradewind.venues.rpc import RpcClient
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment

DEPLOYMENT = UniswapV3Deployment(factory=at.UNISWAP_V3_FACTORY, router=at.SWAP_ROUTER_02)
TOKENS = [
    Token(symbol=token.symbol, address=token.address, decimals=token.decimals, permit=None)
    for token in at.TOKENS.values()
]


def dice_of(seed: int) -> random.Random:
    """Chance that repeats itself."""
    return random.Random(seed)


def client_of(*urls: str) -> RpcClient:
    return RpcClient(urls, chain_id=at.CHAIN_ID, timeout_s=30, clock=FakeClock())


def venue_on(chain: EvmChain, *, max_log_blocks: int = 1000) -> UniswapV3Adapter:
    return UniswapV3Adapter(
        chain,
        DEPLOYMENT,
        tokens=TOKENS,
        wrapped_native=at.WETH.address,
        gas_policy=GasPolicy(),
        max_log_blocks=max_log_blocks,
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_localnet() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as localnet:
        yield localnet


@pytest_asyncio.fixture(loop_scope="session")
async def localnet(running_localnet: EvmLocalnet) -> AsyncIterator[EvmLocalnet]:
    snapshot = await running_localnet.snapshot()
    yield running_localnet
    await running_localnet.set_automine(on=True)
    await running_localnet.set_base_fee(ARBITRUM_BASE_FEE_WEI)
    await running_localnet.revert(snapshot)


@pytest_asyncio.fixture(loop_scope="session")
async def chain(localnet: EvmLocalnet) -> AsyncIterator[EvmChain]:
    async with client_of(localnet.rpc_url) as rpc:
        evm_chain = EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3)
        await evm_chain.connect()
        yield evm_chain


@pytest_asyncio.fixture(loop_scope="session")
async def venue(chain: EvmChain) -> UniswapV3Adapter:
    adapter = venue_on(chain)
    await adapter.sync()
    return adapter
