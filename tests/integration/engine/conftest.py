"""A local Solana with its signer for each test; the service is left out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e import solana_deployment
from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana
from tests.integration.engine.engine_process import ENGINE
from tests.integration.engine.sniping import sniping_toml

# What is sent stays valid while a killed engine comes back, however slowly.
LONG_LIVED = {"blockhash_valid_blocks": 180}


@pytest_asyncio.fixture
async def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SolanaDeployment]:
    """A test may change the node's options by naming them as the parameter of this fixture."""
    for binary, package in ((FAILPOINTS, "tradewind-signer --all-features"), (ENGINE, "tradewind-engine")):
        if not binary.exists():
            pytest.fail(f"{binary} is missing. Build it: cargo build --package {package}")
    options = getattr(request, "param", {})
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False, **options) as running:
        await running.start_signer()
        yield running


@pytest_asyncio.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SolanaDeployment]:
    """As `deployment`, with a signer that signs for new coins."""
    monkeypatch.setattr(solana_deployment, "signer_toml", sniping_toml)
    async with deployed_on_solana(tmp_path, signer=FAILPOINTS, start=False) as running:
        await running.start_signer()
        yield running
