"""A journal in a folder of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.streaming.journal import Journal


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def journal(journal_path: Path) -> Iterator[Journal]:
    opened = Journal.open(journal_path)
    yield opened
    opened.close()
