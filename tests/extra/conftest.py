"""What a user brings along: KLEND_PROGRAM names a build of Kamino's lending program."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def klend() -> bytes:
    named = os.environ.get("KLEND_PROGRAM", "")
    if not Path(named).is_file():
        pytest.fail(
            f"KLEND_PROGRAM: {named!r} is no file. Name a build of klend: make test-extra KLEND_PROGRAM=FILE.so"
        )
    return Path(named).read_bytes()
