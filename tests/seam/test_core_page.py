"""The examples of docs/core.md and the commands of README.md run as they stand there."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.terminal import tradewind

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "core.md"
POOL_COMMANDS = ("route", "quote --pools", "cycles", "decode")


def test_the_examples_run() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  the page is ours


def commands() -> list[str]:
    """Those about pools and bytes, of both pages; a line may go on behind a backslash."""
    text = PAGE.read_text() + (ROOT / "README.md").read_text()
    blocks = [block for _, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]
    lines = "\n".join(blocks).replace("\\\n", "").splitlines()
    named = [line.removeprefix("tradewind ") for line in lines if line.startswith("tradewind ")]
    return [line for line in named if line.startswith(POOL_COMMANDS)]


@pytest.mark.parametrize("command", commands())
def test_the_commands_do_what_they_say(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("examples", "tests"):
        os.symlink(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    said = tradewind(*shlex.split(command, comments=True))
    assert said.exit_code == 0, said.stderr
    assert said.stdout


def test_both_pages_show_commands() -> None:
    assert len(commands()) >= 6
