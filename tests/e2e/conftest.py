"""One local chain for all end-to-end tests; each test gets it as it was when it was deployed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.deployment import FAILPOINTS, Deployment, deployed
from tradewind.localnet.evm import EvmLocalnet


@pytest.fixture(scope="session")
def signer_binary() -> Path:
    if not FAILPOINTS.exists():
        pytest.fail(f"{FAILPOINTS} is missing. Build it: cargo build --package tradewind-signer --all-features")
    return FAILPOINTS


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[EvmLocalnet]:
    async with EvmLocalnet() as localnet:
        yield localnet


@pytest_asyncio.fixture
async def deployment(chain: EvmLocalnet, tmp_path: Path, signer_binary: Path) -> AsyncIterator[Deployment]:
    async with deployed(tmp_path, chain, signer=signer_binary) as running:
        yield running
