"""A rig of its own for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake_clock import FakeClock
from tests.integration.lanes.rig import Rig, pool_of
from tradewind.localnet.solana import SolanaLocalnet


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False) as chain:
        pool = pool_of(chain)
        try:
            yield Rig(chain, pool)
        finally:
            pool.close()
