"""A local Solana of its own for each test; its slots pass when the test says so."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake_clock import FakeClock
from tests.integration.localnet_solana.asking import Asking
from tradewind.localnet.solana import SolanaLocalnet


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[SolanaLocalnet]:
    async with SolanaLocalnet(clock=FakeClock(), automatic=False, servers=()) as chain:
        yield chain


@pytest_asyncio.fixture
async def rpc(chain: SolanaLocalnet) -> AsyncIterator[Asking]:
    async with Asking(chain.rpc_url) as asking:
        yield asking
