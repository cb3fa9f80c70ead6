"""What is locked is what the package says that it needs."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_packages_that_are_locked_are_those_that_the_wheel_names() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = [line for line in (ROOT / "requirements" / "runtime.in").read_text().splitlines() if line[:1] != "#"]
    assert locked == named
