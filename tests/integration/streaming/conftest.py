"""A server for each test, and patience that ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.streaming.nats_server import NatsServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    running = NatsServer(tmp_path / "nats")
    await running.start()
    yield running
    running.kill()
