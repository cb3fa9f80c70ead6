"""One chain for all tests of this folder; each test gets it as it was at the start."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.localnet.strict_desk import Desk
from tradewind.localnet import EvmLocalnet
from tradewind.localnet.base_fee import ARBITRUM_BASE_FEE_WEI
from tradewind.localnet.strict import StrictRpc


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_chain() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as chain:
        yield chain


@pytest_asyncio.fixture(loop_scope="session")
async def chain(running_chain: EvmLocalnet) -> AsyncIterator[EvmLocalnet]:
    snapshot = await running_chain.snapshot()
    yield running_chain
    await running_chain.set_automine(on=True)
    await running_chain.set_base_fee(ARBITRUM_BASE_FEE_WEI)
    await running_chain.revert(snapshot)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chain: EvmLocalnet) -> AsyncIterator[Desk]:
    await chain.mine(3)
    async with StrictRpc(chain.rpc_url) as strict:
        yield Desk(chain, strict)
