from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.api.house import House, open_house
from tests.unit.client.either import KINDS


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)
