"""A journal, a stream and a coordinator that listens to it, for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fake_clock import FakeClock
from tradewind.state.coordinator import StateCoordinator
from tradewind.streaming.embedded import EmbeddedEventStream
from tradewind.streaming.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "data" / "journal.db")
    yield opened
    opened.close()


@pytest.fixture
def state(journal: Journal) -> StateCoordinator:
    return StateCoordinator(journal)


@pytest.fixture
async def stream(journal: Journal, state: StateCoordinator) -> AsyncIterator[EmbeddedEventStream]:
    opened = EmbeddedEventStream(journal, FakeClock())
    opened.tap(state.apply)
    yield opened
    await opened.close()
